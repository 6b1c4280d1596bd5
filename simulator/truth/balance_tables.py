"""The gold tables that are counted from the balances at the ends of complete months."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from simulator.counting import grouped, month_end, ratio
from simulator.truth.books import Books
from simulator.truth.gold import Rows, gold_table
from simulator.truth.receivables import OLD_BUCKETS, UNBILLED, Cell, total

AGED_MEASURES = (
    "account_count open_amount credit_amount payer_open_amount payer_open_rate "
    "hospital_open_amount hospital_open_rate"
)


@gold_table(key="month_end_date payer_name aging_bucket", measures=AGED_MEASURES)
def kpi_aged_ar(books: Books) -> Rows:
    """All balances by age of the service."""
    return _aged(books.receivables.aged, lambda cell: cell.bucket)


@gold_table(key="month_end_date payer_name bill_aging_bucket", measures=AGED_MEASURES)
def kpi_aged_ar_billed(books: Books) -> Rows:
    """Billed balances by age of the bill."""
    billed = [cell for cell in books.receivables.aged if cell.bill_bucket != UNBILLED]
    return _aged(billed, lambda cell: cell.bill_bucket)


@gold_table(
    key="month_end_date payer_name",
    measures="account_count credit_account_count credit_amount old_credit_amount open_amount "
    "credit_rate",
)
def kpi_credit_balances(books: Books) -> Rows:
    """What the hospital owes back."""
    groups = grouped(books.receivables.aged, lambda cell: (cell.month, cell.payer))
    for (month, payer), cells in groups.items():
        of = total(cells)
        old = total(cell for cell in cells if cell.bucket in OLD_BUCKETS)
        yield (month_end(month), payer, of.accounts, of.credit_accounts, of.credit, old.credit,
               of.owed, ratio(of.credit, of.owed))  # fmt: skip


def _aged(cells: Iterable[Cell], bucket_of: Callable[[Cell], str]) -> Rows:
    """Yields the balances by payer and age, with their share of the payer's and hospital's."""
    by_payer = _owed(cells, lambda cell: (cell.month, cell.payer))
    by_month = _owed(cells, lambda cell: cell.month)
    groups = grouped(cells, lambda cell: (cell.month, cell.payer, bucket_of(cell)))
    for (month, payer, bucket), members in groups.items():
        of, of_payer, of_hospital = total(members), by_payer[month, payer], by_month[month]
        yield (month_end(month), payer, bucket, of.accounts, of.owed, of.credit, of_payer,
               ratio(of.owed, of_payer), of_hospital, ratio(of.owed, of_hospital))  # fmt: skip


def _owed(cells: Iterable[Cell], group: Callable[[Cell], Any]) -> dict[Any, int]:
    return {place: total(members).owed for place, members in grouped(cells, group).items()}
