"""The gold tables that are counted from the posting ledger, by month of posting."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass

from simulator.counting import (
    TRAILING_MONTHS,
    day_count,
    grouped,
    month_end,
    ratio,
    trailing,
)
from simulator.truth.books import Books
from simulator.truth.gold import Rows, gold_table
from simulator.truth.keys import payer_key
from simulator.truth.postings import Ledger
from simulator.truth.receivables import total
from simulator.vocabulary import SELF_PAY

MOVEMENTS = ("charge", "payment", "patient_payment", "contractual", "write_off", "refund",
             "takeback", "reversal", "transfer")  # fmt: skip
WRITE_OFF_CLASSES = {
    "CHARITY": "charity",
    "BAD_DEBT": "bad_debt",
    "DENIAL": "denial",
    "TIMELY_FILING": "denial",
    "SMALL_BALANCE": "small_balance",
    "ADMIN": "admin",
}


@dataclass
class MonthClose:
    """What was posted in a month, in cents: charges and credits positive, what went back too."""

    gross: int = 0
    contractual: int = 0
    payer_payment: int = 0
    patient_payment: int = 0
    payer_refund: int = 0
    patient_refund: int = 0
    takeback: int = 0
    charity: int = 0
    bad_debt: int = 0
    denial: int = 0
    small_balance: int = 0
    admin: int = 0
    other: int = 0

    @property
    def net_revenue(self) -> int:
        """Net patient service revenue."""
        return self.gross - self.contractual - self.charity - self.bad_debt

    @property
    def payer_cash(self) -> int:
        """Payments of payers less what went back to them."""
        return self.payer_payment - self.payer_refund - self.takeback

    @property
    def patient_cash(self) -> int:
        """Payments of patients less what went back to them."""
        return self.patient_payment - self.patient_refund

    @property
    def cash(self) -> int:
        """All payments less all that went back."""
        return self.payer_cash + self.patient_cash

    @property
    def refund(self) -> int:
        """What was given back."""
        return self.payer_refund + self.patient_refund

    def add(self, kind: str, reason: str | None, payer: str, amount: int) -> None:
        """Books postings; the amount is signed as the balance changes."""
        match kind:
            case "charge":
                self.gross += amount
            case "contractual":
                self.contractual -= amount
            case "payment":
                self.payer_payment -= amount
            case "patient_payment":
                self.patient_payment -= amount
            case "takeback":
                self.takeback += amount
            case "refund" if payer == SELF_PAY:
                self.patient_refund += amount
            case "refund":
                self.payer_refund += amount
            case "write_off":
                part = WRITE_OFF_CLASSES.get(reason or "", "other")
                setattr(self, part, getattr(self, part) - amount)


def month_closes(ledger: Ledger) -> dict[int, MonthClose]:
    """Returns what was posted in each month; nothing in a month without a posting."""
    closes: dict[int, MonthClose] = defaultdict(MonthClose)
    for place, posted in ledger.totals.items():
        closes[place.month].add(place.kind, place.reason, place.payer, posted.amount)
    return closes


@gold_table(
    key="month_end_date",
    measures="is_complete gross_charge_amount contractual_amount charity_amount bad_debt_amount "
    "denial_write_off_amount small_balance_amount admin_write_off_amount "
    "other_write_off_amount net_revenue_amount payer_cash_amount patient_cash_amount cash_amount "
    "refund_amount takeback_amount",
)
def kpi_month_close(books: Books) -> Rows:
    """Revenue and cash."""
    closes = month_closes(books.ledger)
    for month in books.ledger.months(books.today):
        of = closes[month]
        yield (month_end(month), books.is_complete(month), of.gross, of.contractual,
               of.charity, of.bad_debt, of.denial, of.small_balance, of.admin, of.other,
               of.net_revenue, of.payer_cash, of.patient_cash, of.cash, of.refund, of.takeback,
               )  # fmt: skip


@gold_table(
    key="month_end_date",
    measures="is_complete is_window_full cash_amount trailing_net_revenue_amount cash_rate",
)
def kpi_cash_yield(books: Books) -> Rows:
    """Cash of a month over the net revenue of an average month of three."""
    closes = month_closes(books.ledger)
    for month in books.ledger.months(books.today):
        cash, revenue = closes[month].cash, _trailing_net_revenue(closes, month)
        is_complete, is_full = books.is_complete(month), books.is_window_full(month)
        rate = ratio(cash * TRAILING_MONTHS, revenue) if is_complete and is_full else None
        yield month_end(month), is_complete, is_full, cash, revenue, rate


@gold_table(
    key="month_end_date",
    measures="is_complete bad_debt_amount charity_amount gross_charge_amount bad_debt_rate "
    "charity_rate uncompensated_rate",
)
def kpi_bad_debt_charity(books: Books) -> Rows:
    """Care that nobody paid for, over gross charges."""
    closes = month_closes(books.ledger)
    for month in books.ledger.months(books.today):
        of = closes[month]
        is_complete = books.is_complete(month)
        rates = [
            ratio(amount, of.gross) if is_complete else None
            for amount in (of.bad_debt, of.charity, of.bad_debt + of.charity)
        ]
        yield month_end(month), is_complete, of.bad_debt, of.charity, of.gross, *rates


@gold_table(
    key="month_end_date",
    measures="is_complete is_window_full denial_write_off_amount trailing_net_revenue_amount "
    "denial_write_off_rate",
)
def kpi_denial_write_offs(books: Books) -> Rows:
    """Denials given up in a month over the net revenue of an average month of three."""
    closes = month_closes(books.ledger)
    for month in books.ledger.months(books.today):
        written, revenue = closes[month].denial, _trailing_net_revenue(closes, month)
        is_complete, is_full = books.is_complete(month), books.is_window_full(month)
        rate = ratio(written * TRAILING_MONTHS, revenue) if is_complete and is_full else None
        yield month_end(month), is_complete, is_full, written, revenue, rate


@gold_table(
    key="month_end_date",
    measures="is_window_full is_reserve_known open_ar_amount credit_amount "
    "trailing_billed_amount trailing_day_count gross_days_in_ar contractual_allowance_amount "
    "reserve_amount net_ar_amount trailing_net_revenue_amount net_days_in_ar credit_days",
)
def kpi_days_in_ar(books: Books) -> Rows:
    """Balances, or what is expected of them, over an average day's charges, or net revenue."""
    closes = month_closes(books.ledger)
    cells = grouped(books.receivables.aged, lambda cell: cell.month)
    for month in books.ledger.months(books.today):
        if not books.is_complete(month):
            continue
        of, days = total(cells.get(month, ())), day_count(trailing(month))
        billed = sum(closes[one].gross for one in trailing(month))
        revenue = _trailing_net_revenue(closes, month)
        allowance, reserve = books.collectible.expected(month)
        net = None if reserve is None else of.owed - allowance - reserve - of.credit
        is_full = books.is_window_full(month)
        gross_days, net_days, credit_days = (
            ratio(amount * days, whole) if is_full and amount is not None else None
            for amount, whole in ((of.owed, billed), (net, revenue), (of.credit, revenue))
        )
        yield (month_end(month), is_full, reserve is not None, of.owed, of.credit, billed, days,
               gross_days, allowance, reserve, net, revenue, net_days, credit_days)  # fmt: skip


@gold_table(
    key="payer_name month_end_date",
    measures="is_complete payment_amount takeback_amount takeback_rate",
)
def kpi_takebacks(books: Books) -> Rows:
    """What payers took back of their payments."""
    cells: dict[tuple[str, int], Counter[str]] = defaultdict(Counter)
    for place, posted in books.ledger.totals.items():
        if place.kind in {"payment", "takeback"}:
            cells[place.payer, place.month][place.kind] += posted.amount
    for (payer, month), cell in cells.items():
        paid, taken = -cell["payment"], cell["takeback"]
        is_complete = books.is_complete(month)
        yield (payer, month_end(month), is_complete, paid, taken,
               ratio(taken, paid) if is_complete else None)  # fmt: skip


@gold_table(
    key="payer_key month_end_date",
    measures="payer_name is_complete begin_amount charge_amount payment_amount "
    "patient_payment_amount contractual_amount write_off_amount refund_amount "
    "takeback_amount reversal_amount transfer_amount end_amount aged_amount difference",
)
def ar_rollforward(books: Books) -> Rows:
    """What was owed, what was posted and what was owed then."""
    cells: dict[tuple[str, int], Counter[str]] = defaultdict(Counter)
    for cell in books.receivables.cells:
        balance = sum(cell.balances)
        cells[cell.payer, cell.month]["end"] += balance
        if cell.month < books.receivables.last_month:
            cells[cell.payer, cell.month + 1]["begin"] += balance
    for place, posted in books.ledger.totals.items():
        kind = "reversal" if place.is_reversed else place.kind
        cells[place.payer, place.month][kind] += posted.amount
    for (payer, month), movements in cells.items():
        is_complete, end = books.is_complete(month), movements["end"]
        yield (payer_key(payer), month_end(month), payer, is_complete, movements["begin"],
               *(movements[kind] for kind in MOVEMENTS), end, end if is_complete else 0,
               0)  # fmt: skip


def _trailing_net_revenue(closes: dict[int, MonthClose], month: int) -> int:
    return sum(closes[one].net_revenue for one in trailing(month))
