"""Claims and remittances as pure steps: sent, refused, approved, remitted, reversed, voided.

Each function returns new values; when and whether a step is taken is decided elsewhere. A
remittance always balances: its charge less its adjustments is what it pays.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple

from simulator.model import Claim, Remittance, Transaction
from simulator.vocabulary import PAYERS

ORIGINAL, CORRECTED, VOID = "1", "7", "8"
PRIMARY, SECONDARY = "P", "S"
PAID_FIRST, PAID_SECOND, DENIED, REVERSED = "1", "2", "4", "22"
CONTRACTUAL_REASON = "CO-45"
ADJUSTMENTS = 4


class Adjustment(NamedTuple):
    """Why a payer does not pay a part of the charge (CAS of an 835); the amount is cents."""

    group: str | None = None
    code: str | None = None
    amount: int | None = None
    remark: str | None = None


class Shares(NamedTuple):
    """What a payer allows of a charge and how it is shared out, in cents."""

    paid: int
    deductible: int = 0
    coinsurance: int = 0
    copay: int = 0


class Message(NamedTuple):
    """The number, cheque and time of a remittance."""

    remittance_id: str
    check_number: str
    day: date
    at: datetime


def submit(charge: Transaction, claim_id: str, at: datetime, sent: date, edit_count: int) -> Claim:
    """Returns the claim that bills the charge's whole amount to its payer."""
    return Claim(
        claim_id=claim_id,
        transaction_id=charge.transaction_id,
        patient_id=charge.patient_id,
        encounter_id=charge.encounter_id,
        provider_id=charge.provider_id,
        department_id=charge.department_id,
        service_date=charge.service_date,
        claim_date=sent,
        adjudication_date=None,
        payer_id=charge.payer_id,
        claim_amount=charge.amount,
        paid_amount=0,
        claim_status="Pending",
        payer_type=PAYERS[charge.payer_id].payer_type,
        deductible_amount=0,
        coinsurance_amount=0,
        copay_amount=0,
        claim_frequency=ORIGINAL,
        original_claim_id=None,
        payer_sequence=PRIMARY,
        edit_count=edit_count,
        inserted_at=at,
    )


def correcting(claim: Claim, original: str) -> Claim:
    """Returns the claim as one that replaces another."""
    return claim._replace(claim_frequency=CORRECTED, original_claim_id=original)


def voiding(claim: Claim, original: str) -> Claim:
    """Returns the claim as one that takes another back; payers accept it at once."""
    return claim._replace(
        claim_frequency=VOID,
        original_claim_id=original,
        claim_status="Approved",
        adjudication_date=claim.claim_date,
    )


def to_secondary(claim: Claim, payer: str) -> Claim:
    """Returns the claim as sent to the patient's second payer."""
    return claim._replace(
        payer_id=payer, payer_type=PAYERS[payer].payer_type, payer_sequence=SECONDARY
    )


def refuse(claim: Claim, status: str, decided: date | None) -> Claim:
    """Returns the claim as Denied by its payer, or Rejected before it was looked at."""
    return claim._replace(claim_status=status, adjudication_date=decided)


def approve(claim: Claim, shares: Shares, decided: date | None) -> Claim:
    """Returns the claim with the payer's share and the patient's; the rest is contractual."""
    return claim._replace(
        claim_status="Approved",
        adjudication_date=decided,
        paid_amount=shares.paid,
        deductible_amount=shares.deductible,
        coinsurance_amount=shares.coinsurance,
        copay_amount=shares.copay,
    )


def take_back(claim: Claim) -> Claim:
    """Returns the claim after its payer took the payment back."""
    return claim._replace(paid_amount=0, deductible_amount=0, coinsurance_amount=0, copay_amount=0)


def patient_share(claim: Claim) -> int:
    """Returns what the payer leaves to the patient."""
    return claim.deductible_amount + claim.coinsurance_amount + claim.copay_amount


def disallowed(claim: Claim) -> int:
    """Returns the part of an approved claim that neither payer nor patient owes.

    Negative if the payer pays more than was billed.
    """
    return claim.claim_amount - claim.paid_amount - patient_share(claim)


def remit(claim: Claim, message: Message) -> Remittance:
    """Returns the payer's message about an approved claim.

    What a second payer does not look at was settled by the first one (OA-23).
    """
    is_primary = claim.payer_sequence == PRIMARY
    rest = disallowed(claim)
    parts = (
        Adjustment("CO", "45", rest) if is_primary else Adjustment("OA", "23", rest),
        Adjustment("PR", "1", claim.deductible_amount),
        Adjustment("PR", "2", claim.coinsurance_amount),
        Adjustment("PR", "3", claim.copay_amount),
    )
    status = PAID_FIRST if is_primary else PAID_SECOND
    return _remittance(claim, message, status, [part for part in parts if part.amount])


def remit_denial(claim: Claim, code: str, remark: str | None, message: Message) -> Remittance:
    """Returns the payer's message that it pays nothing, and why."""
    why = Adjustment("CO", code, claim.claim_amount, remark)
    return _remittance(claim, message, DENIED, [why])


def reverse(remittance: Remittance, message: Message) -> Remittance:
    """Returns the message that takes another one back, amount for amount."""
    amounts = {
        name: -value
        for name in Remittance._fields
        if name.endswith("_amount") and (value := getattr(remittance, name)) is not None
    }
    return remittance._replace(
        remittance_id=message.remittance_id,
        remit_date=message.day,
        check_number=message.check_number,
        status_code=REVERSED,
        inserted_at=message.at,
        **amounts,
    )


def _remittance(
    claim: Claim, message: Message, status: str, adjustments: Sequence[Adjustment]
) -> Remittance:
    patient = patient_share(claim)
    padding = [Adjustment()] * (ADJUSTMENTS - len(adjustments))
    padded = [*adjustments, *padding]
    first, second, third, fourth = padded
    return Remittance(
        message.remittance_id,
        claim.claim_id,
        claim.payer_id,
        message.day,
        message.check_number,
        status,
        claim.claim_amount,
        claim.paid_amount,
        patient,
        claim.paid_amount + patient,
        *first,
        *second,
        *third,
        *fourth,
        message.at,
    )
