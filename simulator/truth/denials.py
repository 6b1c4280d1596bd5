"""What became of the charges that their primary payer denied."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from operator import attrgetter
from typing import NamedTuple

from simulator.counting import grouped
from simulator.model import Appeal, Claim, Posting, Remittance, Transaction
from simulator.truth.agreements import Agreements
from simulator.truth.outcomes import DENIED, Reason, outcome, refusal
from simulator.truth.published import Published

DENIAL_REASONS = frozenset({"DENIAL", "TIMELY_FILING"})
OPEN, RECOVERED, WRITTEN_OFF = "Open", "Recovered", "Written off"


class Denial(NamedTuple):
    """The first denial of a charge and all that followed; amounts are cents."""

    charge: Transaction
    claim: Claim
    remit: Remittance
    first_appeal_date: date | None
    appeal_outcome: str | None
    is_worked: bool
    recovered: int
    written_off: int
    resolved_date: date | None
    appeal_deadline: date | None

    @property
    def payer(self) -> str:
        """Who denied it."""
        return self.remit.payer_id

    @property
    def day(self) -> date:
        """When it was denied."""
        return self.remit.remit_date

    @property
    def amount(self) -> int:
        """What was denied."""
        return self.remit.charge_amount

    @property
    def reason(self) -> Reason:
        """Why, as the first adjustment says that refuses payment."""
        return refusal(self.remit)

    @property
    def reason_code(self) -> str:
        """The code of the reason."""
        return self.reason.code

    @property
    def is_initial(self) -> bool:
        """Whether the claim was no correction of another one."""
        return self.claim.claim_frequency == "1"

    @property
    def status(self) -> str:
        """Whether the money came, was given up or is still out."""
        if self.written_off > 0:
            return WRITTEN_OFF
        return RECOVERED if self.recovered > 0 else OPEN

    @property
    def open_amount(self) -> int:
        """What was denied and is still out."""
        return self.amount if self.status == OPEN else 0

    @property
    def days_to_appeal(self) -> int | None:
        """Days until the first appeal."""
        return (self.first_appeal_date - self.day).days if self.first_appeal_date else None

    @property
    def days_to_resolution(self) -> int | None:
        """Days until the money came or was given up."""
        return (self.resolved_date - self.day).days if self.resolved_date else None


def denials(published: Published, agreements: Agreements) -> list[Denial]:
    """Returns the first denial of every charge that its primary payer denied."""
    first = _first_denials(published)
    postings = grouped(
        (line for line in published.postings if line.transaction_id in first),
        attrgetter("transaction_id"),
    )
    appeals = _appeals(published)
    return [
        _followed(
            (published.charges[account], claim, remit),
            published.primary_claims_of[account],
            appeals.get(account, []),
            postings.get(account, []),
            agreements,
        )
        for account, (claim, remit) in first.items()
    ]


def _first_denials(published: Published) -> dict[str, tuple[Claim, Remittance]]:
    first: dict[str, tuple[Claim, Remittance]] = {}
    for remit in published.remittances:
        claim = published.claims.get(remit.claim_id)
        if outcome(remit) == DENIED and claim and claim.payer_sequence == "P":
            first.setdefault(claim.transaction_id, (claim, remit))
    return {account: denial for account, denial in first.items() if account in published.charges}


def _appeals(published: Published) -> dict[str, list[Appeal]]:
    """Returns the appeals of each transaction, in the order in which they were filed."""
    ordered = sorted(published.appeals, key=attrgetter("filed_date", "appeal_id"))
    known = [appeal for appeal in ordered if appeal.claim_id in published.claims]
    return grouped(known, lambda appeal: published.claims[appeal.claim_id].transaction_id)


def _followed(
    denied: tuple[Transaction, Claim, Remittance],
    primary_claims: Sequence[Claim],
    appeals: Sequence[Appeal],
    postings: Sequence[Posting],
    agreements: Agreements,
) -> Denial:
    charge, claim, remit = denied
    day = remit.remit_date
    later = [
        line for line in postings if line.posting_date >= day and line.payer_id == remit.payer_id
    ]
    payments = [line for line in later if line.posting_kind == "payment"]
    takebacks = [line for line in later if line.posting_kind == "takeback"]
    write_offs = [
        line
        for line in postings
        if line.posting_kind == "write_off" and line.reason_code in DENIAL_REASONS
    ]
    recovered, written_off = -_sum(payments) - _sum(takebacks), -_sum(write_offs)
    payments = payments if recovered > 0 else []
    appeal_days = agreements.appeal_days(remit.payer_id, day)
    return Denial(
        charge=charge,
        claim=claim,
        remit=remit,
        first_appeal_date=appeals[0].filed_date if appeals else None,
        appeal_outcome=appeals[-1].outcome if appeals else None,
        is_worked=any(appeal.filed_date >= day for appeal in appeals)
        or any(one is not claim and one.claim_date >= day for one in primary_claims),
        recovered=recovered,
        written_off=written_off,
        resolved_date=_first_day(write_offs if written_off > 0 else payments),
        appeal_deadline=None if appeal_days is None else day + timedelta(days=appeal_days),
    )


def _sum(postings: Iterable[Posting]) -> int:
    return sum(line.amount for line in postings)


def _first_day(postings: Iterable[Posting]) -> date | None:
    return min((line.posting_date for line in postings), default=None)
