"""The receivables of a hospital, account by account, in whole cents.

An account is a charge, and what is posted on a day is what the hospital says of it since that day
(UTC). A charge keeps its payer and its day of service, and none is deleted.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from functools import cached_property
from itertools import pairwise
from typing import Any, NamedTuple

from simulator.counting import grouped, month_end_of, ratio
from simulator.hospital import Hospital
from simulator.model import Transaction

Rows = Iterator[tuple[Any, ...]]
COLUMNS: dict[str, tuple[str, ...]] = {
    "fact_ledger": ("source_system", "posting_kind", "row_count", "posted_amount"),
    "fact_ar_balances": (
        "source_system", "month_end_date", "aging_bucket", "row_count", "balance_amount",
        "open_amount", "credit_amount"),
    "kpi_aged_ar": (
        "source_system", "month_end_date", "payer_name", "aging_bucket", "account_count",
        "open_amount", "credit_amount", "payer_open_amount", "payer_open_rate",
        "hospital_open_amount", "hospital_open_rate"),
    "kpi_credit_balances": (
        "source_system", "month_end_date", "payer_name", "account_count", "credit_account_count",
        "credit_amount", "old_credit_amount", "open_amount", "credit_rate"),
    "ar_rollforward": (
        "source_system", "payer_name", "month_end_date", "is_complete", "begin_amount",
        "charge_amount", "payment_amount", "patient_payment_amount", "contractual_amount",
        "write_off_amount", "reversal_amount", "transfer_amount", "end_amount"),
}  # fmt: skip
GRAINS = {
    "fact_ar_balances": 3, "kpi_aged_ar": 4, "kpi_credit_balances": 3, "ar_rollforward": 3,
}  # fmt: skip
BUCKETS = ((30, "0-30"), (60, "31-60"), (90, "61-90"), (120, "91-120"))
OLDEST_BUCKET = "over 120"
OLD_CREDIT_DAYS = 90
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


class Balance(NamedTuple):
    """What was owed on an account at a month end in cents; negative is a credit."""

    month_end: date
    payer: str
    age_days: int
    amount: int


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

    @cached_property
    def balances(self) -> list[Balance]:
        """The balances at every month end up to the last month in which something was posted."""
        last_day = max(self.today, *(stood[-1].day for stood in self.accounts.values()))
        return [
            balance
            for standings in self.accounts.values()
            for balance in _balances(standings, month_end_of(last_day))
        ]

    @cached_property
    def aged(self) -> list[Balance]:
        """The balances at the ends of months that were over on the business date."""
        return [balance for balance in self.balances if balance.month_end <= self.today]

    def ar_balances(self) -> Rows:
        """Yields the number and the sums of the balances by month end and age."""
        groups = grouped(self.aged, lambda one: (one.month_end, _bucket(one.age_days)))
        for (month_end, bucket), members in groups.items():
            owed, credit = _split(members)
            yield self.name, month_end, bucket, len(members), owed - credit, owed, credit

    def aged_ar(self) -> Rows:
        """Yields the balances by payer and age, with their share of the payer's and hospital's."""
        by_payer: Counter[tuple[date, str]] = Counter()
        by_month: Counter[date] = Counter()
        for balance in self.aged:
            by_payer[balance.month_end, balance.payer] += max(balance.amount, 0)
            by_month[balance.month_end] += max(balance.amount, 0)
        groups = grouped(self.aged, lambda one: (one.month_end, one.payer, _bucket(one.age_days)))
        for (month_end, payer, bucket), members in groups.items():
            owed, credit = _split(members)
            of_payer, of_hospital = by_payer[month_end, payer], by_month[month_end]
            yield (self.name, month_end, payer, bucket, len(members), owed, credit,
                   of_payer, ratio(owed, of_payer), of_hospital, ratio(owed, of_hospital),
                   )  # fmt: skip

    def credit_balances(self) -> Rows:
        """Yields the credits by payer."""
        for (month_end, payer), members in grouped(
            self.aged, lambda one: (one.month_end, one.payer)
        ).items():
            owed, credit = _split(members)
            credits = [one for one in members if one.amount < 0]
            old = [one for one in credits if one.age_days > OLD_CREDIT_DAYS]
            yield (self.name, month_end, payer, len(members), len(credits), credit,
                   _split(old)[1], owed, ratio(credit, owed))  # fmt: skip

    def rollforward(self) -> Rows:
        """Yields what was owed, what was posted and what was owed then, by payer and month."""
        cells: dict[tuple[str, date], Counter[str]] = defaultdict(Counter)
        last_month_end = max(balance.month_end for balance in self.balances)
        for balance in self.balances:
            cells[balance.payer, balance.month_end]["end"] += balance.amount
            following = month_end_of(balance.month_end + timedelta(days=1))
            if following <= last_month_end:
                cells[balance.payer, following]["begin"] += balance.amount
        for posting in self.postings():
            kind = "reversal" if posting.is_reversal else posting.kind
            cells[posting.payer, month_end_of(posting.day)][kind] += posting.amount
        for (payer, month_end), cell in cells.items():
            movements = [cell[kind] for kind in (*KINDS, "reversal", "transfer")]
            yield (self.name, payer, month_end, month_end <= self.today,
                   cell["begin"], *movements, cell["end"])  # fmt: skip


def _changes(before: Transaction | None, after: Standing) -> Iterator[Posting]:
    for kind, field in KINDS.items():
        grown = getattr(after.charge, field) - getattr(before, field, 0)
        if grown:
            amount = grown if kind == "charge" else -grown
            yield Posting(after.day, after.charge.payer_id, kind, amount, grown < 0)


def _balances(standings: Sequence[Standing], last: date) -> Iterator[Balance]:
    month_end = month_end_of(standings[0].day)
    while month_end <= last:
        charge = next(one.charge for one in reversed(standings) if one.day <= month_end)
        if charge.open_amount:
            age = (month_end - charge.service_date).days
            yield Balance(month_end, charge.payer_id, age, charge.open_amount)
        month_end = month_end_of(month_end + timedelta(days=1))


def _bucket(age_days: int) -> str:
    return next((name for oldest, name in BUCKETS if age_days <= oldest), OLDEST_BUCKET)


def _split(balances: Iterable[Balance]) -> tuple[int, int]:
    """Returns what is owed to the hospital, and what it owes."""
    amounts = [balance.amount for balance in balances]
    return sum(one for one in amounts if one > 0), -sum(one for one in amounts if one < 0)
