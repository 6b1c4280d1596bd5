"""The gold tables of money that waits for the hospital: to be billed, sent or appealed."""

from __future__ import annotations

from bisect import bisect_left
from datetime import date, timedelta

from simulator.clock import recorded_day
from simulator.counting import (
    day_count,
    grouped,
    month_end,
    month_start,
    ratio,
    sums,
    trailing,
)
from simulator.truth.books import Books
from simulator.truth.denials import OPEN
from simulator.truth.gold import Rows, gold_table
from simulator.truth.published import REJECTED
from simulator.vocabulary import SELF_PAY

DAYS_LEFT = (-1, 7, 14, 30)
DAYS_LEFT_BUCKETS = ("past", "0-7", "8-14", "15-30", "over 30")


@gold_table(
    key="month_end_date",
    measures="is_window_full dnfb_amount fbns_amount dnsp_amount trailing_billed_amount "
    "trailing_day_count dnfb_days fbns_days dnsp_days",
)
def kpi_dnfb(books: Books) -> Rows:
    """Charges not final billed, or billed and not sent to the payer."""
    charges = [
        (
            charge.service_date,
            charge.billed_date or date.max,
            date.min if charge.payer_id == SELF_PAY else _sent(books, account),
            charge.amount,
        )
        for account, charge in books.published.charges.items()
    ]
    if all(billed == date.max for _, billed, _, _ in charges):
        return
    entered = [
        recorded_day(charge.inserted_at, books.name) for charge in books.published.charges.values()
    ]
    first = min((day for day in entered if day), default=date.max)
    for month in books.ledger.months(books.today):
        day = month_end(month)
        if day > books.today:
            continue
        not_billed = sum(
            amount for service, billed, _, amount in charges if service <= day < billed
        )
        not_sent = sum(amount for _, billed, sent, amount in charges if billed <= day < sent)
        months = trailing(month)
        charged = sum(
            sums(books.service_months[one], "amount")[0]
            for one in months
            if one in books.service_months
        )
        amounts, days = (not_billed, not_sent, not_billed + not_sent), day_count(months)
        is_full = first <= month_start(months.start)
        rates = (ratio(amount * days, charged) if is_full else None for amount in amounts)
        yield day, is_full, *amounts, charged, days, *rates


@gold_table(key="payer_name days_left_bucket", measures="charge_count charge_amount")
def kpi_filing_exposure(books: Books) -> Rows:
    """Open charges that no payer has got, by the days left to file them."""
    groups = grouped(
        (
            (charge.payer_id, _bucket(limit, books.today), charge)
            for account, charge in books.published.charges.items()
            if charge.open_amount > 0
            and not books.published.is_claimed(account)
            and (limit := _filing_limit(books, charge.payer_id, charge.service_date))
        ),
        lambda exposed: exposed[:2],
    )
    for place, members in groups.items():
        yield *place, len(members), sum(charge.amount for _, _, charge in members)


@gold_table(key="payer_name days_left_bucket", measures="denial_count denied_amount")
def kpi_appeal_exposure(books: Books) -> Rows:
    """Open denials that nobody worked, by the days left to appeal."""
    groups = grouped(
        (
            (denial.payer, _bucket(denial.appeal_deadline, books.today), denial)
            for denial in books.denials
            if denial.status == OPEN
            and denial.first_appeal_date is None
            and not denial.is_worked
            and denial.appeal_deadline
        ),
        lambda exposed: exposed[:2],
    )
    for place, members in groups.items():
        yield *place, len(members), sum(denial.open_amount for _, _, denial in members)


def _sent(books: Books, account: str) -> date:
    claims = books.published.primary_claims_of.get(account, [])
    sent = (claim.claim_date for claim in claims if claim.claim_status != REJECTED)
    return min(sent, default=date.max)


def _filing_limit(books: Books, payer: str, service: date) -> date | None:
    days = books.agreements.filing_days(payer, service)
    return None if days is None else service + timedelta(days=days)


def _bucket(limit: date, today: date) -> str:
    return DAYS_LEFT_BUCKETS[bisect_left(DAYS_LEFT, (limit - today).days)]
