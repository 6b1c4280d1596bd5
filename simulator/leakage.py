"""Where a hospital's money leaks, counted over everything that is published of it.

Every charge with the property on the business date is listed, planted or not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from operator import attrgetter
from typing import NamedTuple

from simulator.billing import ORIGINAL, PRIMARY
from simulator.care import is_insured
from simulator.contracts import Contracts
from simulator.counting import grouped
from simulator.hospital import Hospital
from simulator.model import Claim, Remittance
from simulator.truth.outcomes import PAID, allowed, in_order, outcome

UNCLAIMED_AFTER = timedelta(days=60)
UNANSWERED_AFTER = timedelta(days=90)
COLUMNS = ("kind", "source_system", "record_id")
Leak = tuple[str, str, str]


def leaks(hospital: Hospital, contracts: Contracts) -> list[Leak]:
    """Returns kind, hospital and encounter, transaction or claim of every leak."""
    answers = _answers(hospital.remittances.current.values())
    found = {
        "encounter_without_charge": _encounters_without_charge(hospital),
        "charge_without_claim": _charges_without_claim(hospital),
        "claim_without_remittance": _claims_without_remittance(hospital, answers),
        "underpaid_claim": _underpaid_claims(hospital, contracts, answers),
        "late_filing": _late_filings(hospital, contracts),
    }
    return [(kind, hospital.name, key) for kind, keys in found.items() for key in keys]


class Answer(NamedTuple):
    """What a payer has said to a claim: whether it pays in the end, and what it allows in cents."""

    is_paid: bool
    allowed: int


def _answers(remittances: Iterable[Remittance]) -> dict[str, Answer]:
    answers = {}
    for claim_id, remits in grouped(remittances, attrgetter("claim_id")).items():
        decided = [outcome(one) for one in in_order(remits) if outcome(one)]
        answers[claim_id] = Answer(decided[-1:] == [PAID], sum(map(allowed, remits)))
    return answers


def _encounters_without_charge(hospital: Hospital) -> Iterator[str]:
    charged = {charge.encounter_id for charge in hospital.transactions.current.values()}
    return (key for key in hospital.encounters.current if key not in charged)


def _charges_without_claim(hospital: Hospital) -> Iterator[str]:
    """Insured charges that were never claimed, of services long enough ago."""
    claimed = {claim.transaction_id for claim in hospital.claims.current.values()}
    oldest = hospital.today - UNCLAIMED_AFTER
    return (
        key
        for key, charge in hospital.transactions.current.items()
        if key not in claimed and charge.service_date < oldest and is_insured(charge.payer_id)
    )


def _claims_without_remittance(hospital: Hospital, answers: Mapping[str, Answer]) -> Iterator[str]:
    """Claims that were sent long ago and never answered."""
    oldest = hospital.today - UNANSWERED_AFTER
    return (
        key
        for key, claim in hospital.claims.current.items()
        if claim.claim_status == "Pending" and claim.claim_date < oldest and key not in answers
    )


def _underpaid_claims(
    hospital: Hospital, contracts: Contracts, answers: Mapping[str, Answer]
) -> Iterator[str]:
    """Primary payers' claims that were paid, with less allowed than agreed."""
    for key, claim in hospital.claims.current.items():
        answer = answers.get(key)
        if answer and answer.is_paid and claim.payer_sequence == PRIMARY:
            agreed = _agreed(hospital, contracts, claim)
            if agreed is not None and answer.allowed < agreed:
                yield key


def _agreed(hospital: Hospital, contracts: Contracts, claim: Claim) -> int | None:
    charge = hospital.transactions.current.get(claim.transaction_id)
    if charge is None:
        return None
    percent = contracts.allowed_percent(claim.payer_id, charge.procedure_code, claim.service_date)
    return claim.claim_amount * percent // 100


def _late_filings(hospital: Hospital, contracts: Contracts) -> Iterator[str]:
    """Original claims to the first payer that were sent after its limit."""
    for key, claim in hospital.claims.current.items():
        if claim.claim_frequency == ORIGINAL and claim.payer_sequence == PRIMARY:
            limit = contracts.terms(claim.payer_id, claim.service_date).timely_filing_days
            if claim.claim_date - claim.service_date > timedelta(days=limit):
                yield key
