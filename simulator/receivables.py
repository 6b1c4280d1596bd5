"""The receivables of a hospital, account by account, in whole cents.

An account is a charge, and what is posted on a day is what the hospital says of it since that day
(UTC). A charge keeps its payer and its day of service, and none is deleted.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date
from itertools import pairwise
from typing import Any, NamedTuple

from simulator.hospital import Hospital
from simulator.model import Transaction

Rows = Iterator[tuple[Any, ...]]
COLUMNS: dict[str, tuple[str, ...]] = {
    "fact_ledger": ("source_system", "posting_kind", "row_count", "posted_amount"),
}
GRAINS: dict[str, int] = {}
KINDS = {
    "charge": "amount",
    "payment": "paid_amount",
    "patient_payment": "patient_paid_amount",
    "contractual": "adjustment_amount",
    "write_off": "write_off_amount",
}


class Standing(NamedTuple):
    """What a charge says from a day on."""

    day: date
    charge: Transaction


class Posting(NamedTuple):
    """A change of an account in cents, signed as the balance changes."""

    day: date
    payer: str
    kind: str
    amount: int
    is_reversal: bool


class Receivables:
    """The accounts of a hospital at the end of its business date."""

    def __init__(self, hospital: Hospital) -> None:
        self.name = hospital.name
        self.today = hospital.today
        self.accounts: dict[str, list[Standing]] = defaultdict(list)
        for version in hospital.transactions.versions:
            charge = Transaction._make(version.values[: len(Transaction._fields)])
            standing = Standing(version.effective_date.date(), charge)
            self.accounts[charge.transaction_id].append(standing)

    def postings(self) -> Iterator[Posting]:
        """Yields everything that was ever posted."""
        for standings in self.accounts.values():
            yield from _changes(None, standings[0])
            for before, after in pairwise(standings):
                yield from _changes(before.charge, after)

    def ledger(self) -> Rows:
        """Yields how many postings of each kind there are, and their sum."""
        counts: Counter[str] = Counter()
        sums: Counter[str] = Counter()
        for posting in self.postings():
            counts[posting.kind] += 1
            sums[posting.kind] += posting.amount
        for kind, count in counts.items():
            yield self.name, kind, count, sums[kind]


def _changes(before: Transaction | None, after: Standing) -> Iterator[Posting]:
    for kind, field in KINDS.items():
        grown = getattr(after.charge, field) - getattr(before, field, 0)
        if grown:
            amount = grown if kind == "charge" else -grown
            yield Posting(after.day, after.charge.payer_id, kind, amount, grown < 0)
