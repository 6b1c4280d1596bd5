"""What became of the charges that their primary payer denied."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from operator import attrgetter
from typing import NamedTuple

from simulator.counting import grouped
from simulator.model import Appeal, Claim, Posting, Remittance, Transaction
from simulator.truth.agreements import Agreements
from simulator.truth.outcomes import DENIED, Reason, is_crossover, outcome, refusal
from simulator.truth.published import Published

DENIAL_REASONS = frozenset({"DENIAL", "TIMELY_FILING"})
OPEN, RECOVERED, WRITTEN_OFF, CLOSED = "Open", "Recovered", "Written off", "Closed"


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
    open_amount: int
    last_payment_date: date | None
    last_write_off_date: date | None
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
        """Whether the payer still owes some of it; if not, whether it was given up or came."""
        if self.open_amount > 0:
            return OPEN
        if self.written_off > 0:
            return WRITTEN_OFF
        return RECOVERED if self.recovered > 0 else CLOSED

    @property
    def resolved_date(self) -> date | None:
        """When the last of the money came or was given up."""
        days = {WRITTEN_OFF: self.last_write_off_date, RECOVERED: self.last_payment_date}
        return days.get(self.status)

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
        is_of_primary = claim and claim.payer_sequence == "P" and not is_crossover(remit, claim)
        if claim and is_of_primary and outcome(remit) == DENIED:
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
    owed = charge.amount + _balance(postings, remit.payer_id)
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
        open_amount=max(min(owed, remit.charge_amount - recovered - written_off), 0),
        last_payment_date=_last_day(payments),
        last_write_off_date=_last_day(write_offs),
        appeal_deadline=None if appeal_days is None else day + timedelta(days=appeal_days),
    )


def _sum(postings: Iterable[Posting]) -> int:
    return sum(line.amount for line in postings)


def _balance(postings: Iterable[Posting], payer: str) -> int:
    """Returns what a payer's balance changed by; a transfer takes from one and gives to another."""
    return sum(
        line.amount * ((line.payer_id == payer) - (line.to_payer_id == payer)) for line in postings
    )


def _last_day(postings: Iterable[Posting]) -> date | None:
    return max((line.posting_date for line in postings), default=None)
