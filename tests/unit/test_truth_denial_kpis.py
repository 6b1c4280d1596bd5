"""What is told of denials in rates, cohorts, ranks and appeals, by hand."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from simulator.truth.keys import surrogate
from tests.books_support import (
    AETNA,
    DEPARTMENT,
    PROVIDER,
    appeal,
    books,
    charge,
    claim,
    denied,
    only,
    paid,
    posting,
    rows,
    transfer,
    write_off,
)
from tests.unit.test_truth_denials import DENIED, LATER, STILL_LATER


def test_initial_denials_are_measured_against_an_average_month_of_the_three_before() -> None:
    def sent(number: int, day: date, **values: Any) -> Any:
        return claim(f"C{number}", f"T{number}", claim_date=day, **values)

    of = books(
        date(2026, 2, 15),
        transactions=[charge(f"T{number}") for number in range(1, 8)],
        claims=[
            sent(1, date(2025, 9, 30)),
            sent(2, date(2025, 10, 1), claim_amount=300_00),
            sent(3, date(2025, 12, 31)),
            sent(4, date(2025, 12, 31), claim_frequency="7"),
            sent(5, date(2026, 1, 5)),
            sent(6, date(2025, 12, 31), payer_sequence="S"),
        ],
        remittances=[
            denied("R1", "C2", date(2026, 1, 5), charge_amount=300_00),
            denied("R2", "C4", date(2026, 1, 6)),
            denied("R3", "C5", date(2026, 2, 3)),
        ],
    )

    found = rows("kpi_initial_denials", of)

    assert [row["month_end_date"] for row in found] == [
        date(2025, 9, 30), date(2025, 10, 31), date(2025, 11, 30), date(2025, 12, 31),
        date(2026, 1, 31), date(2026, 2, 28),
    ]  # fmt: skip
    assert found[0]["initial_denial_rate"] is None
    january, february = found[-2:]
    assert (january["denied_count"], january["denied_amount"]) == (1, 300_00)
    assert (january["prior_submitted_count"], january["prior_submitted_amount"]) == (2, 400_00)
    assert january["initial_denial_rate"] == Decimal("1.5")
    assert january["initial_denial_amount_rate"] == Decimal("2.25")
    assert (february["denied_count"], february["prior_submitted_count"]) == (1, 2)
    assert (february["is_complete"], february["initial_denial_rate"]) == (False, None)


def test_cohorts_show_what_was_claimed_denied_and_lost_once_they_are_mature() -> None:
    september, january = date(2025, 9, 10), date(2026, 1, 10)
    of = books(
        transactions=[
            charge("T1", service_date=september),
            charge("T2", service_date=september, amount=300_00),
            charge("T3", service_date=september),
            charge("T4", service_date=january),
        ],
        claims=[
            claim("C1", "T1"),
            claim("C2", "T2"),
            claim("C3", "T3", payer_sequence="S"),
            claim("C4", "T4"),
        ],
        remittances=[
            denied("R1", "C1", DENIED),
            paid("R2", "C2", DENIED),
            denied("R4", "C4", DENIED),
        ],
        postings=[write_off(40_00, LATER, "DENIAL")],
    )

    first, second = rows("kpi_denial_cohorts", of)

    assert first == {
        "payer_name": AETNA,
        "service_month": date(2025, 9, 1),
        "claimed_amount": 400_00,
        "initial_denied_amount": 100_00,
        "recovered_amount": 0,
        "denial_write_off_amount": 40_00,
        "open_denied_amount": 60_00,
        "is_mature": True,
        "initial_denial_rate": Decimal("0.25"),
        "final_denial_rate": Decimal("0.1"),
    }
    assert (second["open_denied_amount"], second["is_mature"]) == (100_00, False)
    assert (second["initial_denial_rate"], second["final_denial_rate"]) == (None, None)


def test_cohort_is_mature_120_days_after_its_month() -> None:
    def is_mature(today: date) -> bool:
        of = books(today, transactions=[charge()], claims=[claim()])
        mature: bool = only("kpi_denial_cohorts", of)["is_mature"]
        return mature

    assert not is_mature(date(2026, 5, 30))
    assert is_mature(date(2026, 5, 31))


def three_denials(**records: Any) -> Any:
    """100.00 each: one paid 60.00 after ten days, one written off, one open."""
    return books(
        transactions=[charge("T1"), charge("T2"), charge("T3")],
        claims=[claim("C1", "T1"), claim("C2", "T2", department_id="DEPT9"), claim("C3", "T3")],
        remittances=[denied(f"R{number}", f"C{number}", DENIED, "197") for number in (1, 2, 3)],
        postings=[
            posting("payment", -60_00, LATER, "T1"),
            posting("contractual", -40_00, LATER, "T1"),
            write_off(100_00, STILL_LATER, "DENIAL", "T2"),
        ],
        departments=[DEPARTMENT],
        providers=[PROVIDER],
        **records,
    )


def test_denials_are_ranked_by_where_they_come_from() -> None:
    known, unknown = rows("kpi_denial_pareto", three_denials())

    assert known == {
        "payer_name": AETNA,
        "group_code": "CO",
        "reason_code": "197",
        "department_name": "Surgery",
        "provider_key": surrogate("hospital_a", "D1"),
        "denial_count": 2,
        "denied_amount": 200_00,
        "recovered_amount": 60_00,
        "written_off_amount": 0,
        "open_denied_amount": 100_00,
        "hospital_denied_amount": 300_00,
        "denied_rate": Decimal("0.666666667"),
    }
    assert (unknown["department_name"], unknown["written_off_amount"]) == ("Unknown", 100_00)


def test_prevention_would_bring_what_is_lost_and_not_recovered() -> None:
    # 60.00 of 200.00 came back, so 70 % of the open 100.00 is expected to be lost.
    assert only("kpi_denial_prevention", three_denials()) == {
        "reason_code": "197",
        "category": "Authorization",
        "stage": "front",
        "denial_count": 3,
        "denied_amount": 300_00,
        "lost_amount": 100_00,
        "open_denied_amount": 100_00,
        "recovery_rate": Decimal("0.3"),
        "expected_gain_amount": 170_00,
        "delay_days_sum": 10,
    }


def test_prevention_expects_no_recovery_where_nothing_is_settled() -> None:
    of = books(
        transactions=[charge()], claims=[claim()], remittances=[denied("R1", "C1", DENIED, "999")]
    )
    row = only("kpi_denial_prevention", of)
    assert (row["category"], row["stage"]) == ("Other", "unknown")
    assert (row["recovery_rate"], row["expected_gain_amount"]) == (None, 100_00)


def test_expected_gain_is_rounded_half_up_to_whole_cents() -> None:
    of = books(
        transactions=[charge("T1"), charge("T2", amount=1)],
        claims=[claim("C1", "T1"), claim("C2", "T2", claim_amount=1)],
        remittances=[denied("R1", "C1", DENIED), denied("R2", "C2", DENIED, charge_amount=1)],
        postings=[posting("payment", -50_00, LATER, "T1"), transfer(50_00, LATER)],
    )
    # half of the open cent
    assert only("kpi_denial_prevention", of)["expected_gain_amount"] == 1


def test_appeals_are_won_lost_or_never_filed() -> None:
    of = three_denials(
        appeals=[
            appeal("A1", "C1", date(2026, 2, 4), "Overturned"),
            appeal("A2", "C2", date(2026, 2, 5), "Upheld"),
        ]
    )

    assert tuple(only("kpi_appeals", of).values()) == (
        AETNA, 3, 2, 2, 2, 1, 7, Decimal("0.5"), Decimal("0.333333333"), Decimal("3.5"),
    )  # fmt: skip
