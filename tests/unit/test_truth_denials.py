"""Denials, what was done about them and what is still out, by hand."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from simulator.truth.denials import Denial
from simulator.truth.keys import surrogate
from tests.books_support import (
    DEPARTMENT,
    MEDICARE,
    SERVICE,
    appeal,
    books,
    charge,
    claim,
    denied,
    only,
    paid,
    posting,
    terms,
    transfer,
    write_off,
)

DENIED = date(2026, 2, 1)
LATER = date(2026, 2, 11)
STILL_LATER = date(2026, 2, 21)


def denial(**records: Any) -> Denial:
    """The denial of a charge's one claim, with what these records add."""
    defaults: dict[str, Any] = {
        "transactions": [charge()],
        "claims": [claim()],
        "remittances": [denied("R1", "C1", DENIED)],
    }
    (found,) = books(**defaults | records).denials
    return found


def test_first_denial_of_a_primary_claim_counts() -> None:
    found = denial(
        claims=[
            claim("C0", payer_sequence="S"),
            claim("C1"),
            claim("C2", claim_frequency="7", original_claim_id="C1", claim_date=DENIED),
        ],
        remittances=[
            denied("R0", "C0", SERVICE),
            denied("R3", "C2", LATER, "97"),
            denied("R2", "C1", DENIED, "16"),
        ],
    )
    assert (found.claim.claim_id, found.reason_code, found.day) == ("C1", "16", DENIED)
    assert (found.reason.cause, found.is_initial) == (("Billing", "mid"), True)


def test_denial_of_a_corrected_claim_is_not_initial() -> None:
    corrected = claim(claim_frequency="7", original_claim_id="C0")
    assert denial(claims=[corrected]).is_initial is False


def test_charge_that_was_never_denied_or_is_unknown_has_no_denial() -> None:
    of = books(
        transactions=[charge()],
        claims=[claim(), claim("C2", "T404")],
        remittances=[
            paid("R1", "C1", DENIED),
            denied("R2", "C2", DENIED),
            denied("R3", "C404", DENIED),
        ],
    )
    assert of.denials == []


@pytest.mark.parametrize(
    ("postings", "status", "recovered", "written_off", "days"),
    [
        pytest.param([], "Open", 0, 0, None, id="nothing"),
        pytest.param(
            [
                posting("payment", -50_00, STILL_LATER), posting("payment", -20_00, LATER),
                posting("contractual", -30_00, LATER),
            ],
            "Recovered", 70_00, 0, 20, id="paid",
        ),
        pytest.param([posting("payment", -1_00, LATER)], "Open", 1_00, 0, None, id="paid-a-bit"),
        pytest.param([transfer(100_00, LATER)], "Closed", 0, 0, None, id="left-to-the-patient"),
        pytest.param([posting("payment", -70_00, SERVICE)], "Open", 0, 0, None, id="paid-before"),
        pytest.param(
            [posting("payment", -70_00, LATER, payer_id=MEDICARE)], "Open", 0, 0, None,
            id="paid-by-another",
        ),
        pytest.param(
            [posting("payment", -70_00, LATER), posting("takeback", 70_00, STILL_LATER)],
            "Open", 0, 0, None, id="taken-back",
        ),
        pytest.param(
            [posting("payment", -70_00, LATER), write_off(30_00, STILL_LATER, "DENIAL")],
            "Written off", 70_00, 30_00, 20, id="paid-in-part-and-written-off",
        ),
        pytest.param([write_off(100_00, LATER, "TIMELY_FILING")], "Written off", 0, 100_00, 10,
                     id="too-late"),
        pytest.param([write_off(100_00, LATER, "BAD_DEBT")], "Closed", 0, 0, None, id="bad-debt"),
        pytest.param([posting("payment", -9_00, LATER, "T2")], "Open", 0, 0, None, id="another"),
    ],
)  # fmt: skip
def test_denial_is_recovered_or_written_off_or_open(
    postings: list[Any], status: str, recovered: int, written_off: int, days: int | None
) -> None:
    found = denial(postings=postings)
    assert (found.status, found.recovered, found.written_off) == (status, recovered, written_off)
    assert found.days_to_resolution == days


def test_rest_of_a_denial_that_was_paid_in_part_stays_open() -> None:
    found = denial(postings=[posting("payment", -1_00, LATER), write_off(10_00, LATER, "DENIAL")])
    assert (found.recovered, found.written_off, found.open_amount) == (1_00, 10_00, 89_00)


def test_last_appeal_of_any_claim_of_the_charge_says_how_it_went() -> None:
    found = denial(
        claims=[claim("C1"), claim("C2", claim_date=SERVICE, claim_frequency="7")],
        appeals=[
            appeal("A2", "C2", STILL_LATER, "Overturned"),
            appeal("A1", "C1", LATER, "Upheld"),
            appeal("A3", "C404", LATER, "Pending"),
        ],
    )
    assert (found.first_appeal_date, found.appeal_outcome) == (LATER, "Overturned")
    assert found.days_to_appeal == 10


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        pytest.param({}, False, id="nothing"),
        pytest.param({"appeals": [appeal("A1", "C1", DENIED)]}, True, id="appealed"),
        pytest.param(
            {"claims": [claim(), claim("C2", claim_date=DENIED)]}, True, id="sent-again"
        ),
        pytest.param(
            {"claims": [claim(), claim("C2", claim_date=SERVICE)]}, False, id="sent-before"
        ),
        pytest.param(
            {"claims": [claim(), claim("C2", claim_date=LATER, payer_sequence="S")]}, False,
            id="sent-to-another",
        ),
        pytest.param({"claims": [claim(claim_date=DENIED)]}, False, id="sent-and-denied-at-once"),
    ],
)  # fmt: skip
def test_denial_is_worked_by_an_appeal_or_another_claim(
    records: dict[str, Any], expected: bool
) -> None:
    assert denial(**records).is_worked is expected


def test_deadline_to_appeal_is_known_where_the_payers_terms_are() -> None:
    assert denial().appeal_deadline is None
    assert denial(payer_terms=[terms(90, 60)]).appeal_deadline == date(2026, 4, 2)


def test_denials_are_named_by_keys() -> None:
    of = books(
        transactions=[charge()],
        claims=[claim(provider_id="D404")],
        remittances=[denied("R1", "C1", DENIED, adjustment_1_remark="N115")],
        departments=[DEPARTMENT],
    )

    row = only("fact_denials", of)

    assert row["transaction_key"] == surrogate("hospital_a", "T1")
    assert row["payer_key"] == surrogate("AETNA")
    assert row["provider_key"] == "unknown"
    assert row["department_key"] == surrogate("hospital_a", "DEPT1")
    assert row["remark_code"] == "N115"


def test_key_is_the_hash_of_parts_with_their_lengths() -> None:
    # echo -n '10:hospital_a2:T1' | sha256sum
    assert surrogate("hospital_a", "T1") == (
        "d1547923ca2d116776b93bdb8b68df727acb7f6f5e552f8e336a0f01cdfccf75"
    )
