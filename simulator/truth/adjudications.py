"""What payers made of every claim: their first and last word, what they allow and what they pay."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from simulator.model import Claim, Remittance, Transaction
from simulator.truth.agreements import Agreements
from simulator.truth.outcomes import (
    DENIED,
    PAID,
    REVERSED,
    allowed,
    in_order,
    is_crossover,
    outcome,
    refused,
)
from simulator.truth.published import REJECTED, Published


class Adjudicated(NamedTuple):
    """A claim and what became of it.

    Attributes:
        charge: what it bills, if that is known.
        first_remit_date: the day of the payer's first word.
        first_outcome: the payer's first word.
        final_outcome: the payer's last word.
        allowed: cents in all, None before the payer's first word.
        is_allowed_stated: the payer says what it allows of what it pays.
        remitted: cents that the payer pays in all, None before its first word.
        expected: cents that the contract allows, if there is one.
        cash_posted_date: the day of the first payment.
        is_first_submission: bills the charge to its primary payer for the first time.
        is_first_pass: the payer paid what was sent first, and nobody touched it again.
    """

    claim: Claim
    charge: Transaction | None
    first_remit_date: date | None
    first_outcome: str | None
    final_outcome: str | None
    allowed: int | None
    is_allowed_stated: bool | None
    remitted: int | None
    expected: int | None
    cash_posted_date: date | None
    is_first_submission: bool
    is_first_pass: bool


def adjudicated(published: Published, agreements: Agreements) -> list[Adjudicated]:
    """Returns every claim with what its payer made of it."""
    cash = _cash_dates(published)
    replaced = {claim.original_claim_id for claim in published.claims.values()}
    found = []
    for key, claim in published.claims.items():
        charge = published.charges.get(claim.transaction_id)
        remits = [
            remit
            for remit in in_order(published.remittances_of.get(key, ()))
            if outcome(remit) is not None and not is_crossover(remit, claim)
        ]
        outcomes = [outcome(remit) for remit in remits]
        is_first = claim.claim_frequency == "1" and claim.payer_sequence == "P"
        is_untouched = claim.claim_status != REJECTED and key not in replaced
        adjudication = Adjudicated(
            claim=claim,
            charge=charge,
            first_remit_date=min((remit.remit_date for remit in remits), default=None),
            first_outcome=_first(outcomes),
            final_outcome=_last(outcomes),
            allowed=sum(map(allowed, remits)) if remits else None,
            is_allowed_stated=all(map(_states_allowed, remits)) if remits else None,
            remitted=sum([remit.paid_amount for remit in remits]) if remits else None,
            expected=agreements.allowed(claim, charge) if charge else None,
            cash_posted_date=cash.get(key),
            is_first_submission=is_first,
            is_first_pass=is_first
            and is_untouched
            and _first(outcomes) == PAID
            and not {DENIED, REVERSED} & set(outcomes)
            and not any(refused(remit) > 0 for remit in remits),
        )
        found.append(adjudication)
    return found


def _cash_dates(published: Published) -> dict[str, date]:
    """Returns the day of each claim's first payment."""
    days: dict[str, date] = {}
    for posting in published.postings:
        if posting.posting_kind == "payment" and posting.claim_id is not None:
            day = days.get(posting.claim_id, posting.posting_date)
            days[posting.claim_id] = min(day, posting.posting_date)
    return days


def _states_allowed(remit: Remittance) -> bool:
    return outcome(remit) == DENIED or remit.allowed_amount is not None


def _first(outcomes: Sequence[str | None]) -> str | None:
    """Returns the first word; what was reversed was paid before."""
    first = outcomes[0] if outcomes else None
    return PAID if first == REVERSED else first


def _last(outcomes: Sequence[str | None]) -> str | None:
    """Returns the last word of a payer that decided anything."""
    return next((one for one in reversed(outcomes) if one), None)
