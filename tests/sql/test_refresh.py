"""How the script builds, checks and publishes, shown on two small models."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

import pytest
from google.api_core.exceptions import GoogleAPICallError

from tests.sql_support import Row, Warehouse
from utils.gcp import bigquery
from utils.gold.models import Model, load_models
from utils.gold.tables import create_gold_tables

CHARGES = """/*---
description: Charges.
grain: one row per transaction
keys: [charge_key]
owner: tests
columns:
  charge_key: {type: STRING, description: Identity.}
  source_system: {type: STRING, description: Hospital.}
  billed_amount: {type: NUMERIC, description: Gross charge in USD.}
  visit_type: {type: STRING, description: Kind of visit.}
checks:
  - {range: {billed_amount: [0, null]}, named_by: [source_system, charge_key]}
  - {accepted: {visit_type: [Routine]}, severity: warn}
---*/
SELECT visit_type, transaction_key AS charge_key, source_system, amount AS billed_amount
FROM {{ ref("transactions_current") }}
"""
TOTALS = """/*---
description: Charges by hospital.
grain: one row per source system
keys: [source_system]
owner: tests
columns:
  source_system: {type: STRING, description: Hospital.}
  billed_amount: {type: NUMERIC, description: Gross charges in USD.}
  business_date: {type: DATE, description: The run's date.}
---*/
SELECT source_system, SUM(billed_amount) AS billed_amount, @business_date AS business_date
FROM {{ ref("charges") }}
GROUP BY source_system
"""
DAY = date(2025, 6, 30)


class Gold:
    """Gold of two models over one silver table."""

    def __init__(self, warehouse: Warehouse, models: Mapping[str, Model]) -> None:
        self.warehouse, self.models = warehouse, models

    def refresh(self, run_id: str, *charges: Row, business_date: date = DAY) -> int:
        rows = [{"source_system": "hospital_a", "amount": 5, **charge} for charge in charges]
        self.warehouse.fill("transactions", rows)
        return self.warehouse.refresh(run_id, self.models, business_date)

    def charges(self) -> list[tuple[object, ...]]:
        columns = "charge_key, billed_amount, visit_type"
        rows = self.warehouse.rows("gold", "charges", columns)
        return [tuple(row.values()) for row in rows]

    def totals(self) -> list[tuple[object, ...]]:
        rows = self.warehouse.rows("gold", "totals", "source_system, billed_amount, business_date")
        return [tuple(row.values()) for row in rows]

    def publications(self, run_id: str) -> list[Row]:
        columns = "publication_id, layer, business_date, batch_uri"
        return self.warehouse.rows("audit", "publications", columns, f"run_id = '{run_id}'")

    def failed_checks(self, run_id: str) -> list[tuple[object, ...]]:
        columns = "layer, entity, rule, severity, rows_checked, rows_failed, examples"
        where = f"run_id = '{run_id}' AND rows_failed > 0"
        rows = self.warehouse.rows("audit", "dq_results", columns, where)
        return [tuple(row.values()) for row in rows]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Model]:
    folder = tmp_path_factory.mktemp("gold")
    (folder / "charges.sql").write_text(CHARGES, encoding="utf-8")
    (folder / "totals.sql").write_text(TOTALS, encoding="utf-8")
    return load_models(folder)


@pytest.fixture
def gold(warehouse: Warehouse, models: Mapping[str, Model]) -> Gold:
    create_gold_tables(warehouse.environment, models)
    published = Gold(warehouse, models)
    published.refresh("good", {"transaction_id": "T1"}, {"transaction_id": "T2", "amount": None})
    return published


def test_models_are_published_together_with_a_record(gold: Gold) -> None:
    assert gold.charges() == [
        ("hospital_a/T1", Decimal(5), None),
        ("hospital_a/T2", None, None),
    ]
    assert gold.totals() == [("hospital_a", Decimal(5), DAY)]
    assert gold.publications("good") == [
        {"publication_id": "gold.tests.good", "layer": "gold", "business_date": DAY}
    ]


def test_repeated_run_writes_no_row_and_no_second_record(gold: Gold) -> None:
    written = gold.warehouse.refresh("good", gold.models)

    assert written == 0
    assert len(gold.publications("good")) == 1


def test_only_rows_that_differ_are_written(gold: Gold) -> None:
    written = gold.refresh(
        "changed", {"transaction_id": "T1"}, {"transaction_id": "T2", "amount": 0}
    )

    assert written == 2  # T2 goes and comes; the total is the same
    assert gold.charges()[1] == ("hospital_a/T2", Decimal(0), None)


def test_row_that_left_silver_leaves_gold(gold: Gold) -> None:
    gold.refresh("shrunk", {"transaction_id": "T2"})

    assert [charge[0] for charge in gold.charges()] == ["hospital_a/T2"]


def test_business_date_is_the_runs(gold: Gold) -> None:
    gold.refresh("earlier", {"transaction_id": "T1"}, business_date=date(2025, 1, 31))

    assert gold.totals() == [("hospital_a", Decimal(5), date(2025, 1, 31))]


def test_broken_promise_names_model_and_check_and_publishes_nothing(gold: Gold) -> None:
    before = gold.charges(), gold.totals()

    with pytest.raises(GoogleAPICallError) as error:
        gold.refresh(
            "broken",
            {"transaction_id": "T1"},
            {"transaction_id": "T1"},
            {"transaction_id": "T3", "amount": -1},
        )

    assert (
        "gold.charges: range(billed_amount) failed for 1 of 3 rows, first "
        "source_system hospital_a, charge_key hospital_a/T3, billed_amount -1.00; "
        "gold.charges: unique(charge_key) failed for 1 of 3 rows"
    ) in str(error.value)
    assert (gold.charges(), gold.totals()) == before
    assert gold.publications("broken") == []


def test_broken_promise_is_recorded_before_the_run_fails(gold: Gold) -> None:
    with pytest.raises(GoogleAPICallError):
        gold.refresh("recorded", {"transaction_id": "T1", "amount": -1})

    assert gold.failed_checks("recorded") == [
        (
            *("gold", "charges", "range(billed_amount)", "fail", 1, 1),
            "source_system hospital_a, charge_key hospital_a/T1, billed_amount -1.00",
        )
    ]


def test_repeated_attempt_replaces_the_results_of_the_first(gold: Gold) -> None:
    with pytest.raises(GoogleAPICallError):
        gold.refresh("repaired", {"transaction_id": "T1", "amount": -1})

    gold.refresh("repaired", {"transaction_id": "T1"})

    assert gold.failed_checks("repaired") == []


def test_warning_is_recorded_and_stops_nothing(gold: Gold) -> None:
    gold.refresh("odd", {"transaction_id": "T1", "visit_type": "Odd"})

    assert gold.failed_checks("odd") == [
        ("gold", "charges", "accepted(visit_type)", "warn", 1, 1, None)
    ]
    assert gold.charges() == [("hospital_a/T1", Decimal(5), "Odd")]


def test_failure_within_the_publication_leaves_the_last_good_gold(gold: Gold) -> None:
    before = gold.charges()
    table = gold.warehouse.environment.table("gold", "totals")
    bigquery.query(f"DROP TABLE `{table}`")  # published after `charges`

    with pytest.raises(GoogleAPICallError, match="totals"):
        gold.refresh("crashed", {"transaction_id": "T9"})

    assert gold.charges() == before
    assert gold.publications("crashed") == []
