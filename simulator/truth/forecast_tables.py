"""The gold tables of the cash that payers are expected to pay, and how right that was.

A payer's lag curve is made of its claims of more than half a year before: which of their dollars
were paid how many days after the claim. An open claim follows it from its age on.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import NamedTuple

from simulator.counting import grouped, month_of, month_start, ratio
from simulator.truth.adjudications import Adjudicated
from simulator.truth.books import Books
from simulator.truth.gold import Rows, gold_table

HORIZONS = {"1-30": (1, 30), "31-60": (31, 60), "61-90": (61, 90)}
MATURE_AFTER = 180
DAYS_FOR_PROOF = 29
PROOFS = 2
CENT = Decimal(1)


class Forecast(NamedTuple):
    """What was expected of a payer's open claims, and what came, in cents."""

    payer: str
    day: date
    horizon: str
    is_over: bool
    claims: int
    open: int
    expected: int
    actual: int


@gold_table(key="payer_name horizon", measures="open_claim_count open_amount expected_amount")
def kpi_cash_forecast(books: Books) -> Rows:
    """Cash expected from now on."""
    for one in _forecasts(books, books.today):
        yield one.payer, one.horizon, one.claims, one.open, one.expected


@gold_table(
    key="forecast_date horizon",
    measures="expected_amount actual_amount absolute_error_amount absolute_error_rate "
    "net_error_rate",
)
def kpi_forecast_accuracy(books: Books) -> Rows:
    """What was expected at the last month ends, from what was known then, and what was paid."""
    for day in _proof_days(books.today):
        over = [one for one in _forecasts(books, day) if one.is_over]
        for horizon, forecasts in grouped(over, lambda one: one.horizon).items():
            expected = sum(one.expected for one in forecasts)
            actual = sum(one.actual for one in forecasts)
            error = sum(abs(one.expected - one.actual) for one in forecasts)
            yield (day, horizon, expected, actual, error, ratio(error, actual),
                   ratio(expected - actual, actual))  # fmt: skip


def _proof_days(today: date) -> Iterator[date]:
    day = today
    for _ in range(PROOFS):
        day = month_start(month_of(day - timedelta(DAYS_FOR_PROOF))) - timedelta(1)
        yield day


def _forecasts(books: Books, day: date) -> Iterator[Forecast]:
    sent = [
        one
        for one in books.adjudications
        if one.claim.payer_sequence == "P"
        and one.claim.claim_frequency != "8"
        and one.claim.claim_status != "Rejected"
        and one.claim.claim_date <= day
    ]
    for payer, claims in grouped(sent, lambda one: one.claim.payer_id).items():
        mature = [one for one in claims if _age(one, day) > MATURE_AFTER]
        unpaid = [one for one in claims if not _is_paid(one, day)]
        if not mature or not unpaid:
            continue
        for horizon, (first, last) in HORIZONS.items():
            came = [
                one
                for one in unpaid
                if one.cash_posted_date and first <= (one.cash_posted_date - day).days <= last
            ]
            yield Forecast(
                payer,
                day,
                horizon,
                day + timedelta(last) <= books.today,
                len(unpaid),
                sum(one.claim.claim_amount for one in unpaid),
                _expected(mature, unpaid, day, range(first, last + 1)),
                sum(_paid(one) for one in came),
            )


def _expected(
    mature: Sequence[Adjudicated], unpaid: Sequence[Adjudicated], day: date, horizon: range
) -> int:
    """Returns the cents that open claims bring in a horizon by the curve of mature ones."""
    billed = sum(one.claim.claim_amount for one in mature)
    curve: dict[int, int] = defaultdict(int)
    for one in mature:
        if _is_paid(one, day):
            curve[_lag(one)] += one.claim.claim_amount
    settled = sum(curve.values())
    paid = sum(_paid(one) for one in mature if _is_paid(one, day))
    paid_share = min(Fraction(paid, settled), Fraction(1)) if settled else Fraction(0)
    expected = Fraction(0)
    for age, claims in grouped(unpaid, lambda one: _age(one, day)).items():
        left = billed - sum(amount for lag, amount in curve.items() if lag <= age)
        due = sum(amount for lag, amount in curve.items() if lag - age in horizon)
        owed = sum(one.claim.claim_amount for one in claims)
        expected += owed * Fraction(due, left) if left else 0
    cents = expected * paid_share
    return int((Decimal(cents.numerator) / Decimal(cents.denominator)).quantize(
        CENT, ROUND_HALF_UP))  # fmt: skip


def _age(one: Adjudicated, day: date) -> int:
    return (day - one.claim.claim_date).days


def _is_paid(one: Adjudicated, day: date) -> bool:
    return one.cash_posted_date is not None and one.cash_posted_date <= day


def _lag(one: Adjudicated) -> int:
    """Returns the days from the claim to its cash."""
    paid = one.cash_posted_date or date.max
    return max((paid - one.claim.claim_date).days, 0)


def _paid(one: Adjudicated) -> int:
    return max(one.remitted or 0, 0)
