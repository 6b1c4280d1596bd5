"""The script that builds, checks and publishes gold, on tables of its own."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from google.api_core.exceptions import GoogleAPICallError

from tests.sql_support import Row, Warehouse
from utils import bigquery

BILLED = "source_system, billed_amount"
OWED = {"amount": "100.00", "paid_amount": "0.00", "open_amount": "100.00", "payment_status": "Pending"}


def charge(hospital: str, number: int, **columns: object) -> Row:
    row = {"source_system": hospital, "transaction_id": f"T{number}", "patient_id": "P1"}
    return {**row, "service_date": "2025-03-01", **OWED, **columns}


@pytest.fixture
def published(warehouse: Warehouse) -> Warehouse:
    """Two charges with the same ids in two hospitals, published."""
    warehouse.fill("patients", [{"source_system": "hospital_a", "patient_id": "P1"}])
    warehouse.fill("transactions", [charge("hospital_a", 1), charge("hospital_b", 1)])
    warehouse.refresh("first")
    return warehouse


def test_facts_and_kpis_are_published_together(published: Warehouse) -> None:
    facts = published.rows("gold", "fact_transactions", "transaction_key, patient_version_key")
    kpis = published.rows("gold", "kpi_revenue", BILLED)

    assert [tuple(row.values()) for row in facts] == [
        ("hospital_a/T1", "hospital_a/P1/v1"),
        ("hospital_b/T1", "unknown"),
    ]
    assert [tuple(row.values()) for row in kpis] == [
        ("hospital_a", Decimal(100)),
        ("hospital_b", Decimal(100)),
    ]


def test_publication_is_recorded_once_however_often_the_run_is_repeated(
    published: Warehouse,
) -> None:
    published.refresh("first")

    rows = published.rows("audit", "publications", "layer, business_date", "run_id = 'first'")

    assert rows == [{"layer": "gold", "business_date": date(2025, 6, 30)}]


def test_repeated_refresh_writes_no_row(published: Warehouse) -> None:
    assert published.refresh("second") == 0


def test_only_rows_that_differ_are_written(published: Warehouse) -> None:
    published.fill("transactions", [charge("hospital_a", 1), charge("hospital_b", 1, visit_type="New")])

    assert published.refresh("changed") == 2  # one fact goes, one comes

    rows = published.rows("gold", "fact_transactions", "transaction_key, visit_type")
    assert [row["visit_type"] for row in rows] == [None, "New"]


def test_charge_that_left_silver_leaves_gold(published: Warehouse) -> None:
    published.fill("transactions", [charge("hospital_a", 1)])

    published.refresh("shrunk")

    assert [row["source_system"] for row in published.rows("gold", "kpi_revenue", BILLED)] == [
        "hospital_a"
    ]


def test_broken_promise_names_model_and_check_and_publishes_nothing(published: Warehouse) -> None:
    twice = [charge("hospital_a", 1), charge("hospital_a", 1), charge("hospital_b", 2)]
    published.fill("transactions", twice)

    with pytest.raises(GoogleAPICallError) as error:
        published.refresh("broken")

    assert "gold.fact_transactions: unique(transaction_key) failed for 1 of 3 rows" in str(error.value)
    keys = published.rows("gold", "fact_transactions", "transaction_key")
    assert [row["transaction_key"] for row in keys] == ["hospital_a/T1", "hospital_b/T1"]
    assert not published.rows("audit", "publications", "run_id", "run_id = 'broken'")


def test_broken_promise_is_recorded_before_the_run_fails(published: Warehouse) -> None:
    published.fill("transactions", [charge("hospital_a", 1, open_amount="99.00")])

    with pytest.raises(GoogleAPICallError, match="balance_is_exact"):
        published.refresh("unbalanced")

    failed = published.rows(
        "audit",
        "dq_results",
        "layer, entity, rule, severity, rows_checked, rows_failed",
        "run_id = 'unbalanced' AND severity = 'fail' AND rows_failed > 0",
    )
    assert [(row["entity"], row["rule"], row["rows_failed"]) for row in failed] == [
        ("fact_transactions", "balance_is_exact", 1),
        ("kpi_revenue", "balance_is_exact", 1),
    ]


def test_warning_is_recorded_and_does_not_stop_publication(published: Warehouse) -> None:
    columns = "rows_checked, rows_failed"
    where = "run_id = 'first' AND entity = 'orphan_summary' AND rule = 'range(orphan_count)'"

    rows = published.rows("audit", "dq_results", columns, where)

    assert rows == [{"rows_checked": 2, "rows_failed": 1}]


def test_failure_within_the_publication_leaves_the_last_good_gold(published: Warehouse) -> None:
    published.fill("transactions", [charge("hospital_a", 7)])
    last = published.environment.table("gold", "reconciliation")
    away = published.environment.table("gold", "away")
    bigquery.query(f"ALTER TABLE `{last}` RENAME TO away")
    try:
        with pytest.raises(GoogleAPICallError, match="reconciliation"):
            published.refresh("crashed")
    finally:
        bigquery.query(f"ALTER TABLE `{away}` RENAME TO reconciliation")

    keys = published.rows("gold", "fact_transactions", "transaction_key")
    assert [row["transaction_key"] for row in keys] == ["hospital_a/T1", "hospital_b/T1"]
    assert not published.rows("audit", "publications", "run_id", "run_id = 'crashed'")


def test_business_date_decides_which_months_are_complete(published: Warehouse) -> None:
    published.refresh("earlier", date(2025, 4, 29))

    months = published.rows("gold", "kpi_days_in_ar", "month_end_date", "source_system = 'hospital_a'")

    assert [row["month_end_date"] for row in months] == [date(2025, 3, 31)]
