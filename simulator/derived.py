"""What each entity's published row says beyond its own columns."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from simulator.model import Claim, Patient, Transaction


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


def derived(entity: str, truth: Any, at: datetime) -> tuple[Any, ...]:
    """Returns the derived columns of a record as it is from an instant on."""
    return DERIVE[entity](truth, at) if entity in DERIVE else ()
