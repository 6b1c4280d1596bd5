"""The balances of a hospital's accounts by payer at month ends, in whole cents.

An account is a charge. Its balance lies with one payer or another, as transfers say.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from functools import cache, cached_property
from typing import NamedTuple

from simulator.counting import month_end, month_of
from simulator.model import Transaction
from simulator.truth.postings import Ledger
from simulator.truth.published import Published

AGES = (30, 60, 90, 120)
BUCKETS = ("0-30", "31-60", "61-90", "91-120", "over 120")
OLD_BUCKETS = ("91-120", "over 120")
UNBILLED = "unbilled"


class Balances(NamedTuple):
    """Accounts with a balance, and what is owed on them and to their payers, in cents."""

    accounts: int
    owed: int
    credit: int
    credit_accounts: int

    @property
    def net(self) -> int:
        """What is owed less the credits."""
        return self.owed - self.credit


class Cell(NamedTuple):
    """The balances of a month end and payer, by the age of service and bill; none is nothing."""

    month: int
    payer: str
    bucket: str
    bill_bucket: str
    balances: list[int]


class Receivables:
    """The balances at the end of a business date."""

    def __init__(self, published: Published, ledger: Ledger) -> None:
        self._charges = published.charges
        self._today = published.today
        self._moves: dict[tuple[str, str], list[tuple[int, int]]] = defaultdict(list)
        for line in ledger.lines:
            moves = self._moves[line.transaction_id, line.payer]
            moves.append((month_of(line.day), line.amount))
        self.last_month = max([month_of(self._today), *(place.month for place in ledger.totals)])

    @cached_property
    def cells(self) -> list[Cell]:
        """The balances at every month end up to the running month, or that of the last posting."""
        cells: dict[tuple[int, str, str, str], list[int]] = defaultdict(list)
        for (account, payer), moves in self._moves.items():
            charge, balance = self._charges[account], 0
            moves.sort()
            ends = [*(month for month, _ in moves[1:]), self.last_month + 1]
            for (month, amount), end in zip(moves, ends, strict=True):
                balance += amount
                for standing in range(month, end) if balance else ():
                    cells[standing, payer, *_buckets(charge, standing)].append(balance)
        return [Cell(*place, balances) for place, balances in cells.items()]

    @cached_property
    def aged(self) -> list[Cell]:
        """The balances at the ends of months that were over on the business date."""
        return [cell for cell in self.cells if month_end(cell.month) <= self._today]


def total(cells: Iterable[Cell]) -> Balances:
    """Returns the balances of the cells together."""
    balances = [balance for cell in cells for balance in cell.balances]
    owed = sum(balance for balance in balances if balance > 0)
    credits = [-balance for balance in balances if balance < 0]
    return Balances(len(balances), owed, sum(credits), len(credits))


def _buckets(charge: Transaction, month: int) -> tuple[str, str]:
    billed = charge.billed_date
    is_billed = billed is not None and billed <= month_end(month)
    return _bucket(charge.service_date, month), _bucket(billed, month) if is_billed else UNBILLED


@cache
def _bucket(since: date, month: int) -> str:
    return BUCKETS[bisect_left(AGES, (month_end(month) - since).days)]
