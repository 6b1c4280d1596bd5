"""The posting ledger of a hospital: all that its accounts' balances changed by, in whole cents.

An account is a charge. Its first amount is posted on the day it was entered (UTC), a corrected one
on the day of the correction, and what became of it on the days of the hospital's journal.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from functools import cached_property
from typing import Any, NamedTuple

from simulator.counting import month_of
from simulator.model import Posting, Transaction
from simulator.truth.published import Published

CHARGE = "charge"
_KEY, _AMOUNT, _PAYER, _INSERTED_AT = (
    Transaction._fields.index(column)
    for column in ("transaction_id", "amount", "payer_id", "inserted_at")
)


class Posted(NamedTuple):
    """One line of the ledger; `amount` is signed as the balance of account and payer changes."""

    transaction_id: str
    day: date
    kind: str
    reason: str | None
    payer: str
    amount: int
    is_reversed: bool = False


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
        self.lines = [*_charges(published), *_journal(published.postings)]

    @cached_property
    def totals(self) -> dict[Place, Total]:
        """What was posted in each place."""
        amounts: dict[tuple[Any, ...], list[int]] = defaultdict(list)
        for _, day, kind, reason, payer, amount, is_reversed in self.lines:
            amounts[month_of(day), kind, reason, payer, is_reversed].append(amount)
        return {Place(*place): Total(len(of), sum(of)) for place, of in amounts.items()}

    def months(self, today: date) -> range:
        """Returns the months from the first to the last posting, the running one at most."""
        months = {place.month for place in self.totals}
        return range(min(months), min(max(months), month_of(today)) + 1) if months else range(0)


def _charges(published: Published) -> Iterator[Posted]:
    stood: dict[str, int] = {}
    for _, _, effective_date, _, values in published.versions("transactions"):
        account, amount, payer = values[_KEY], values[_AMOUNT], values[_PAYER]
        day = (effective_date if account in stood else values[_INSERTED_AT]).date()
        change = amount - stood.get(account, 0)
        stood[account] = amount
        if change:
            yield Posted(account, day, CHARGE, None, payer, change, change < 0)


def _journal(postings: list[Posting]) -> Iterator[Posted]:
    """A transfer takes the balance from one payer and brings it to another."""
    for line in postings:
        account, day = line.transaction_id, line.posting_date
        kind, reason, amount = line.posting_kind, line.reason_code, line.amount
        yield Posted(account, day, kind, reason, line.payer_id, amount)
        if line.to_payer_id is not None:
            yield Posted(account, day, kind, reason, line.to_payer_id, -amount)
