"""How the script builds, checks and publishes, shown on two small models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from google.api_core.exceptions import GoogleAPICallError

from tests.sql_support import Row, Warehouse
from utils.gcp import bigquery
from utils.gold.isolation import unbuilt_hospitals
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
KINDS = """/*---
description: Kinds of visit of all hospitals.
grain: one row per kind
keys: [visit_type]
owner: tests
columns:
  visit_type: {type: STRING, description: Kind of visit.}
checks:
  - {accepted: {visit_type: [Routine, Odd, New]}}
---*/
SELECT DISTINCT visit_type FROM {{ ref("charges") }} WHERE visit_type IS NOT NULL
"""
DAY = date(2025, 6, 30)


class Gold:
    """Gold of two models over one silver table."""

    def __init__(self, warehouse: Warehouse, models: Mapping[str, Model]) -> None:
        self.warehouse, self.models = warehouse, models

    def refresh(
        self,
        run_id: str,
        *charges: Row,
        business_date: date = DAY,
        unbuilt: Mapping[str, str] | None = None,
    ) -> int:
        rows = [{"source_system": "hospital_a", "amount": 5, **charge} for charge in charges]
        self.warehouse.fill("transactions", rows)
        return self.warehouse.refresh(run_id, self.models, business_date, unbuilt)

    def kinds(self) -> list[object]:
        return [row["visit_type"] for row in self.warehouse.rows("gold", "kinds", "visit_type")]

    def standings(self) -> dict[str, tuple[object, ...]]:
        """Of each hospital the date that gold shows, since when it is held back, and why."""
        columns = "source_system, gold_date, held_back_since, reason"
        rows = self.warehouse.rows("audit", "gold_standings", columns)
        return {str(hospital): tuple(rest) for hospital, *rest in (row.values() for row in rows)}

    def charges(self) -> list[tuple[object, ...]]:
        columns = "charge_key, billed_amount, visit_type"
        rows = self.warehouse.rows("gold", "charges", columns)
        return [tuple(row.values()) for row in rows]

    def totals(self) -> list[tuple[object, ...]]:
        rows = self.warehouse.rows("gold", "totals", "source_system, billed_amount, business_date")
        return [tuple(row.values()) for row in rows]

    def publications(self, run_id: str) -> list[Row]:
        columns = "publication_id, layer, business_date"
        return self.warehouse.rows("audit", "publications", columns, f"run_id = '{run_id}'")

    def failed_checks(self, run_id: str) -> list[tuple[object, ...]]:
        columns = (
            "layer, entity, source_system, rule, severity, rows_checked, rows_failed, examples"
        )
        where = f"run_id = '{run_id}' AND rows_failed > 0"
        rows = self.warehouse.rows("audit", "dq_results", columns, where)
        return [tuple(row.values()) for row in rows]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Model]:
    folder = tmp_path_factory.mktemp("gold")
    (folder / "charges.sql").write_text(CHARGES, encoding="utf-8")
    (folder / "totals.sql").write_text(TOTALS, encoding="utf-8")
    (folder / "kinds.sql").write_text(KINDS, encoding="utf-8")
    return load_models(folder)


@pytest.fixture
def gold(warehouse: Warehouse, models: Mapping[str, Model]) -> Gold:
    create_gold_tables(warehouse.environment, models)
    published = Gold(warehouse, models)
    for table in ("gold_standings", "table_loads", "dq_results"):
        bigquery.query(f"DELETE FROM `{warehouse.environment.table('audit', table)}` WHERE TRUE")
    warehouse.knows_hospitals("hospital_a", "hospital_b")
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


def test_hospital_that_breaks_a_promise_is_held_back_and_the_others_are_published(
    gold: Gold,
) -> None:
    gold.refresh(
        "broken",
        {"transaction_id": "T1"},
        {"transaction_id": "T1"},
        {"transaction_id": "T3", "amount": -1},
        {"source_system": "hospital_b", "transaction_id": "T1"},
    )

    assert gold.charges() == [
        ("hospital_a/T1", Decimal(5), None),
        ("hospital_a/T2", None, None),
        ("hospital_b/T1", Decimal(5), None),
    ]
    assert gold.totals() == [("hospital_a", Decimal(5), DAY), ("hospital_b", Decimal(5), DAY)]
    assert gold.standings() == {
        "hospital_a": (
            DAY,
            DAY,
            "gold.charges: range(billed_amount) failed for 1 of 3 rows, first "
            "source_system hospital_a, charge_key hospital_a/T3, billed_amount -1.00; "
            "gold.charges: unique(charge_key) failed for 1 of 3 rows",
        ),
        "hospital_b": (DAY, None, None),
    }


def test_what_a_hospital_changed_while_it_was_held_back_is_published_once_it_ties(
    gold: Gold,
) -> None:
    later = date(2025, 7, 1)
    gold.refresh("bad", {"transaction_id": "T1", "amount": -1}, business_date=later)
    assert gold.standings()["hospital_a"][:2] == (DAY, later)

    gold.refresh("well", {"transaction_id": "T1", "amount": 7}, business_date=later)

    assert gold.charges() == [("hospital_a/T1", Decimal(7), None)]
    assert gold.standings()["hospital_a"] == (later, None, None)


def test_hospital_that_was_never_published_is_named_and_has_no_rows(gold: Gold) -> None:
    gold.refresh(
        "first",
        {"transaction_id": "T1"},
        {"source_system": "hospital_c", "transaction_id": "T1", "amount": -1},
    )

    assert gold.charges() == [("hospital_a/T1", Decimal(5), None)]
    gold_date, since, reason = gold.standings()["hospital_c"]
    assert (gold_date, since) == (None, DAY)
    assert "range(billed_amount) failed for 1 of 1 rows" in str(reason)


def test_shared_table_keeps_members_while_a_hospital_is_held_back(gold: Gold) -> None:
    gold.refresh("both", {"transaction_id": "T1", "visit_type": "Odd"}, {"transaction_id": "T2"})
    assert gold.kinds() == ["Odd"]

    gold.refresh(
        "held",
        {"transaction_id": "T1", "amount": -1},
        {"source_system": "hospital_b", "transaction_id": "T1", "visit_type": "New"},
    )

    assert gold.kinds() == ["New", "Odd"]


def test_broken_promise_of_a_shared_table_publishes_nothing(gold: Gold) -> None:
    before = gold.charges(), gold.totals()

    with pytest.raises(GoogleAPICallError, match=r"gold\.kinds: accepted\(visit_type\)"):
        gold.refresh("nobodys", {"transaction_id": "T1", "visit_type": "Wrong"})

    assert (gold.charges(), gold.totals()) == before
    assert gold.publications("nobodys") == []


def test_broken_promise_is_recorded_with_its_hospital(gold: Gold) -> None:
    gold.refresh("recorded", {"transaction_id": "T1", "amount": -1})

    assert gold.failed_checks("recorded") == [
        (
            *("gold", "charges", "hospital_a", "range(billed_amount)", "fail", 1, 1),
            "source_system hospital_a, charge_key hospital_a/T1, billed_amount -1.00",
        )
    ]


def test_repeated_attempt_replaces_the_results_of_the_first(gold: Gold) -> None:
    gold.refresh("repaired", {"transaction_id": "T1", "amount": -1})

    gold.refresh("repaired", {"transaction_id": "T1"})

    assert gold.failed_checks("repaired") == []


def test_hospital_of_which_no_model_can_be_built_is_found_and_left_out(gold: Gold) -> None:
    impossible = replace(
        gold.models["charges"],
        query=gold.models["charges"].query.replace(
            "amount AS", "IF(amount = 13, ERROR('thirteen'), amount) AS"
        ),
    )
    gold.models = {**gold.models, "charges": impossible}
    rows = (
        {"transaction_id": "T9", "amount": 13},
        {"source_system": "hospital_b", "transaction_id": "T1"},
    )
    with pytest.raises(GoogleAPICallError, match="thirteen"):
        gold.refresh("first-try", *rows)

    unbuilt = unbuilt_hospitals(
        gold.warehouse.environment, ["hospital_a", "hospital_b"], DAY, gold.models
    )
    gold.refresh("second-try", *rows, unbuilt=unbuilt)

    assert [charge[0] for charge in gold.charges()] == [
        *("hospital_a/T1", "hospital_a/T2", "hospital_b/T1")
    ]
    gold_date, since, reason = gold.standings()["hospital_a"]
    assert (gold_date, since) == (DAY, DAY)
    assert str(reason).startswith("Its tables cannot be built: BadRequest (")
    assert "thirteen" not in str(reason), "what BigQuery says may quote rows"


def test_warning_is_recorded_and_stops_nothing(gold: Gold) -> None:
    gold.refresh("odd", {"transaction_id": "T1", "visit_type": "Odd"})

    assert gold.failed_checks("odd") == [
        ("gold", "charges", "hospital_a", "accepted(visit_type)", "warn", 1, 1, None)
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
