"""The answer key of gold adds up to that of silver."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal

import pytest

from simulator.compare import compare
from simulator.truth.tables import TABLES
from tests.simulator_support import DAYS, HOSPITALS, identities, simulated


def test_facts_have_the_current_versions() -> None:
    facts = simulated().records("gold.fact_transactions")
    charges = simulated().current("transactions")

    assert len(facts) == len(charges)
    for measure, column in (("billed_amount", "amount"), ("open_amount", "open_amount")):
        assert sum(one[measure] for one in facts) == sum(one[column] for one in charges)


@pytest.mark.parametrize("name", ["kpi_revenue", "kpi_insurance_mix", "kpi_payment_status"])
def test_parts_of_a_kpi_add_up_to_the_whole(name: str) -> None:
    parts = sum(row["billed_amount"] for row in simulated().records(f"gold.{name}"))
    whole = sum(row["billed_amount"] for row in simulated().records("gold.fact_transactions"))
    assert parts == whole


def test_days_in_receivables_are_counted_at_complete_month_ends() -> None:
    rows = simulated().records("gold.kpi_days_in_ar")
    months = sorted({row["month_end_date"] for row in rows})

    assert months[-1] == date(2026, 1, 31)
    assert all((month + timedelta(days=1)).day == 1 for month in months)
    last = [row for row in rows if row["month_end_date"] == months[-1]]
    assert [row["trailing_day_count"] for row in last] == [92, 92]
    for row in last:
        trailing = row["trailing_billed_amount"] / row["trailing_day_count"]
        assert abs(row["gross_days_in_ar"] - row["open_ar_amount"] / trailing) < Decimal("0.000001")


def test_receivables_at_the_last_month_end_are_the_open_balances() -> None:
    for row in simulated().records("gold.kpi_days_in_ar", day=0):
        if row["month_end_date"] != date(2026, 1, 31):
            continue
        charges = [
            charge["open_amount"]
            for charge in simulated().current("transactions", day=0)
            if charge["source_system"] == row["source_system"]
        ]
        assert row["open_ar_amount"] - row["credit_amount"] == sum(charges)


def test_ledger_adds_up_to_the_open_balances() -> None:
    ledger = simulated().records("gold.fact_ledger")
    charges = simulated().current("transactions")
    for hospital in HOSPITALS:
        lines = [line["posted_amount"] for line in ledger if line["source_system"] == hospital]
        owed = [one["open_amount"] for one in charges if one["source_system"] == hospital]
        assert sum(lines) == sum(owed)


def test_months_roll_forward_and_end_with_the_open_balances() -> None:
    movements = [
        *("begin_amount", "charge_amount", "payment_amount", "patient_payment_amount"),
        *("contractual_amount", "write_off_amount", "refund_amount", "takeback_amount"),
        *("reversal_amount", "transfer_amount"),
    ]
    ends: dict[tuple[str, date], Decimal] = defaultdict(Decimal)
    for row in simulated().records("gold.ar_rollforward"):
        assert sum(row[name] for name in movements) == row["end_amount"]
        ends[row["source_system"], row["month_end_date"]] += row["end_amount"]
    for hospital in HOSPITALS:
        charges = simulated().current("transactions")
        owed = sum(one["open_amount"] for one in charges if one["source_system"] == hospital)
        assert ends[hospital, date(2026, 2, 28)] == owed


def test_denials_are_told_in_full_and_in_all_their_sums() -> None:
    denials = simulated().records("gold.fact_denials")
    denied = sum(one["denied_amount"] for one in denials)
    assert {one["status"] for one in denials} == {"Open", "Recovered", "Written off", "Closed"}
    for name in ("gold.kpi_denial_pareto", "gold.kpi_denial_prevention"):
        rows = simulated().records(name)
        assert sum(row["denial_count"] for row in rows) == len(denials)
        assert sum(row["denied_amount"] for row in rows) == denied


def test_ages_are_the_parts_of_the_balances_of_complete_months() -> None:
    parts: dict[tuple[str, str, date], Decimal] = defaultdict(Decimal)
    for row in simulated().records("gold.kpi_aged_ar"):
        cell = row["source_system"], row["payer_name"], row["month_end_date"]
        parts[cell] += row["open_amount"] - row["credit_amount"]
    complete = {
        (row["source_system"], row["payer_name"], row["month_end_date"]): row["end_amount"]
        for row in simulated().records("gold.ar_rollforward")
        if row["is_complete"]
    }
    assert {row[2] for row in complete} >= {date(2025, 12, 31), date(2026, 1, 31)}
    assert {cell: amount for cell, amount in complete.items() if amount} == parts


@pytest.mark.parametrize("name", list(TABLES))
def test_grain_of_a_kpi_is_unique(name: str) -> None:
    table = simulated().keys[DAYS][f"gold.{name}"]
    rows = list(zip(*(column.to_pylist() for column in table.columns), strict=True))
    assert rows or name == "reconciling_items"  # in a plain world the two books tie
    assert compare(f"gold.{name}", table, rows) == []


def test_claims_without_adjudication_date_are_measured_by_the_payment_or_excluded() -> None:
    rows = simulated().records("gold.kpi_processing_days")
    assert any(row["excluded_claim_count"] > 0 for row in rows)
    for row in rows:
        measured, excluded = row["measured_claim_count"], row["excluded_claim_count"]
        assert measured + excluded == row["decided_claim_count"]


def test_patients_of_the_key_are_the_patients_counted_by_demographics() -> None:
    counted = sum(
        row["patient_count"] for row in simulated().records("gold.kpi_patient_demographics")
    )
    assert counted == len(set(identities(simulated().current("patients"), "patient_id")))
