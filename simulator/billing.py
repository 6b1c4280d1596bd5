"""The life of a charge as pure steps: posted, claimed, decided, paid, written off.

Every step keeps `amount = paid + patient_paid + adjustment + write_off + open` to the cent and
returns new values; when and whether a step is taken is decided elsewhere.
"""

from __future__ import annotations

from datetime import date, datetime

from simulator.chance import Chance
from simulator.model import Claim, Transaction
from simulator.vocabulary import PAYERS

COPAYS = (0, 0, 1_000, 2_000, 3_500)
DEDUCTIBLE_PERCENTS = (0, 0, 0, 10, 25)
COINSURANCE_PERCENTS = (0, 10, 20)
MISSING_ADJUDICATION_RATE = 0.04
REJECTED_SHARE = 0.2


def submit(charge: Transaction, claim_id: str, at: datetime, sent: date) -> Claim:
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
        claim_frequency="1",
        original_claim_id=None,
        payer_sequence="P",
        edit_count=0,
        inserted_at=at,
    )


def refuse(claim: Claim, decided: date, chance: Chance) -> Claim:
    """Returns the claim as denied by its payer, or rejected before it was looked at."""
    status = "Rejected" if chance.happens(REJECTED_SHARE) else "Denied"
    return claim._replace(claim_status=status, adjudication_date=_known(decided, chance))


def approve(claim: Claim, decided: date, chance: Chance) -> Claim:
    """Returns the claim with the payer's share and the patient's; the rest is contractual."""
    allowed = claim.claim_amount * chance.choice(PAYERS[claim.payer_id].allowed_percents) // 100
    copay = min(allowed, chance.choice(COPAYS))
    deductible = (allowed - copay) * chance.choice(DEDUCTIBLE_PERCENTS) // 100
    coinsurance = (allowed - copay - deductible) * chance.choice(COINSURANCE_PERCENTS) // 100
    return claim._replace(
        claim_status="Approved",
        adjudication_date=_known(decided, chance),
        paid_amount=allowed - copay - deductible - coinsurance,
        deductible_amount=deductible,
        coinsurance_amount=coinsurance,
        copay_amount=copay,
    )


def is_refused(claim: Claim, chance: Chance) -> bool:
    """Returns whether the payer refuses a claim."""
    return chance.happens(PAYERS[claim.payer_id].denial_rate)


def pay(charge: Transaction, claim: Claim, paid: date) -> tuple[Transaction, Claim]:
    """Returns the charge with the approved claim's money and adjustment posted, and the claim."""
    patient_share = claim.deductible_amount + claim.coinsurance_amount + claim.copay_amount
    adjustment = claim.claim_amount - claim.paid_amount - patient_share
    posted = charge._replace(
        paid_amount=claim.paid_amount, adjustment_amount=adjustment, paid_date=paid
    )
    return posted, claim._replace(claim_status="Paid")


def patient_pays(charge: Transaction, amount: int, paid: date) -> Transaction:
    """Returns the charge with a payment of the patient, in cents."""
    total = charge.patient_paid_amount + amount
    return charge._replace(patient_paid_amount=total, paid_date=paid)


def write_off(charge: Transaction, written: date) -> Transaction:
    """Returns the charge with its open balance written off."""
    total = charge.write_off_amount + charge.open_amount
    return charge._replace(write_off_amount=total, paid_date=written)


def overpay(charge: Transaction, claim: Claim, extra: int) -> tuple[Transaction, Claim]:
    """Returns a paid charge and its claim as if the payer had paid `extra` cents too much."""
    paid = charge.amount + extra
    posted = charge._replace(
        paid_amount=paid, patient_paid_amount=0, adjustment_amount=0, write_off_amount=0
    )
    return posted, claim._replace(
        paid_amount=paid, deductible_amount=0, coinsurance_amount=0, copay_amount=0
    )


def _known(decided: date, chance: Chance) -> date | None:
    """Some payers leave the day of the decision out of their files."""
    return None if chance.happens(MISSING_ADJUDICATION_RATE) else decided
