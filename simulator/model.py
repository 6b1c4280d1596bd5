"""The clean truth: what each entity's published row must say.

The fields of a class are the entity's columns in contract order and the first one is its key.
Money is whole cents (USD), instants are UTC, a missing value is None.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any, NamedTuple


class Patient(NamedTuple):
    """A person as registered at one hospital."""

    patient_id: str
    first_name: str
    last_name: str
    middle_name: str | None
    ssn: str | None
    phone: str | None
    email: str | None
    gender: str | None
    birth_date: date
    address: str
    insurance_name: str | None


class Provider(NamedTuple):
    """A clinician of one hospital."""

    provider_id: str
    first_name: str
    last_name: str
    specialization: str
    department_id: str
    npi: str


class Department(NamedTuple):
    """A department of one hospital."""

    department_id: str
    name: str


class Encounter(NamedTuple):
    """A visit of a patient."""

    encounter_id: str
    patient_id: str
    encounter_date: date
    encounter_type: str
    provider_id: str
    department_id: str
    procedure_code: str
    inserted_at: datetime


class Transaction(NamedTuple):
    """A charge with what was paid and adjusted on it so far."""

    transaction_id: str
    encounter_id: str
    patient_id: str
    provider_id: str
    department_id: str
    visit_date: date
    service_date: date
    paid_date: date | None
    visit_type: str
    amount: int
    amount_type: str
    paid_amount: int
    patient_paid_amount: int
    adjustment_amount: int
    write_off_amount: int
    claim_id: str | None
    payer_id: str
    procedure_code: str
    icd_code: str
    line_of_business: str | None
    medicaid_id: str | None
    medicare_id: str | None
    inserted_at: datetime

    @property
    def settled_amount(self) -> int:
        """Everything paid, adjusted and written off, in cents."""
        return (
            self.paid_amount
            + self.patient_paid_amount
            + self.adjustment_amount
            + self.write_off_amount
        )

    @property
    def open_amount(self) -> int:
        """Balance still owed in cents; negative is a credit."""
        return self.amount - self.settled_amount


class Claim(NamedTuple):
    """A claim with the payer's decision so far."""

    claim_id: str
    transaction_id: str
    patient_id: str
    encounter_id: str
    provider_id: str
    department_id: str
    service_date: date
    claim_date: date
    adjudication_date: date | None
    payer_id: str
    claim_amount: int
    paid_amount: int
    claim_status: str
    payer_type: str
    deductible_amount: int
    coinsurance_amount: int
    copay_amount: int
    inserted_at: datetime


class Procedure(NamedTuple):
    """A procedure code of the published code set."""

    procedure_code: str
    category: str
    description: str
    code_status: str


def age_on(day: date, birth_date: date) -> int:
    """Returns the completed years of age."""
    return day.year - birth_date.year - ((day.month, day.day) < (birth_date.month, birth_date.day))


def transaction_status(charge: Transaction) -> str:
    """Returns Paid, Partial or Pending by the money on the charge."""
    collected = charge.paid_amount + charge.patient_paid_amount
    if collected <= 0:
        return "Pending"
    return "Paid" if collected + charge.adjustment_amount >= charge.amount else "Partial"


def claim_status(claim: Claim) -> str:
    """Returns Paid, Partial, Pending or Denied by the payer's decision and money."""
    if claim.claim_status in {"Denied", "Rejected"}:
        return "Denied"
    if claim.claim_status == "Pending" or claim.paid_amount <= 0:
        return "Pending"
    return "Paid" if claim.paid_amount >= claim.claim_amount else "Partial"


def _of_patient(patient: Patient, at: datetime) -> tuple[Any, ...]:
    zip_code = patient.address.rsplit(" ", 1)[1]
    return zip_code[:3], age_on(at.date(), patient.birth_date)


def _of_transaction(charge: Transaction, _: datetime) -> tuple[Any, ...]:
    coverage = _millionths(charge.paid_amount, charge.amount)
    return charge.open_amount, coverage, transaction_status(charge)


def _of_claim(claim: Claim, _: datetime) -> tuple[Any, ...]:
    return _millionths(claim.paid_amount, claim.claim_amount), claim_status(claim)


def _millionths(part: int, whole: int) -> int | None:
    """Returns the ratio in millionths, half up; None of a whole of nothing."""
    return (2_000_000 * part + whole) // (2 * whole) if whole else None


ENTITIES: dict[str, type[Any]] = {
    "patients": Patient,
    "providers": Provider,
    "departments": Department,
    "encounters": Encounter,
    "transactions": Transaction,
    "claims": Claim,
    "procedures": Procedure,
}
DERIVED_COLUMNS: dict[str, tuple[str, ...]] = {
    "patients": ("zip3", "age_years"),
    "transactions": ("open_amount", "coverage_rate", "payment_status"),
    "claims": ("coverage_rate", "payment_status"),
}
DERIVE: dict[str, Callable[[Any, datetime], tuple[Any, ...]]] = {
    "patients": _of_patient,
    "transactions": _of_transaction,
    "claims": _of_claim,
}
