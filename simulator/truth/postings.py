"""The posting ledger of a hospital: all that its accounts' balances changed by, in whole cents.

An account is a charge. Its first amount is posted on the hospital's day on which it was entered,
or of its last change if that is not told, a corrected one on the day of the correction, and what
became of it on the days of the journal.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterator
from datetime import date
from functools import cached_property
from typing import Any, NamedTuple

from simulator.clock import local_day, recorded_day
from simulator.counting import month_of
from simulator.model import Posting, Transaction
from simulator.truth.keys import surrogate
from simulator.truth.published import Published

CHARGE = "charge"
POSTED, REVERSED, MOVED_OUT, MOVED_IN = "posted", "reversed", "moved_out", "moved_in"
_AMOUNT, _PAYER, _INSERTED_AT = (
    Transaction._fields.index(column) for column in ("amount", "payer_id", "inserted_at")
)


class Posted(NamedTuple):
    """One line of the ledger; `amount` is signed as the balance of account and payer changes.

    `transaction_id` is None for a line of the journal whose charge is not there; `version` is that
    of the charge, None for a line of the journal.
    """

    posting_key: str
    transaction_id: str | None
    day: date
    kind: str
    cause: str
    reason: str | None
    payer: str
    amount: int
    version: int | None = None
    claim_id: str | None = None


class Place(NamedTuple):
    """Where postings are added up."""

    month: int
    kind: str
    reason: str | None
    payer: str
    is_reversed: bool


class Total(NamedTuple):
    """The postings of one place: how many lines, and their cents."""

    lines: int
    amount: int


class Ledger:
    """The ledger at the end of a business date."""

    def __init__(self, published: Published) -> None:
        charges = published.charges
        self.lines = [
            *_charges(published),
            *(line for posting in published.postings
              for line in _journal(published.name, posting, charges)),
        ]  # fmt: skip

    @cached_property
    def totals(self) -> dict[Place, Total]:
        """What was posted in each place."""
        amounts: dict[tuple[Any, ...], list[int]] = defaultdict(list)
        for line in self.lines:
            is_reversed = line.cause == REVERSED
            place = month_of(line.day), line.kind, line.reason, line.payer, is_reversed
            amounts[place].append(line.amount)
        return {Place(*place): Total(len(of), sum(of)) for place, of in amounts.items()}

    def months(self, today: date) -> range:
        """Returns the months from the first to the last posting, the running one at most."""
        months = {place.month for place in self.totals}
        return range(min(months), min(max(months), month_of(today)) + 1) if months else range(0)


def _charges(published: Published) -> Iterator[Posted]:
    stood: dict[str, int] = {}
    for source_system, number, effective_date, _, values in published.versions("transactions"):
        account, amount, payer = values[0], values[_AMOUNT], values[_PAYER]
        entered = None if account in stood else recorded_day(values[_INSERTED_AT], source_system)
        day = entered or local_day(effective_date, source_system)
        change = amount - stood.get(account, 0)
        stood[account] = amount
        if change:
            cause = REVERSED if change < 0 else POSTED
            key = f"{surrogate(source_system, account)}.{number}.{CHARGE}.{cause}"
            yield Posted(key, account, day, CHARGE, cause, None, payer, change, number)


def _journal(hospital: str, line: Posting, charges: Container[str]) -> Iterator[Posted]:
    """A transfer takes the balance from one payer and brings it to another."""
    if not line.amount:
        return
    key = surrogate(hospital, line.posting_id)
    is_transfer = line.to_payer_id is not None
    posted = Posted(
        posting_key=f"{key}.{MOVED_OUT}" if is_transfer else key,
        transaction_id=line.transaction_id if line.transaction_id in charges else None,
        day=line.posting_date,
        kind=line.posting_kind,
        cause=MOVED_OUT if is_transfer else POSTED,
        reason=line.reason_code,
        payer=line.payer_id,
        amount=line.amount,
        claim_id=line.claim_id,
    )
    yield posted
    if line.to_payer_id is not None:
        yield posted._replace(
            posting_key=f"{key}.{MOVED_IN}",
            cause=MOVED_IN,
            payer=line.to_payer_id,
            amount=-line.amount,
        )
