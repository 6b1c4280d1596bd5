"""The receivables of a hospital, account by account, in whole cents.

An account is a charge, and what is posted on a day is what the hospital says of it since that day
(UTC). A charge keeps its payer and its day of service, and none is deleted.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
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
AGES = (30, 60, 90, 120)
BUCKETS = ("0-30", "31-60", "61-90", "91-120", "over 120")
OLD_CREDIT_BUCKETS = ("91-120", "over 120")
KINDS = ("charge", "payment", "patient_payment", "contractual", "write_off")


class Standing(NamedTuple):
    """What a charge says from a day on."""

    day: date
    charge: Transaction


@dataclass
class Balances:
    """Accounts of one month end, payer and age with a balance, in cents."""

    accounts: int = 0
    owed: int = 0
    credit: int = 0
    credit_accounts: int = 0

    def add(self, amount: int) -> None:
        """Counts an account; a negative amount is a credit."""
        self.accounts += 1
        if amount > 0:
            self.owed += amount
        else:
            self.credit -= amount
            self.credit_accounts += 1

    def __add__(self, other: Balances) -> Balances:
        return Balances(
            self.accounts + other.accounts,
            self.owed + other.owed,
            self.credit + other.credit,
            self.credit_accounts + other.credit_accounts,
        )


class Cell(NamedTuple):
    """The balances of a month end, payer and age."""

    month_end: date
    payer: str
    bucket: str
    balances: Balances


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

    @cached_property
    def postings(self) -> dict[tuple[date, str, str, bool], tuple[int, int]]:
        """Number and sum of everything ever posted, by month end, payer, kind and reversal.

        A sum is in cents, signed as the balance changes.
        """
        counts: Counter[tuple[date, str, str, bool]] = Counter()
        sums: Counter[tuple[date, str, str, bool]] = Counter()
        for standings in self.accounts.values():
            stood = (0,) * len(KINDS)
            for day, charge in standings:
                stands = _parts(charge)
                if stands == stood:
                    continue
                month_end = month_end_of(day)
                for kind, before, after in zip(KINDS, stood, stands, strict=True):
                    if before != after:
                        is_reversal = (after < before) == (kind == "charge")
                        posted = (month_end, charge.payer_id, kind, is_reversal)
                        counts[posted] += 1
                        sums[posted] += after - before
                stood = stands
        return {posted: (count, sums[posted]) for posted, count in counts.items()}

    def ledger(self) -> Rows:
        """Yields how many postings of each kind there are, and their sum."""
        for kind, members in grouped(self.postings.items(), lambda posted: posted[0][2]).items():
            counts, amounts = zip(*(posted for _, posted in members), strict=True)
            yield self.name, kind, sum(counts), sum(amounts)

    @cached_property
    def cells(self) -> list[Cell]:
        """The balances at every month end up to the last month in which something was posted."""
        last = month_end_of(max(self.today, *(stood[-1].day for stood in self.accounts.values())))
        cells: dict[tuple[date, str, str], Balances] = defaultdict(Balances)
        for standings in self.accounts.values():
            ends = [following.day for following in standings[1:]]
            for (day, charge), end in zip(standings, [*ends, date.max], strict=True):
                amount, month_end = charge.open_amount, month_end_of(day)
                while amount and month_end <= last and month_end < end:
                    bucket = _bucket((month_end - charge.service_date).days)
                    cells[month_end, charge.payer_id, bucket].add(amount)
                    month_end = _following(month_end)
        return [Cell(*place, balances) for place, balances in cells.items()]

    @cached_property
    def aged(self) -> list[Cell]:
        """The balances at the ends of months that were over on the business date."""
        return [cell for cell in self.cells if cell.month_end <= self.today]

    def ar_balances(self) -> Rows:
        """Yields the number and the sums of the balances by month end and age."""
        groups = grouped(self.aged, lambda cell: (cell.month_end, cell.bucket))
        for (month_end, bucket), members in groups.items():
            of = _total(members)
            yield (self.name, month_end, bucket, of.accounts, of.owed - of.credit, of.owed,
                   of.credit)  # fmt: skip

    def aged_ar(self) -> Rows:
        """Yields the balances by payer and age, with their share of the payer's and hospital's."""
        by_payer: Counter[tuple[date, str]] = Counter()
        by_month: Counter[date] = Counter()
        for cell in self.aged:
            by_payer[cell.month_end, cell.payer] += cell.balances.owed
            by_month[cell.month_end] += cell.balances.owed
        for month_end, payer, bucket, of in self.aged:
            of_payer, of_hospital = by_payer[month_end, payer], by_month[month_end]
            yield (self.name, month_end, payer, bucket, of.accounts, of.owed, of.credit,
                   of_payer, ratio(of.owed, of_payer), of_hospital, ratio(of.owed, of_hospital),
                   )  # fmt: skip

    def credit_balances(self) -> Rows:
        """Yields the credits by payer."""
        groups = grouped(self.aged, lambda cell: (cell.month_end, cell.payer))
        for (month_end, payer), members in groups.items():
            of = _total(members)
            old = _total(cell for cell in members if cell.bucket in OLD_CREDIT_BUCKETS)
            yield (self.name, month_end, payer, of.accounts, of.credit_accounts, of.credit,
                   old.credit, of.owed, ratio(of.credit, of.owed))  # fmt: skip

    def rollforward(self) -> Rows:
        """Yields what was owed, what was posted and what was owed then, by payer and month."""
        cells: dict[tuple[str, date], Counter[str]] = defaultdict(Counter)
        last_month_end = max(cell.month_end for cell in self.cells)
        for month_end, payer, _, of in self.cells:
            cells[payer, month_end]["end"] += of.owed - of.credit
            if (following := _following(month_end)) <= last_month_end:
                cells[payer, following]["begin"] += of.owed - of.credit
        for (month_end, payer, kind, is_reversal), (_, amount) in self.postings.items():
            cells[payer, month_end]["reversal" if is_reversal else kind] += amount
        for (payer, month_end), cell in cells.items():
            movements = [cell[kind] for kind in (*KINDS, "reversal", "transfer")]
            yield (self.name, payer, month_end, month_end <= self.today,
                   cell["begin"], *movements, cell["end"])  # fmt: skip


def _parts(charge: Transaction) -> tuple[int, ...]:
    """What a charge adds to its account's balance, in the order of KINDS."""
    return (
        charge.amount,
        -charge.paid_amount,
        -charge.patient_paid_amount,
        -charge.adjustment_amount,
        -charge.write_off_amount,
    )


def _following(month_end: date) -> date:
    return month_end_of(month_end + timedelta(days=1))


def _bucket(age_days: int) -> str:
    return BUCKETS[bisect_left(AGES, age_days)]


def _total(cells: Iterable[Cell]) -> Balances:
    return sum((cell.balances for cell in cells), Balances())
