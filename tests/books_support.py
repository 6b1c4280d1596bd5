"""Records of a small hospital made by hand: each says only what its test is about. Cents, UTC."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from typing import Any, NamedTuple

from simulator.clock import Stamp
from simulator.model import (
    ENTITIES,
    Appeal,
    Claim,
    Department,
    FeeSchedule,
    Patient,
    PayerTerms,
    Posting,
    Procedure,
    Provider,
    Remittance,
    Transaction,
)
from simulator.shelf import Row, Shelf
from simulator.truth.books import Books
from simulator.truth.published import Published
from simulator.truth.tables import TABLES

HOSPITAL = "hospital_a"
TODAY = date(2026, 3, 15)
SERVICE = date(2026, 1, 10)
AETNA, MEDICARE, SELF_PAY = "Aetna", "Medicare", "Self-Pay"
Record = dict[str, Any]


class Since(NamedTuple):
    """What a record says since noon of a day."""

    record: Any
    day: date


def books(today: date = TODAY, **records: Sequence[Any]) -> Books:
    """The books of a hospital with these records by entity, in force since SERVICE or a day."""
    shelves: dict[str, Shelf[Any]] = {entity: Shelf(HOSPITAL, entity) for entity in ENTITIES}
    for entity, written in records.items():
        for one in written:
            record, day = one if isinstance(one, Since) else Since(one, SERVICE)
            shelves[entity].write(record, Row("", Stamp(day, at(day)), 0, opens_version=True))
    return Books(Published(HOSPITAL, today, shelves))


def rows(name: str, of: Books) -> list[Record]:
    """The rows of a gold table by column, without the hospital's name."""
    table = TABLES[name]
    found = [dict(zip(table.columns, row, strict=True)) for row in table.rows(of)]
    assert all(row.pop("source_system") == HOSPITAL for row in found)
    return found


def only(name: str, of: Books) -> Record:
    """The one row of a gold table."""
    (row,) = rows(name, of)
    return row


def at(day: date) -> datetime:
    """Noon of a day in UTC."""
    return datetime.combine(day, time(12), UTC)


def charge(transaction_id: str = "T1", **values: Any) -> Transaction:
    """A charge of 100.00 for Aetna, served and entered on 10 January, not billed."""
    entered = values.pop("entered", None) or values.get("service_date", SERVICE)
    defaults: Record = {
        "transaction_id": transaction_id, "encounter_id": "E1", "patient_id": "P1",
        "provider_id": "D1", "department_id": "DEPT1", "visit_date": SERVICE,
        "service_date": SERVICE, "paid_date": None, "visit_type": "Outpatient", "amount": 100_00,
        "amount_type": "Insurance", "paid_amount": 0, "patient_paid_amount": 0,
        "adjustment_amount": 0, "write_off_amount": 0, "claim_id": None, "payer_id": AETNA,
        "procedure_code": "99201", "icd_code": "I10", "line_of_business": "Commercial",
        "medicaid_id": None, "medicare_id": None, "billed_date": None, "inserted_at": at(entered),
    }  # fmt: skip
    return Transaction(**defaults | values)


def claim(claim_id: str = "C1", transaction_id: str = "T1", **values: Any) -> Claim:
    """A first claim for 100.00 to Aetna, sent on 20 January, not decided."""
    defaults: Record = {
        "claim_id": claim_id, "transaction_id": transaction_id, "patient_id": "P1",
        "encounter_id": "E1", "provider_id": "D1", "department_id": "DEPT1",
        "service_date": SERVICE, "claim_date": date(2026, 1, 20), "adjudication_date": None,
        "payer_id": AETNA, "claim_amount": 100_00, "paid_amount": 0, "claim_status": "Pending",
        "payer_type": "Private", "deductible_amount": 0, "coinsurance_amount": 0,
        "copay_amount": 0, "claim_frequency": "1", "original_claim_id": None,
        "payer_sequence": "P", "edit_count": 0, "inserted_at": at(SERVICE),
    }  # fmt: skip
    return Claim(**defaults | values)


def remit(
    remittance_id: str,
    claim_id: str,
    remit_date: date,
    status_code: str = "1",
    *adjustments: tuple[str, str, int],
    **values: Any,
) -> Remittance:
    """A remittance of Aetna on a charge of 100.00 with adjustments (group, code, cents)."""
    parts: Record = {}
    for number in range(1, 5):
        group, code, amount = (*adjustments, *[(None, None, None)] * 4)[number - 1]
        parts |= {
            f"adjustment_{number}_group": group,
            f"adjustment_{number}_code": code,
            f"adjustment_{number}_amount": amount,
            f"adjustment_{number}_remark": None,
        }
    defaults: Record = {
        "remittance_id": remittance_id, "claim_id": claim_id, "payer_id": AETNA,
        "remit_date": remit_date, "check_number": "K1", "status_code": status_code,
        "charge_amount": 100_00, "paid_amount": 0, "patient_responsibility_amount": 0,
        "allowed_amount": 0, **parts, "inserted_at": at(remit_date),
    }  # fmt: skip
    return Remittance(**defaults | values)


def paid(remittance_id: str, claim_id: str, remit_date: date, **values: Any) -> Remittance:
    """A remittance that allows 70.00 of 100.00 and pays it."""
    amounts: Record = {"paid_amount": 70_00, "allowed_amount": 70_00}
    return remit(remittance_id, claim_id, remit_date, "1", ("CO", "45", 30_00), **amounts | values)


def denied(
    remittance_id: str, claim_id: str, remit_date: date, code: str = "50", **values: Any
) -> Remittance:
    """A remittance that denies all of 100.00."""
    amount = values.get("charge_amount", 100_00)
    return remit(remittance_id, claim_id, remit_date, "4", ("CO", code, amount), **values)


_numbers = iter(range(1_000_000))


def posting(kind: str, amount: int, day: date, account: str = "T1", **values: Any) -> Posting:
    """A line of the journal; the patient is named where a patient pays, else Aetna."""
    defaults: Record = {
        "posting_id": f"L{next(_numbers)}", "transaction_id": account, "posting_date": day,
        "posting_kind": kind, "reason_code": None, "amount": amount, "claim_id": None,
        "payer_id": SELF_PAY if kind == "patient_payment" else AETNA, "to_payer_id": None,
        "inserted_at": at(day),
    }  # fmt: skip
    return Posting(**defaults | values)


def write_off(amount: int, day: date, reason: str, account: str = "T1") -> Posting:
    """A write-off of an amount."""
    return posting("write_off", -amount, day, account, reason_code=reason)


def transfer(amount: int, day: date, to_payer: str = SELF_PAY, account: str = "T1") -> Posting:
    """A balance that goes from Aetna to another payer."""
    return posting("transfer", -amount, day, account, reason_code="PATIENT", to_payer_id=to_payer)


def appeal(appeal_id: str, claim_id: str, filed_date: date, outcome: str = "Pending") -> Appeal:
    """An appeal against the denial of a claim."""
    return Appeal(appeal_id, claim_id, filed_date, None, outcome, at(filed_date))


def fee(percent: int, first: date, last: date | None = None, payer: str = AETNA) -> FeeSchedule:
    """What a payer allows of the charge for an office visit."""
    return FeeSchedule(payer, "99201", first, last, percent)


def terms(filing_days: int, appeal_days: int, payer: str = AETNA) -> PayerTerms:
    """A payer's terms since 2025."""
    return PayerTerms(payer, date(2025, 1, 1), None, filing_days, appeal_days)


def patient(patient_id: str = "P1", **values: Any) -> Patient:
    """A person of whom nothing optional is known."""
    defaults: Record = {
        "patient_id": patient_id, "first_name": "Ann", "last_name": "Lee", "middle_name": None,
        "ssn": None, "phone": None, "email": None, "gender": None, "birth_date": date(1980, 5, 1),
        "address": "1 Main St, Town, ST 12345", "insurance_name": None,
    }  # fmt: skip
    return Patient(**defaults | values)


PROVIDER = Provider("D1", "Eve", "Roe", "Surgery", "DEPT1", "1234567893")
DEPARTMENT = Department("DEPT1", "Surgery")
PROCEDURE = Procedure("99201", "Office visit", "Office visit, level 1", "No change")
