"""The dollars that matter most, computed a third time from their definitions.

Neither gold's SQL nor the answer key knows of these queries in `third/`: DuckDB runs them over the
simulator's records. All three must agree to the cent.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from simulator.compare import compare
from simulator.truth.audited_tables import AUDITED_TABLES
from simulator.verify import published_query
from tests.sql.third_support import QUERIES, Published, publish
from utils.gcp import bigquery
from utils.gold.models import gold_models

if TYPE_CHECKING:
    from tests.given_tables import Row
    from tests.warehouse_support import Warehouse

SEEDS = (5, 11, 23)
STEP = Decimal("0.000000002")
# Their causes are read from quarantine and the loads' bounds.
FROM_AUDIT = {*AUDITED_TABLES, "gold.reconciling_items", "gold.ar_reconciliation"}
NAMES = sorted(path.stem for path in QUERIES.glob("*.sql"))


@pytest.fixture(scope="module", params=SEEDS)
def published(
    warehouse: Warehouse, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Published:
    folder = tmp_path_factory.mktemp("world") / "world"
    return publish(warehouse, request.param, folder)


@pytest.mark.parametrize("name", NAMES)
def test_gold_equals_a_computation_of_its_own(published: Published, name: str) -> None:
    expected = published.third(name)
    columns = list(expected[0])
    found = published.warehouse.rows("gold", name, ", ".join(columns))

    assert _differences(expected, found, gold_models()[name].header.keys) == []


def test_gold_equals_the_answer_key(published: Published) -> None:
    """Of facts and KPIs that follow from the records alone; what audit says is not filled here."""
    environment = published.warehouse.environment
    differences = []
    for name, expected in published.key.items():
        if name.startswith("gold.") and name not in FROM_AUDIT and "dim_" not in name:
            query = published_query(environment.dataset_prefix, name, expected)
            rows = [tuple(row.values()) for row in bigquery.query(query)]
            differences += compare(name, expected, rows)

    assert differences[:10] == []


def test_dollars_are_cents(published: Published) -> None:
    """A dollar amount that is a quotient is rounded, in every table that is published."""
    broken: dict[str, int] = {}
    for name, model in gold_models().items():
        dollars = [c for c, column in model.header.columns.items() if column.type == "NUMERIC"]
        if model.header.published and dollars:
            counts = ", ".join(f"COUNTIF({c} != ROUND({c}, 2)) AS {c}" for c in dollars)
            (row,) = published.warehouse.rows("gold", name, counts)
            broken |= {f"{name}.{c}": count for c, count in row.items() if count}

    assert broken == {}


def _differences(expected: list[Row], found: list[Row], keys: tuple[str, ...]) -> list[Any]:
    """Rows and values that differ; a ratio may by the last of its nine decimals."""
    named = [name for name in keys if name in expected[0]]
    wanted = {tuple(row[name] for name in named): row for row in expected}
    had = {tuple(row[name] for name in named): row for row in found}
    assert len(wanted) == len(expected), f"{named} does not tell the rows apart"
    differences: list[Any] = [("row", key, key in wanted) for key in wanted.keys() ^ had.keys()]
    for key in wanted.keys() & had.keys():
        differences += [
            (key, name, value, had[key][name])
            for name, value in wanted[key].items()
            if not _equal(value, had[key][name])
        ]
    return differences


def _equal(one: Any, other: Any) -> bool:
    numbers = (int, float, Decimal)
    if one is not other and isinstance(one, numbers) and isinstance(other, numbers):
        return abs(Decimal(str(one)) - Decimal(str(other))) <= STEP
    return bool(one == other)
