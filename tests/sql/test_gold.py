"""All of gold from one small silver: what one run publishes, and that a second changes nothing."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.given_tables import Row
from tests.warehouse_support import Warehouse
from utils.gcp import bigquery
from utils.gold.models import gold_models

OWED = {
    "amount": "100.00",
    "paid_amount": "0.00",
    "open_amount": "100.00",
    "payment_status": "Pending",
}


def charge(hospital: str) -> Row:
    row = {"source_system": hospital, "transaction_id": "T1", "patient_id": "P1"}
    return {**row, "service_date": "2025-03-01", **OWED}


@pytest.fixture(scope="module")
def published(warehouse: Warehouse) -> Warehouse:
    """A charge in each of two hospitals under the same ids; only one knows the patient."""
    warehouse.fill("patients", [{"source_system": "hospital_a", "patient_id": "P1"}])
    warehouse.fill("transactions", [charge("hospital_a"), charge("hospital_b")])
    warehouse.refresh("first")
    return warehouse


def test_facts_name_members_that_dimensions_have(published: Warehouse) -> None:
    facts = published.rows("gold", "fact_transactions", "transaction_key, patient_version_key")
    members = published.rows("gold", "dim_patients", "patient_version_key")

    assert [tuple(row.values()) for row in facts] == [
        ("hospital_a/T1", "hospital_a/P1/v1"),
        ("hospital_b/T1", "unknown"),
    ]
    assert [row["patient_version_key"] for row in members] == ["hospital_a/P1/v1", "unknown"]


def test_no_dollar_is_lost_or_multiplied(published: Warehouse) -> None:
    revenue = published.rows("gold", "kpi_revenue", "source_system, billed_amount")
    differences = published.rows("gold", "reconciliation", "difference", "difference != 0")

    assert [tuple(row.values()) for row in revenue] == [
        ("hospital_a", Decimal(100)),
        ("hospital_b", Decimal(100)),
    ]
    assert differences == []


def test_orphans_are_reported_as_a_warning(published: Warehouse) -> None:
    where = (
        "run_id = 'first' AND entity = 'orphan_summary' AND rule = 'range(orphan_count)' "
        "AND rows_failed > 0"
    )

    results = published.rows("audit", "dq_results", "severity, rows_failed", where)

    assert results == [{"severity": "warn", "rows_failed": 1}]


def test_second_run_writes_no_row(published: Warehouse) -> None:
    assert published.refresh("second") == 0


def _months(warehouse: Warehouse, what: str) -> dict[tuple[str, str], list[str]]:
    """Of every partition of gold, an expression's value of each row."""
    return {
        (name, str(partition["month"])): sorted(partition["found"].split(";"))
        for name, model in gold_models().items()
        if model.header.published and model.header.partition_by
        for partition in bigquery.query(
            f"SELECT DATE_TRUNC({model.header.partition_by}, MONTH) AS month, "
            f"STRING_AGG({what.format(', '.join(model.header.columns))}, ';') AS found "
            f"FROM `{warehouse.environment.table('gold', name)}` GROUP BY month"
        )
    }


def test_run_touches_only_the_partitions_that_change(warehouse: Warehouse) -> None:
    # The emulator numbers rows: one that is written again has another number.
    number, content = "CAST(rowid AS STRING)", "TO_JSON_STRING(STRUCT({}))"
    march = {**charge("hospital_a"), "effective_date": "2025-03-02T00:00:00Z"}
    april = {
        **march,
        "transaction_id": "T2",
        "service_date": "2025-04-15",
        "effective_date": "2025-04-16T00:00:00Z",
    }
    warehouse.fill("transactions", [march, april])
    warehouse.refresh("two months")
    rows, numbers = _months(warehouse, content), _months(warehouse, number)

    warehouse.fill("transactions", [march, {**april, "amount": "90.00", "open_amount": "90.00"}])
    warehouse.refresh("april changed")

    changed = {part for part, found in _months(warehouse, content).items() if found != rows[part]}
    touched = {part for part, found in _months(warehouse, number).items() if found != numbers[part]}
    assert touched == changed
    for fact in ("fact_transactions", "fact_ledger", "fact_ar_balances"):
        assert (fact, "2025-04-01") in touched
        assert (fact, "2025-03-01") in numbers.keys() - touched
