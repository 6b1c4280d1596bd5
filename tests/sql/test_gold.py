"""All of gold from one small silver: what one run publishes, and that a second changes nothing."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.sql_support import Row, Warehouse

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
    where = "run_id = 'first' AND entity = 'orphan_summary' AND rule = 'range(orphan_count)'"

    results = published.rows("audit", "dq_results", "severity, rows_failed", where)

    assert results == [{"severity": "warn", "rows_failed": 1}]


def test_second_run_writes_no_row(published: Warehouse) -> None:
    assert published.refresh("second") == 0
