"""What payers made of every claim: their first and last word, what they allow and what they pay."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from simulator.model import Claim, Transaction
from simulator.truth.agreements import Agreements
from simulator.truth.published import Published

DENIED = "4"
REVERSED = "22"
OUTCOMES = {"1": "Paid", "2": "Paid", DENIED: "Denied", REVERSED: "Reversed"}


class Adjudicated(NamedTuple):
    """A claim and what became of it.

    Attributes:
        charge: what it bills, if that is known.
        first_remit_date: the day of the payer's first word.
        first_outcome: the payer's first word.
        final_outcome: the payer's last word.
        allowed: cents in all.
        remitted: cents that the payer pays in all.
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
    allowed: int
    remitted: int
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
        remits = published.remittances_of.get(key, ())
        outcomes = [OUTCOMES[remit.status_code] for remit in remits]
        is_first = claim.claim_frequency == "1" and claim.payer_sequence == "P"
        is_untouched = claim.claim_status != "Rejected" and key not in replaced
        adjudication = Adjudicated(
            claim=claim,
            charge=charge,
            first_remit_date=remits[0].remit_date if remits else None,
            first_outcome=outcomes[0] if remits else None,
            final_outcome=outcomes[-1] if remits else None,
            allowed=sum([remit.allowed_amount for remit in remits]),
            remitted=sum([remit.paid_amount for remit in remits]),
            expected=agreements.allowed(claim, charge) if charge else None,
            cash_posted_date=cash.get(key),
            is_first_submission=is_first,
            is_first_pass=is_first and is_untouched and set(outcomes) == {"Paid"},
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
