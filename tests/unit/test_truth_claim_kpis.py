"""KPIs of claims and remittances, by hand."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from simulator.counting import nearest_rank
from tests.books_support import (
    AETNA,
    MEDICARE,
    SERVICE,
    appeal,
    books,
    charge,
    claim,
    denied,
    fee,
    only,
    paid,
    posting,
    remit,
    rows,
)
from tests.unit.test_truth_claims import FEB, FIRST, JAN, SECOND, THIRD


def test_clean_claims_are_first_ones_that_needed_no_touch() -> None:
    of = books(
        transactions=[charge()],
        claims=[
            claim("C1"),
            claim("C2", edit_count=2),
            claim("C3", claim_status="Rejected"),
            claim("C4", edit_count=None),
            claim("C5", claim_frequency="7", original_claim_id="C2"),
            claim("C6", payer_sequence="S"),
            claim("C7", claim_date=date(2026, 2, 1)),
        ],
        remittances=[paid("R1", "C1", FIRST), paid("R2", "C2", FIRST)],
        today=date(2026, 5, 31),  # 120 days after the end of January
    )

    january, february = rows("kpi_clean_claims", of)

    assert january == {
        "payer_name": AETNA,
        "claim_month": date(2026, 1, 1),
        "claim_count": 3,
        "clean_count": 2,
        "rejected_count": 1,
        "first_pass_count": 1,
        "is_mature": True,
        "clean_claim_rate": Decimal("0.666666667"),
        "rejection_rate": Decimal("0.333333333"),
        "first_pass_rate": Decimal("0.5"),
    }
    assert (february["claim_month"], february["claim_count"]) == (date(2026, 2, 1), 1)
    assert (february["is_mature"], february["first_pass_rate"]) == (False, None)


@pytest.mark.parametrize(
    ("values", "median", "ninetieth"),
    [
        pytest.param([7], 7, 7, id="one"),
        pytest.param([4, 1], 1, 4, id="two"),
        pytest.param([3, 1, 2], 2, 3, id="three"),
        pytest.param(list(range(1, 11)), 5, 9, id="ten"),
        pytest.param(list(range(1, 12)), 6, 10, id="eleven"),
    ],
)
def test_nearest_rank(values: list[int], median: int, ninetieth: int) -> None:
    assert (nearest_rank(values, 50), nearest_rank(values, 90)) == (median, ninetieth)


def test_lags_are_measured_where_both_days_are_known_and_in_order() -> None:
    of = books(
        transactions=[
            charge("T1", entered=date(2026, 1, 12), billed_date=date(2026, 1, 15)),
            charge("T2", entered=date(2026, 1, 10)),
        ],
        claims=[
            claim("C1", "T1", claim_date=date(2026, 1, 20)),
            claim("C2", "T2", claim_date=date(2026, 1, 25)),
            claim("C3", "T1", claim_date=date(2026, 1, 5), claim_frequency="7"),
        ],
        remittances=[
            paid("R1", "C1", date(2026, 2, 4)),
            paid("R2", "C2", date(2026, 1, 24)),
        ],
        postings=[
            posting("payment", -70_00, date(2026, 2, 9), claim_id="C1"),
            posting("payment", -70_00, date(2026, 2, 6), claim_id="C1"),
            posting("payment", -70_00, date(2026, 1, 24), "T2", claim_id="C2"),
            posting("contractual", -30_00, date(2026, 2, 4), claim_id="C1"),
        ],
    )

    assert [tuple(row.values())[1:] for row in rows("kpi_lags", of)] == [
        ("charge", 2, 2, 0, 2, Decimal(1)),
        ("bill", 1, 3, 3, 3, Decimal(3)),
        ("submit", 1, 5, 5, 5, Decimal(5)),
        ("payer", 1, 15, 15, 15, Decimal(15)),
        ("post", 2, 2, 0, 2, Decimal(1)),
    ]


def test_denied_remittances_are_counted_by_the_month_of_the_remittance() -> None:
    of = books(
        date(2026, 2, 15),
        claims=[claim()],
        remittances=[
            paid("R1", "C1", JAN),
            denied("R2", "C1", JAN),
            remit("R3", "C1", JAN, "22"),
            remit("R4", "C1", JAN, "2"),
            denied("R5", "C1", FIRST),
        ],
    )

    assert [tuple(row.values()) for row in rows("kpi_remittance_denials", of)] == [
        (AETNA, JAN, True, 3, 1, Decimal("0.333333333")),
        (AETNA, FEB, False, 1, 1, None),
    ]


def test_cash_that_was_remitted_and_not_posted() -> None:
    of = books(
        transactions=[charge()],
        claims=[claim()],
        remittances=[
            paid("R1", "C1", FIRST),
            remit("R2", "C1", SECOND, "22", paid_amount=-70_00),
            paid("R3", "C1", THIRD, paid_amount=65_00),
            paid("R4", "C9", THIRD, payer_id=MEDICARE),
        ],
        postings=[
            posting("payment", -70_00, FIRST, claim_id="C1"),
            posting("takeback", 70_00, SECOND, claim_id="C1"),
        ],
    )

    assert [tuple(row.values()) for row in rows("kpi_unposted_cash", of)] == [
        (AETNA, 65_00, 0, 65_00),
        (MEDICARE, 70_00, 0, 70_00),
    ]


def test_payers_are_scored() -> None:
    of = books(
        transactions=[charge("T1"), charge("T2"), charge("T3"), charge("T4")],
        claims=[claim(f"C{n}", f"T{n}", claim_date=date(2026, 1, 20)) for n in range(1, 5)],
        remittances=[
            paid("R1", "C1", date(2026, 1, 25)),
            paid("R2", "C2", date(2026, 1, 30), allowed_amount=60_00),
            denied("R3", "C3", date(2026, 2, 9)),
            denied("R4", "C4", date(2026, 2, 19)),
        ],
        appeals=[
            appeal("A1", "C3", date(2026, 2, 10), "Upheld"),
            appeal("A2", "C4", date(2026, 2, 20), "Overturned"),
        ],
        postings=[
            posting("payment", -80_00, date(2026, 2, 1)),
            posting("takeback", 20_00, date(2026, 2, 20)),
        ],
        fee_schedules=[fee(70, SERVICE)],
    )

    assert only("kpi_payer_scorecard", of) == {
        "payer_name": AETNA,
        "claim_count": 4,
        "first_pass_rate": Decimal("0.5"),
        "denial_rate": Decimal("0.5"),
        "median_payer_days": 10,
        "p90_payer_days": 30,
        "underpaid_amount": 10_00,
        "unstated_count": 0,
        "underpaid_rate": Decimal("0.071428571"),
        "takeback_amount": 20_00,
        "takeback_rate": Decimal("0.25"),
        "overturn_rate": Decimal("0.5"),
    }
