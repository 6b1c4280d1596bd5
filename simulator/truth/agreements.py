"""What a payer's contract says on a day: what it allows of a charge, how long it takes claims."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from operator import attrgetter
from typing import TypeVar

from simulator.counting import grouped
from simulator.model import Claim, FeeSchedule, PayerTerms, Transaction
from simulator.truth.published import Published

CENTURY_DAYS = 36_525
Period = TypeVar("Period", FeeSchedule, PayerTerms)


class Agreements:
    """The contracts with a hospital's payers."""

    def __init__(self, published: Published) -> None:
        self._fees = grouped(published.fee_schedules, attrgetter("payer_id", "procedure_code"))
        self._terms = grouped(published.payer_terms, attrgetter("payer_id"))

    def allowed(self, claim: Claim, charge: Transaction) -> int | None:
        """Returns the cents that the primary payer must allow, None without a contract."""
        if claim.payer_sequence == "S":
            return None
        periods = self._fees.get((claim.payer_id, charge.procedure_code), ())
        fee = _in_force(periods, claim.service_date)
        return claim.claim_amount * fee.allowed_percent // 100 if fee else None

    def allowed_of_charge(self, charge: Transaction, billed: int) -> int | None:
        """Returns what the charge's payer must allow of what was billed, None without contract."""
        periods = self._fees.get((charge.payer_id, charge.procedure_code), ())
        fee = _in_force(periods, charge.service_date)
        return billed * fee.allowed_percent // 100 if fee else None

    def filing_days(self, payer: str, day: date) -> int | None:
        """Returns the days to file a claim by the terms in force on a day, None without a limit."""
        terms = _in_force(self._terms.get(payer, ()), day)
        return _limit(terms.timely_filing_days) if terms else None

    def appeal_days(self, payer: str, day: date) -> int | None:
        """Returns the days to appeal by the terms in force on a day, None without a limit."""
        terms = _in_force(self._terms.get(payer, ()), day)
        return _limit(terms.appeal_days) if terms else None


def _limit(days: int) -> int | None:
    """Beyond a century is no limit."""
    return days if days <= CENTURY_DAYS else None


def _in_force(periods: Iterable[Period], day: date) -> Period | None:
    """Returns the period that began last; it ends the one before it, even before its own end."""
    begun = [period for period in periods if period.valid_from <= day]
    latest = max(begun, key=attrgetter("valid_from"), default=None)
    return latest if latest and (latest.valid_to is None or day <= latest.valid_to) else None
