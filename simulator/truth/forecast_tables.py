"""The gold tables of the cash that payers are expected to pay, and how right that was.

A payer's lag curve is made of its claims of more than half a year before: which of their dollars
were paid how many days after the claim. An open claim follows it from its age on. A forecast of a
day knows the claims as they had been told by then; of days before the hospital was first read
nothing was told, and the dates of the claims say what stood.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import NamedTuple

from simulator.clock import local_day
from simulator.counting import grouped, month_of, month_start, ratio
from simulator.model import Claim
from simulator.truth.books import Books
from simulator.truth.gold import Rows, gold_table
from simulator.truth.published import REJECTED

HORIZONS = {"1-30": (1, 30), "31-60": (31, 60), "61-90": (61, 90)}
MATURE_AFTER = 180
FULL_AFTER = 270
DAYS_FOR_PROOF = 29
PROOFS = 2
CENT = Decimal(1)


class Payment(NamedTuple):
    """Cents that a payer paid on a claim."""

    day: date
    amount: int


@dataclass(frozen=True)
class Sent:
    """A claim as it was known on a day, with all that was ever paid on it."""

    payer: str
    sent: date
    amount: int
    payments: Sequence[Payment]

    def age(self, day: date) -> int:
        """Returns the days since it was sent."""
        return (day - self.sent).days

    def paid(self, day: date) -> list[Payment]:
        """Returns what had been paid by a day."""
        return [one for one in self.payments if one.day <= day]

    def lag(self, day: date) -> int | None:
        """Returns the days from the claim to its first cash; None if there was none by then."""
        days = [one.day for one in self.paid(day)]
        return max((min(days) - self.sent).days, 0) if days else None


class Forecast(NamedTuple):
    """What was expected of a payer's open claims, and what came, in cents.

    `expected` is None before the payer's first claim is old enough for a curve.
    """

    payer: str
    horizon: str
    is_over: bool
    claims: int
    open: int
    expected: int | None
    actual: int


@gold_table(
    key="payer_name horizon",
    measures="is_window_full open_claim_count open_amount expected_amount",
)
def kpi_cash_forecast(books: Books) -> Rows:
    """Cash expected from now on."""
    for one in _forecasts(books, books.today, list(books.published.claims.values())):
        yield (one.payer, one.horizon, one.expected is not None, one.claims, one.open,
               one.expected)  # fmt: skip


@gold_table(
    key="forecast_date horizon",
    measures="is_as_known expected_amount actual_amount absolute_error_amount "
    "absolute_error_rate net_error_rate",
)
def kpi_forecast_accuracy(books: Books) -> Rows:
    """What was expected at the last month ends, from what was known then, and what was paid."""
    for day in _proof_days(books.today):
        told = _told(books, day)
        claims = _dated(books, day) if told is None else told
        over = [
            (one.horizon, one.expected, one.actual)
            for one in _forecasts(books, day, claims)
            if one.is_over and one.expected is not None
        ]
        for horizon, forecasts in grouped(over, lambda one: one[0]).items():
            expected = sum(of for _, of, _ in forecasts)
            actual = sum(of for _, _, of in forecasts)
            error = sum(abs(wanted - came) for _, wanted, came in forecasts)
            yield (day, horizon, told is not None, expected, actual, error, ratio(error, actual),
                   ratio(expected - actual, actual))  # fmt: skip


def _proof_days(today: date) -> Iterator[date]:
    day = today
    for _ in range(PROOFS):
        day = month_start(month_of(day - timedelta(DAYS_FOR_PROOF))) - timedelta(1)
        yield day


def _told(books: Books, day: date) -> list[Claim] | None:
    """Returns the claims as the payers' files had told them by a day; None before the first."""
    first = books.published.first_date
    if first is None or day < first:
        return None
    told = [
        version
        for version in books.published.versions("claims")
        if first + timedelta(version.day) <= day
    ]
    told.sort(key=lambda version: version.effective_date)
    latest = {version.values[0]: version.values[: len(Claim._fields)] for version in told}
    return [Claim(*values) for values in latest.values()]


def _dated(books: Books, day: date) -> list[Claim]:
    """Returns the claims as their dates say they stood: not rejected before their rejection."""
    changed = {
        version.values[0]: local_day(version.effective_date, books.name)
        for version in books.published.versions("claims")
    }
    return [
        claim
        if claim.claim_status != REJECTED
        or (claim.adjudication_date or changed[claim.claim_id]) <= day
        else claim._replace(claim_status="Pending")
        for claim in books.published.claims.values()
    ]


def _forecasts(books: Books, day: date, claims: Sequence[Claim]) -> Iterator[Forecast]:
    payments = _payments(books)
    sent = [
        Sent(claim.payer_id, claim.claim_date, claim.claim_amount, payments[claim.claim_id])
        for claim in claims
        if claim.payer_sequence == "P"
        and claim.claim_frequency != "8"
        and claim.claim_status != REJECTED
        and claim.claim_date <= day
    ]
    for payer, of_payer in grouped(sent, lambda one: one.payer).items():
        mature = [one for one in of_payer if one.age(day) > MATURE_AFTER]
        is_full = any(one.age(day) >= FULL_AFTER for one in of_payer)
        unpaid = [one for one in of_payer if not one.paid(day)]
        for horizon, (first, last) in HORIZONS.items() if unpaid else ():
            came = [
                payment.amount
                for one in unpaid
                for payment in one.payments
                if first <= (payment.day - day).days <= last
            ]
            span = range(first, last + 1)
            yield Forecast(
                payer,
                horizon,
                day + timedelta(last) <= books.today,
                len(unpaid),
                sum(one.amount for one in unpaid),
                _expected(mature, unpaid, day, span) if is_full else None,
                sum(came),
            )


def _payments(books: Books) -> dict[str, list[Payment]]:
    found: dict[str, list[Payment]] = defaultdict(list)
    for line in books.published.postings:
        if line.posting_kind == "payment" and line.claim_id:
            found[line.claim_id].append(Payment(line.posting_date, -line.amount))
    return found


def _expected(mature: Sequence[Sent], unpaid: Sequence[Sent], day: date, horizon: range) -> int:
    """Returns the cents that open claims bring in a horizon by the curve of mature ones."""
    billed = sum(one.amount for one in mature)
    curve: dict[int, int] = defaultdict(int)
    paid = 0
    for one in mature:
        if (lag := one.lag(day)) is not None:
            curve[lag] += one.amount
            paid += sum(payment.amount for payment in one.paid(day))
    settled = sum(curve.values())
    paid_share = min(Fraction(paid, settled), Fraction(1)) if settled else Fraction(0)
    expected = Fraction(0)
    for age, claims in grouped(unpaid, lambda one: one.age(day)).items():
        left = billed - sum(amount for lag, amount in curve.items() if lag <= age)
        due = sum(amount for lag, amount in curve.items() if lag - age in horizon)
        owed = sum(one.amount for one in claims)
        expected += owed * Fraction(due, left) if left else 0
    cents = expected * paid_share
    return int((Decimal(cents.numerator) / Decimal(cents.denominator)).quantize(
        CENT, ROUND_HALF_UP))  # fmt: skip
