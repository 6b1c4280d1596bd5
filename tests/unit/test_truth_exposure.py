"""Charges that wait to be billed, sent or appealed, by hand."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.books_support import (
    AETNA,
    SELF_PAY,
    SERVICE,
    TODAY,
    appeal,
    books,
    charge,
    claim,
    denied,
    only,
    posting,
    rows,
    terms,
    write_off,
)

JAN, FEB = date(2026, 1, 31), date(2026, 2, 28)


def test_charges_wait_for_the_bill_and_then_for_the_claim() -> None:
    of = books(
        TODAY,
        transactions=[
            charge("T1", amount=100_00, entered=date(2025, 11, 1)),
            charge("T2", amount=200_00, billed_date=date(2026, 2, 1)),
            charge("T3", amount=400_00, billed_date=date(2026, 1, 12)),
            charge("T4", amount=800_00, billed_date=date(2026, 1, 12), payer_id=SELF_PAY),
            charge("T5", amount=1600_00, billed_date=date(2026, 1, 12)),
            charge("T6", amount=50_00, billed_date=date(2026, 1, 12), service_date=FEB),
        ],
        claims=[
            claim("C3", "T3", claim_date=date(2026, 1, 31)),
            claim("C5", "T5", claim_date=date(2026, 3, 1)),
            claim("C6", "T5", claim_date=date(2026, 1, 20), payer_sequence="S"),
        ],
        postings=[posting("payment", -1600_00, date(2026, 1, 31), "T5")],
    )

    *_, january, february = rows("kpi_dnfb", of)

    # November to January are 92 days, December to February 90.
    assert january == {
        "month_end_date": JAN,
        "is_window_full": True,
        "dnfb_amount": 300_00,
        "fbns_amount": 1650_00,
        "dnsp_amount": 1950_00,
        "trailing_billed_amount": 3100_00,
        "trailing_day_count": 92,
        "dnfb_days": Decimal("8.903225806"),
        "fbns_days": Decimal("48.967741935"),
        "dnsp_days": Decimal("57.870967742"),
    }
    assert (february["dnfb_amount"], february["fbns_amount"]) == (100_00, 1850_00)
    assert february["trailing_billed_amount"] == 3150_00


def test_hospital_that_never_says_when_it_bills_has_no_rows() -> None:
    assert rows("kpi_dnfb", books(transactions=[charge()])) == []


def test_charges_wait_in_the_bucket_of_the_days_left_to_file() -> None:
    today = SERVICE + timedelta(days=60)
    limits = {"past": 59, "0-7": 60, "8-14": 68, "15-30": 90, "over 30": 91}
    for bucket, days in limits.items():
        of = books(today, transactions=[charge()], payer_terms=[terms(days, 30)])
        assert tuple(only("kpi_filing_exposure", of).values()) == (AETNA, bucket, 1, 100_00)


@pytest.mark.parametrize(
    ("records", "count"),
    [
        pytest.param({}, 1, id="never-claimed"),
        pytest.param({"claims": [claim()]}, 0, id="claimed"),
        pytest.param({"claims": [claim(claim_status="Rejected")]}, 1, id="rejected"),
        pytest.param({"claims": [claim(payer_sequence="S")]}, 1, id="secondary-only"),
        pytest.param({"transactions": [charge(paid_amount=100_00)]}, 0, id="settled"),
        pytest.param({"transactions": [charge(payer_id=SELF_PAY)]}, 0, id="no-payer"),
        pytest.param(
            {"transactions": [charge(service_date=date(2024, 12, 31))]}, 0, id="before-the-terms"
        ),
    ],
)
def test_only_open_charges_that_no_payer_has_got_are_exposed(
    records: dict[str, Any], count: int
) -> None:
    defaults: dict[str, Any] = {"transactions": [charge()], "payer_terms": [terms(90, 60)]}
    assert len(rows("kpi_filing_exposure", books(**defaults | records))) == count


DENIED = date(2026, 2, 1)


@pytest.mark.parametrize(
    ("records", "count"),
    [
        pytest.param({}, 1, id="never-worked"),
        pytest.param({"appeals": [appeal("A1", "C1", DENIED)]}, 0, id="appealed"),
        pytest.param({"claims": [claim(), claim("C2", claim_date=TODAY)]}, 0, id="sent-again"),
        pytest.param({"postings": [write_off(100_00, TODAY, "DENIAL")]}, 0, id="given-up"),
        pytest.param({"payer_terms": []}, 0, id="no-terms"),
    ],
)
def test_only_open_denials_that_nobody_worked_are_exposed(
    records: dict[str, Any], count: int
) -> None:
    defaults: dict[str, Any] = {
        "transactions": [charge()],
        "claims": [claim()],
        "remittances": [denied("R1", "C1", DENIED)],
        "payer_terms": [terms(90, 60)],
    }
    found = rows("kpi_appeal_exposure", books(**defaults | records))
    # 60 days from 1 February are 18 days from 15 March
    assert [tuple(row.values()) for row in found] == [(AETNA, "15-30", 1, 100_00)] * count
