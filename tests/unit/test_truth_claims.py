"""Claims against the payers' remittances and contracts, by hand."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from simulator.counting import nearest_rank
from simulator.truth.adjudications import Adjudicated
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

JAN, FEB = date(2026, 1, 31), date(2026, 2, 28)
FIRST, SECOND, THIRD = date(2026, 2, 1), date(2026, 2, 10), date(2026, 2, 20)


def adjudication(*remits: Any, **values: Any) -> Adjudicated:
    """The one claim with these remittances."""
    of = books(transactions=[charge()], claims=[claim(**values)], remittances=remits)
    (found,) = of.adjudications
    return found


def test_outcomes_are_the_first_and_the_last_word_of_the_payer() -> None:
    found = adjudication(paid("R9", "C1", SECOND), denied("R1", "C1", FIRST))

    assert (found.first_remit_date, found.first_outcome) == (FIRST, "Denied")
    assert found.final_outcome == "Paid"


def test_remittances_of_one_day_are_in_the_order_of_their_numbers() -> None:
    found = adjudication(paid("R2", "C1", FIRST), denied("R1", "C1", FIRST))
    assert (found.first_outcome, found.final_outcome) == ("Denied", "Paid")


def test_reversal_takes_back_what_was_allowed_and_remitted() -> None:
    reversal = remit("R2", "C1", SECOND, "22", paid_amount=-70_00, allowed_amount=-70_00)

    found = adjudication(paid("R1", "C1", FIRST), reversal)

    assert (found.allowed, found.remitted, found.final_outcome) == (0, 0, "Reversed")


def test_claim_without_a_remittance_has_no_outcome() -> None:
    found = adjudication()
    assert (found.first_outcome, found.final_outcome, found.first_remit_date) == (None,) * 3


REVERSAL = remit("R2", "C1", SECOND, "22", paid_amount=-70_00)


@pytest.mark.parametrize(
    ("remits", "values", "expected"),
    [
        pytest.param([paid("R1", "C1", FIRST)], {}, True, id="paid-at-once"),
        pytest.param([], {}, False, id="pending"),
        pytest.param([denied("R1", "C1", FIRST)], {}, False, id="denied"),
        pytest.param([paid("R1", "C1", FIRST), REVERSAL], {}, False, id="reversed"),
        pytest.param([paid("R1", "C1", FIRST)], {"claim_frequency": "7"}, False, id="corrected"),
        pytest.param([paid("R1", "C1", FIRST)], {"payer_sequence": "S"}, False, id="secondary"),
        pytest.param([paid("R1", "C1", FIRST)], {"claim_status": "Rejected"}, False, id="rejected"),
    ],
)
def test_first_pass_is_paid_on_first_submission(
    remits: list[Any], values: dict[str, Any], expected: bool
) -> None:
    assert adjudication(*remits, **values).is_first_pass is expected


def test_claim_that_another_one_replaces_is_no_first_pass() -> None:
    claims = [claim(), claim("C2", claim_frequency="8", original_claim_id="C1")]
    of = books(transactions=[charge()], claims=claims, remittances=[paid("R1", "C1", FIRST)])
    assert [one.is_first_pass for one in of.adjudications] == [False, False]


def test_contract_in_force_on_the_day_of_service_counts_and_cents_are_rounded_down() -> None:
    of = books(
        transactions=[charge()],
        claims=[
            claim("C1", claim_amount=99_99),
            claim("C2", service_date=date(2026, 1, 1)),
            claim("C3", service_date=date(2025, 12, 31)),
            claim("C4", service_date=date(2024, 12, 31)),
            claim("C5", payer_id=MEDICARE),
        ],
        fee_schedules=[
            fee(65, date(2025, 1, 1), date(2025, 12, 31)),
            fee(70, date(2026, 1, 1)),
        ],
    )
    assert [one.expected for one in of.adjudications] == [69_99, 70_00, 65_00, None, None]


def test_underpayments_and_overpayments_are_never_netted() -> None:
    def adjudicated(number: int, allowed: int, day: date) -> Any:
        return paid(f"R{number}", f"C{number}", day, allowed_amount=allowed, paid_amount=allowed)

    of = books(
        FEB,
        transactions=[charge()],
        claims=[claim(f"C{number}") for number in range(1, 7)],
        remittances=[
            adjudicated(1, 60_00, FIRST),
            adjudicated(2, 75_00, FIRST),
            adjudicated(3, 70_00, FIRST),
            adjudicated(4, 69_00, JAN),
            denied("R5", "C5", FIRST),
        ],
        fee_schedules=[fee(70, SERVICE)],
    )

    assert [tuple(row.values()) for row in rows("kpi_contract_variance", of)] == [
        (AETNA, FEB, True, 3, 1, 10_00, 1, 5_00),
        (AETNA, JAN, True, 1, 1, 1_00, 0, 0),
    ]


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
    )

    january, february = rows("kpi_clean_claims", of)

    assert january == {
        "payer_name": AETNA,
        "claim_month": date(2026, 1, 1),
        "claim_count": 3,
        "clean_count": 2,
        "rejected_count": 1,
        "first_pass_count": 1,
        "clean_claim_rate": Decimal("0.666666667"),
        "rejection_rate": Decimal("0.333333333"),
        "first_pass_rate": Decimal("0.333333333"),
    }
    assert (february["claim_month"], february["claim_count"]) == (date(2026, 2, 1), 1)


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
        "underpaid_rate": Decimal("0.071428571"),
        "takeback_amount": 20_00,
        "takeback_rate": Decimal("0.25"),
        "overturn_rate": Decimal("0.5"),
    }


def test_claims_and_remittances_are_summed_up_by_what_became_of_them() -> None:
    of = books(
        transactions=[charge()],
        claims=[claim("C1", edit_count=3), claim("C2", payer_sequence="S", payer_id=MEDICARE)],
        remittances=[
            remit("R1", "C1", FIRST, "1", ("CO", "45", 30_00), ("PR", "2", 10_00),
                  paid_amount=60_00, allowed_amount=70_00, patient_responsibility_amount=10_00),
            denied("R2", "C2", SECOND),
        ],
        fee_schedules=[fee(75, SERVICE)],
    )  # fmt: skip

    first, second = (tuple(row.values()) for row in rows("fact_claims", of))

    assert first == ("1", "P", "Paid", "Paid", True, 1, 100_00, 0, 0, 0, 0, 3, 70_00, 60_00, 75_00)
    assert second == ("1", "S", "Denied", "Denied", False, 1, 100_00, 0, 0, 0, 0, 0, 0, 0, None)
    assert [tuple(row.values()) for row in rows("fact_remittances", of)] == [
        ("1", 1, 100_00, 60_00, 10_00, 70_00),
        ("4", 1, 100_00, 0, 0, 0),
    ]
    assert [tuple(row.values()) for row in rows("fact_claim_adjustments", of)] == [
        ("CO", "45", False, 1, 30_00),
        ("PR", "2", False, 1, 10_00),
        ("CO", "50", True, 1, 100_00),
    ]


def test_claim_without_adjudication_date_is_decided_when_its_charge_was_paid() -> None:
    of = books(
        transactions=[charge(paid_date=date(2026, 1, 30))],
        claims=[
            claim("C1", claim_status="Paid"),
            claim("C2", claim_status="Denied"),
            claim("C3", claim_status="Denied", adjudication_date=date(2026, 1, 25)),
            claim("C4"),
        ],
    )
    assert tuple(only("kpi_processing_days", of).values()) == (AETNA, 3, 2, 15, 1, Decimal("7.5"))
    outcomes = only("kpi_claim_outcomes", of)
    assert (outcomes["approval_rate"], outcomes["denied_count"]) == (Decimal("0.333333333"), 2)
