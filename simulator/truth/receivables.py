"""The balances of a hospital's accounts by payer at month ends, in whole cents.

An account is a charge. Its balance lies with one payer or another, as transfers say.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date
from functools import cache, cached_property
from typing import NamedTuple

from simulator.counting import month_end, month_of
from simulator.truth.postings import Ledger, Posted
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


class Standing(NamedTuple):
    """What an account owed a payer at a month end, in cents; negative is a credit.

    `transaction_id` is None for all postings to charges that are not there.
    """

    transaction_id: str | None
    payer: str
    month: int
    balance: int
    service_date: date
    bill_date: date | None

    @property
    def bucket(self) -> str:
        """The age of the service at the month end."""
        return age_bucket(self.service_date, self.month)

    @property
    def bill_bucket(self) -> str:
        """The age of the bill at the month end."""
        return age_bucket(self.bill_date, self.month) if self.is_billed else UNBILLED

    @property
    def is_billed(self) -> bool:
        """Whether the charge was billed by then."""
        return self.bill_date is not None and self.bill_date <= month_end(self.month)


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
        self._lines: dict[tuple[str | None, str], list[Posted]] = defaultdict(list)
        for line in ledger.lines:
            self._lines[line.transaction_id, line.payer].append(line)
        self.last_month = max([month_of(self._today), *(place.month for place in ledger.totals)])

    @property
    def standings(self) -> Iterator[Standing]:
        """What stood at every month end up to the running month, or that of the last posting."""
        for (account, payer), lines in self._lines.items():
            charge = self._charges[account] if account else None
            since = charge.service_date if charge else min(line.day for line in lines)
            billed = charge.billed_date if charge else None
            moves = sorted((month_of(line.day), line.amount) for line in lines)
            ends = [*(month for month, _ in moves[1:]), self.last_month + 1]
            balance = 0
            for (first, amount), end in zip(moves, ends, strict=True):
                balance += amount
                for month in range(first, end) if balance else ():
                    yield Standing(account, payer, month, balance, since, billed)

    @cached_property
    def cells(self) -> list[Cell]:
        """What stood, by age."""
        cells: dict[tuple[int, str, str, str], list[int]] = defaultdict(list)
        for one in self.standings:
            cells[one.month, one.payer, one.bucket, one.bill_bucket].append(one.balance)
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


@cache
def age_bucket(since: date | None, month: int) -> str:
    """Returns the age at the end of a month of what began on a day."""
    if since is None:
        return UNBILLED
    return BUCKETS[bisect_left(AGES, (month_end(month) - since).days)]
