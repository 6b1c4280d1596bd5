"""Balances, their ages and credits at the ends of months, by hand."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from simulator.truth.keys import UNKNOWN
from tests.books_support import (
    AETNA,
    MEDICARE,
    SELF_PAY,
    books,
    charge,
    fee,
    only,
    posting,
    rows,
    transfer,
)
from tests.unit.test_truth_ledger import FEB, JAN, TODAY


def test_days_in_receivables_without_experience_of_write_offs_are_gross() -> None:
    of = books(
        TODAY,
        transactions=[
            charge(amount=900_00, entered=date(2025, 11, 1)),
            charge("T2", amount=100_00),
        ],
        postings=[
            posting("contractual", -200_00, JAN, reason_code="CO-45"),
            posting("payment", -130_00, JAN, "T2"),
        ],
    )

    *_, january = rows("kpi_days_in_ar", of)

    # November to January are 92 days; gross 1000.00, net 800.00; 700.00 open and a credit of 30.00.
    assert january == {
        "month_end_date": JAN,
        "is_window_full": True,
        "is_reserve_known": False,
        "open_ar_amount": 700_00,
        "credit_amount": 30_00,
        "trailing_billed_amount": 1000_00,
        "trailing_day_count": 92,
        "gross_days_in_ar": Decimal("64.4"),
        "contractual_allowance_amount": 0,
        "reserve_amount": None,
        "net_ar_amount": None,
        "trailing_net_revenue_amount": 800_00,
        "net_days_in_ar": None,
        "credit_days": Decimal("3.45"),
    }


def test_net_days_are_what_is_expected_to_be_collected() -> None:
    july, january = date(2025, 7, 15), date(2026, 1, 15)
    of = books(
        JAN,
        transactions=[
            charge("P1", service_date=july, payer_id=SELF_PAY),
            charge("I1", service_date=july),
            charge("P2", service_date=january, payer_id=SELF_PAY, amount=400_00),
            charge("I2", service_date=january, amount=1000_00),
        ],
        postings=[
            posting("patient_payment", -70_00, date(2025, 8, 15), "P1"),
            posting("write_off", -30_00, date(2025, 11, 10), "P1", payer_id=SELF_PAY,
                    reason_code="BAD_DEBT"),
            posting("contractual", -40_00, date(2025, 8, 20), "I1", reason_code="CO-45"),
            posting("payment", -60_00, date(2025, 8, 20), "I1"),
        ],
        fee_schedules=[fee(60, date(2025, 1, 1))],
    )  # fmt: skip

    *_, last = rows("kpi_days_in_ar", of)

    # Of 1,000.00 the contract allows 600.00; of young balances of patients 30 % were written off
    # within half a year, of insurers' none.
    assert (last["open_ar_amount"], last["contractual_allowance_amount"]) == (1400_00, 400_00)
    assert (last["reserve_amount"], last["net_ar_amount"]) == (120_00, 880_00)
    assert last["trailing_net_revenue_amount"] == 1370_00
    assert last["net_days_in_ar"] == Decimal("59.094890511")  # 880 × 92 / 1370
    assert last["gross_days_in_ar"] == Decimal(92)


def test_days_in_receivables_are_told_of_complete_months_only() -> None:
    of = books(
        TODAY, transactions=[charge()], postings=[posting("payment", -1_00, date(2026, 3, 9))]
    )
    assert [row["month_end_date"] for row in rows("kpi_days_in_ar", of)] == [JAN, FEB]


def test_transferred_balance_ages_with_its_new_payer() -> None:
    of = books(
        TODAY,
        transactions=[charge(billed_date=date(2026, 1, 20))],
        postings=[posting("payment", -75_00, date(2026, 2, 3)), transfer(25_00, date(2026, 2, 3))],
    )

    january, february = rows("kpi_aged_ar", of)

    assert (january["payer_name"], january["open_amount"]) == (AETNA, 100_00)
    assert january["aging_bucket"] == "0-30"
    assert (february["payer_name"], february["open_amount"]) == (SELF_PAY, 25_00)
    assert february["aging_bucket"] == "31-60"


def test_shares_of_aged_balances_leave_credits_out() -> None:
    of = books(
        date(2026, 1, 31),
        transactions=[
            charge("T1", amount=30_00),
            charge("T2", amount=10_00, service_date=date(2025, 11, 1), entered=date(2026, 1, 5)),
            charge("T3", amount=60_00, payer_id=MEDICARE),
            charge("T4", amount=5_00),
        ],
        postings=[posting("payment", -6_00, JAN, "T4")],
    )

    aetna, old, medicare = rows("kpi_aged_ar", of)

    assert (aetna["account_count"], aetna["open_amount"], aetna["credit_amount"]) == (2, 3000, 100)
    assert (aetna["payer_open_rate"], aetna["hospital_open_rate"]) == (
        Decimal("0.75"),
        Decimal("0.3"),
    )
    assert (old["aging_bucket"], old["payer_open_rate"]) == ("91-120", Decimal("0.25"))
    assert (medicare["payer_open_rate"], medicare["hospital_open_rate"]) == (1, Decimal("0.6"))


def test_billed_balances_age_from_the_bill_and_unbilled_ones_stay_out() -> None:
    of = books(
        TODAY,
        transactions=[
            charge("T1", amount=30_00, billed_date=date(2026, 1, 12)),
            charge("T2", amount=50_00, billed_date=date(2026, 2, 10)),
            charge("T3", amount=20_00),
        ],
    )

    january, old, young = rows("kpi_aged_ar_billed", of)

    assert (january["month_end_date"], january["bill_aging_bucket"]) == (JAN, "0-30")
    assert january["hospital_open_amount"] == 30_00
    assert (old["bill_aging_bucket"], old["open_amount"]) == ("31-60", 30_00)
    assert (young["bill_aging_bucket"], young["open_amount"]) == ("0-30", 50_00)
    assert young["hospital_open_rate"] == Decimal("0.625")
    columns = ("month_end_date", "aging_bucket", "bill_aging_bucket", "bill_age_days",
               "balance_amount")  # fmt: skip
    assert [tuple(row[name] for name in columns) for row in rows("fact_ar_balances", of)] == [
        (JAN, "0-30", "0-30", 19, 30_00),
        (FEB, "31-60", "31-60", 47, 30_00),
        (JAN, "0-30", "unbilled", None, 50_00),
        (FEB, "31-60", "0-30", 18, 50_00),
        (JAN, "0-30", "unbilled", None, 20_00),
        (FEB, "31-60", "unbilled", None, 20_00),
    ]


def test_postings_to_charges_that_are_not_there_are_one_account_that_ages_from_the_first() -> None:
    of = books(
        FEB,
        transactions=[charge("T1")],
        postings=[
            posting("payment", -30_00, date(2025, 12, 5), "T404"),
            posting("payment", -20_00, date(2026, 1, 2), "T405"),
        ],
    )

    balances = [row for row in rows("fact_ar_balances", of) if row["transaction_key"] == UNKNOWN]

    assert [(row["month_end_date"], row["balance_amount"]) for row in balances] == [
        (date(2025, 12, 31), -30_00), (JAN, -50_00), (FEB, -50_00)
    ]  # fmt: skip
    assert {row["service_date"] for row in balances} == {date(2025, 12, 5)}
    assert {row["bill_aging_bucket"] for row in balances} == {"unbilled"}


def test_credits_are_told_by_payer_and_old_ones_apart() -> None:
    of = books(
        JAN,
        transactions=[
            charge("T1", amount=10_00, service_date=date(2025, 10, 1), entered=JAN),
            charge("T2", amount=10_00),
            charge("T3", amount=40_00),
        ],
        postings=[posting("payment", -13_00, JAN, "T1"), posting("payment", -11_00, JAN, "T2")],
    )

    row = only("kpi_credit_balances", of)

    assert (row["account_count"], row["credit_account_count"]) == (3, 2)
    assert (row["credit_amount"], row["old_credit_amount"]) == (4_00, 3_00)
    assert row["credit_rate"] == Decimal("0.1")
