"""The posting ledger, the months that are closed from it and the balances it leaves, by hand."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from simulator.model import Transaction
from simulator.truth.keys import payer_key
from tests.books_support import (
    AETNA,
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

    assert [(one.day, one.amount, one.cause) for one in found] == [
        (date(2025, 12, 30), 100_00, "posted"),
        (date(2026, 3, 2), -10_00, "reversed"),
    ]


def test_version_that_leaves_the_amount_posts_nothing() -> None:
    versions = [charge(), Since(charge(claim_id="C1"), date(2026, 2, 1))]
    assert len(books(transactions=versions).ledger.lines) == 1


def test_a_transfer_is_two_lines_of_the_ledger() -> None:
    of = books(
        transactions=[charge()],
        postings=[
            posting("payment", -60_00, FEB),
            posting("contractual", -30_00, FEB, reason_code="CO-45"),
            transfer(10_00, FEB),
            write_off(10_00, FEB, "CHARITY"),
        ],
    )

    columns = ("posting_kind", "posting_cause", "reason_code", "payer_key", "posted_amount")
    assert [tuple(row[name] for name in columns) for row in rows("fact_ledger", of)] == [
        ("charge", "posted", None, payer_key(AETNA), 100_00),
        ("payment", "posted", None, payer_key(AETNA), -60_00),
        ("contractual", "posted", "CO-45", payer_key(AETNA), -30_00),
        ("transfer", "moved_out", "PATIENT", payer_key(AETNA), -10_00),
        ("transfer", "moved_in", "PATIENT", payer_key(SELF_PAY), 10_00),
        ("write_off", "posted", "CHARITY", payer_key(AETNA), -10_00),
    ]


def a_charge_of_december() -> Transaction:
    """1,000.00 entered on the first day of the three months that end with February."""
    return charge(amount=1000_00, entered=date(2025, 12, 1))


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
        transactions=[charge(entered=date(2025, 12, 1))],
        postings=[posting("payment", -20_00, date(2026, 3, 1))],
    )

    found = [
        (row["month_end_date"], row["is_complete"], row["trailing_net_revenue_amount"],
         row["cash_rate"])
        for row in rows("kpi_cash_yield", of)
    ]  # fmt: skip

    assert found == [
        (date(2025, 12, 31), True, 100_00, None),
        (JAN, True, 100_00, None),
        (FEB, True, 100_00, Decimal(0)),
        (MAR, False, 0, None),
    ]


def test_what_is_posted_after_the_running_month_has_no_row_yet() -> None:
    first = charge()
    late = Since(charge(amount=120_00), date(2026, 2, 1))
    of = books(JAN, transactions=[first, late])
    assert only("kpi_month_close", of)["gross_charge_amount"] == 100_00


def test_cash_is_measured_against_an_average_month_of_three() -> None:
    of = books(TODAY, transactions=[a_charge_of_december()], postings=a_month())

    *_, february = rows("kpi_cash_yield", of)

    # 298.00 over (1000.00 - 203.00) / 3
    assert february["trailing_net_revenue_amount"] == 797_00
    assert february["cash_rate"] == Decimal("1.121706399")


def test_denial_write_offs_are_measured_against_an_average_month_of_three() -> None:
    of = books(TODAY, transactions=[a_charge_of_december()], postings=a_month())

    *_, february = rows("kpi_denial_write_offs", of)

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
