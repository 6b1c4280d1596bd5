"""The posting ledger, the months that are closed from it and the balances it leaves, by hand."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from tests.books_support import (
    AETNA,
    MEDICARE,
    SELF_PAY,
    Since,
    books,
    charge,
    only,
    posting,
    rows,
    transfer,
    write_off,
)

JAN, FEB, MAR = date(2026, 1, 31), date(2026, 2, 28), date(2026, 3, 31)
TODAY = date(2026, 3, 15)


def test_charge_is_posted_when_it_was_entered_and_a_correction_when_it_was_made() -> None:
    first = Since(charge(entered=date(2025, 12, 30), amount=100_00), date(2026, 2, 3))
    second = Since(charge(entered=date(2025, 12, 30), amount=90_00), date(2026, 3, 2))

    found = books(transactions=[first, second]).ledger.lines

    assert [(one.day, one.amount, one.is_reversed) for one in found] == [
        (date(2025, 12, 30), 100_00, False),
        (date(2026, 3, 2), -10_00, True),
    ]


def test_version_that_leaves_the_amount_posts_nothing() -> None:
    versions = [charge(), Since(charge(claim_id="C1"), date(2026, 2, 1))]
    assert len(books(transactions=versions).ledger.lines) == 1


def test_ledger_is_summed_up_by_kind_and_reason_and_a_transfer_is_two_lines() -> None:
    of = books(
        transactions=[charge()],
        postings=[
            posting("payment", -60_00, FEB),
            posting("contractual", -30_00, FEB, reason_code="CO-45"),
            transfer(10_00, FEB),
            write_off(10_00, FEB, "CHARITY"),
        ],
    )

    assert [tuple(row.values()) for row in rows("fact_ledger", of)] == [
        ("charge", None, 1, 100_00),
        ("payment", None, 1, -60_00),
        ("contractual", "CO-45", 1, -30_00),
        ("transfer", "PATIENT", 2, 0),
        ("write_off", "CHARITY", 1, -10_00),
    ]


def a_month() -> list[object]:
    """Everything that can be posted on a charge of 1,000.00."""
    return [
        posting("contractual", -200_00, date(2026, 2, 2), reason_code="CO-45"),
        posting("contractual", 20_00, date(2026, 2, 3), reason_code="CO-45"),
        posting("payment", -300_00, date(2026, 2, 2)),
        posting("takeback", 40_00, date(2026, 2, 9)),
        posting("refund", 5_00, date(2026, 2, 9)),
        posting("patient_payment", -50_00, date(2026, 2, 9), reason_code="POS"),
        posting("refund", 7_00, date(2026, 2, 10), payer_id=SELF_PAY),
        write_off(11_00, FEB, "CHARITY"),
        write_off(12_00, FEB, "BAD_DEBT"),
        write_off(13_00, FEB, "DENIAL"),
        write_off(14_00, FEB, "TIMELY_FILING"),
        write_off(15_00, FEB, "SMALL_BALANCE"),
        write_off(16_00, FEB, "ADMIN"),
        write_off(17_00, FEB, "GOODWILL"),
    ]


def test_month_is_closed_with_revenue_and_cash() -> None:
    of = books(TODAY, transactions=[charge(amount=1000_00)], postings=a_month())

    january, february = rows("kpi_month_close", of)

    assert january["month_end_date"] == JAN
    assert january["gross_charge_amount"] == january["net_revenue_amount"] == 1000_00
    assert february == {
        "month_end_date": FEB,
        "is_complete": True,
        "gross_charge_amount": 0,
        "contractual_amount": 180_00,
        "charity_amount": 11_00,
        "bad_debt_amount": 12_00,
        "denial_write_off_amount": 27_00,
        "small_balance_amount": 15_00,
        "admin_write_off_amount": 16_00,
        "other_write_off_amount": 17_00,
        "net_revenue_amount": -203_00,
        "payer_cash_amount": 255_00,
        "patient_cash_amount": 43_00,
        "cash_amount": 298_00,
        "refund_amount": 12_00,
        "takeback_amount": 40_00,
    }


def test_months_run_without_a_hole_and_the_running_one_has_no_rate() -> None:
    of = books(
        TODAY,
        transactions=[charge()],
        postings=[posting("payment", -20_00, date(2026, 3, 1))],
    )

    found = [
        (row["month_end_date"], row["is_complete"], row["trailing_net_revenue_amount"],
         row["cash_rate"])
        for row in rows("kpi_cash_yield", of)
    ]  # fmt: skip

    assert found == [
        (JAN, True, 100_00, Decimal(0)),
        (FEB, True, 100_00, Decimal(0)),
        (MAR, False, 100_00, None),
    ]


def test_what_is_posted_after_the_running_month_has_no_row_yet() -> None:
    first = charge()
    late = Since(charge(amount=120_00), date(2026, 2, 1))
    of = books(JAN, transactions=[first, late])
    assert only("kpi_month_close", of)["gross_charge_amount"] == 100_00


def test_cash_is_measured_against_an_average_month_of_three() -> None:
    of = books(TODAY, transactions=[charge(amount=1000_00)], postings=a_month())

    _, february = rows("kpi_cash_yield", of)

    # 298.00 over (1000.00 - 203.00) / 3
    assert february["trailing_net_revenue_amount"] == 797_00
    assert february["cash_rate"] == Decimal("1.121706399")


def test_denial_write_offs_are_measured_against_an_average_month_of_three() -> None:
    of = books(TODAY, transactions=[charge(amount=1000_00)], postings=a_month())

    _, february = rows("kpi_denial_write_offs", of)

    assert february["denial_write_off_rate"] == Decimal("0.101631117")  # 27 × 3 / 797


def test_bad_debt_and_charity_are_measured_against_gross_charges() -> None:
    of = books(
        TODAY,
        transactions=[charge(), charge("T2", service_date=date(2026, 2, 5), amount=300_00)],
        postings=[
            write_off(30_00, FEB, "BAD_DEBT"),
            write_off(15_00, FEB, "CHARITY"),
            write_off(9_00, FEB, "ADMIN"),
        ],
    )

    _, february = rows("kpi_bad_debt_charity", of)

    assert february["bad_debt_rate"] == Decimal("0.1")
    assert february["charity_rate"] == Decimal("0.05")
    assert february["uncompensated_rate"] == Decimal("0.15")


def test_days_in_receivables_gross_and_net() -> None:
    of = books(
        TODAY,
        transactions=[charge(amount=900_00), charge("T2", amount=100_00)],
        postings=[
            posting("contractual", -200_00, JAN, reason_code="CO-45"),
            posting("payment", -130_00, JAN, "T2"),
        ],
    )

    january, *_ = rows("kpi_days_in_ar", of)

    # November to January are 92 days; gross 1000.00, net 800.00; 700.00 open and a credit of 30.00.
    assert january == {
        "month_end_date": JAN,
        "open_ar_amount": 700_00,
        "credit_amount": 30_00,
        "trailing_billed_amount": 1000_00,
        "trailing_day_count": 92,
        "gross_days_in_ar": Decimal("64.4"),
        "net_ar_amount": Decimal(536),
        "trailing_net_revenue_amount": 800_00,
        "net_days_in_ar": Decimal("61.64"),
        "credit_days": Decimal("3.45"),
    }


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
    assert [tuple(row.values()) for row in rows("fact_ar_balances", of)] == [
        (JAN, "0-30", "0-30", 1, 30_00, 30_00, 0),
        (FEB, "31-60", "31-60", 1, 30_00, 30_00, 0),
        (JAN, "0-30", "unbilled", 2, 70_00, 70_00, 0),
        (FEB, "31-60", "0-30", 1, 50_00, 50_00, 0),
        (FEB, "31-60", "unbilled", 1, 20_00, 20_00, 0),
    ]


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


def test_months_roll_forward_by_payer() -> None:
    first = charge(amount=110_00)
    second = Since(charge(amount=100_00), date(2026, 2, 1))
    of = books(
        TODAY,
        transactions=[first, second],
        postings=[
            posting("payment", -80_00, date(2026, 2, 3)),
            posting("takeback", 30_00, date(2026, 2, 20)),
            transfer(20_00, date(2026, 2, 3)),
            posting("patient_payment", -25_00, date(2026, 3, 1)),
            posting("refund", 5_00, date(2026, 3, 2), payer_id=SELF_PAY),
        ],
    )

    found = {(row["payer_name"], row["month_end_date"]): row for row in rows("ar_rollforward", of)}

    assert set(found) == {
        (AETNA, JAN), (AETNA, FEB), (AETNA, MAR), (SELF_PAY, FEB), (SELF_PAY, MAR)
    }  # fmt: skip
    february, march = found[AETNA, FEB], found[SELF_PAY, MAR]
    assert (february["begin_amount"], february["end_amount"]) == (110_00, 30_00)
    assert (february["charge_amount"], february["reversal_amount"]) == (0, -10_00)
    assert (february["payment_amount"], february["takeback_amount"]) == (-80_00, 30_00)
    assert february["transfer_amount"] == -20_00
    assert march["is_complete"] is False
    assert (march["begin_amount"], march["end_amount"]) == (20_00, 0)
    assert (march["patient_payment_amount"], march["refund_amount"]) == (-25_00, 5_00)


def test_takebacks_are_measured_against_the_payments_of_the_month() -> None:
    of = books(
        TODAY,
        transactions=[charge()],
        postings=[
            posting("payment", -80_00, date(2026, 2, 3)),
            posting("takeback", 20_00, date(2026, 2, 20)),
            posting("payment", -30_00, date(2026, 3, 3)),
        ],
    )

    assert [tuple(row.values()) for row in rows("kpi_takebacks", of)] == [
        (AETNA, FEB, True, 80_00, 20_00, Decimal("0.25")),
        (AETNA, MAR, False, 30_00, 0, None),
    ]


@pytest.mark.parametrize("name", ["kpi_month_close", "ar_rollforward", "kpi_days_in_ar"])
def test_hospital_without_charges_has_no_rows(name: str) -> None:
    assert rows(name, books()) == []
