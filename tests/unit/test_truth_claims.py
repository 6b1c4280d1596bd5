"""Claims against the payers' remittances and contracts, by hand."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from simulator.truth.adjudications import Adjudicated
from tests.books_support import (
    AETNA,
    MEDICARE,
    SERVICE,
    books,
    charge,
    claim,
    denied,
    fee,
    only,
    paid,
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
        (AETNA, FEB, True, 3, 0, 1, 10_00, 1, 5_00),
        (AETNA, JAN, True, 1, 0, 1, 1_00, 0, 0),
    ]


def test_claims_and_remittances_are_told_with_what_became_of_them() -> None:
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

    of_claims = ("first_outcome", "final_outcome", "is_first_pass", "allowed_amount",
                 "remitted_amount", "expected_allowed_amount")  # fmt: skip
    assert [tuple(row[name] for name in of_claims) for row in rows("fact_claims", of)] == [
        ("Paid", "Paid", True, 70_00, 60_00, 75_00),
        ("Denied", "Denied", False, 0, 0, None),
    ]
    of_remits = ("status_code", "adjusted_amount", "paid_amount", "allowed_amount", "is_last")
    assert [tuple(row[name] for name in of_remits) for row in rows("fact_remittances", of)] == [
        ("1", 40_00, 60_00, 70_00, True),
        ("4", 100_00, 0, 0, True),
    ]
    of_reasons = ("group_code", "reason_code", "adjustment_number", "is_denial", "amount")
    assert [
        tuple(row[name] for name in of_reasons) for row in rows("fact_claim_adjustments", of)
    ] == [
        ("CO", "45", 1, False, 30_00),
        ("PR", "2", 2, False, 10_00),
        ("CO", "50", 1, True, 100_00),
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
