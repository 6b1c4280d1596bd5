"""What contracts say of the time for which they hold."""

from __future__ import annotations

from datetime import date

from simulator.chance import Chance
from simulator.defects import DefectRates
from simulator.model import FeeSchedule, PayerTerms

SINCE_EVER, NEVER = date(1, 1, 1), date(9999, 12, 31)
NO_LIMIT_DAYS = 9_999_999


def fee_as_written(fee: FeeSchedule, rates: DefectRates, chance: Chance) -> FeeSchedule:
    """Returns a rate as its payer writes it.

    A rate that another one follows may be left open, an open one may end on a day that never
    comes, and a first one may begin with the calendar.
    """
    if fee.valid_to is not None:
        return _since_ever(fee._replace(
            valid_to=None if chance.happens(rates.rate_left_open) else fee.valid_to
        ), rates, chance)  # fmt: skip
    return fee._replace(valid_to=_end(rates, chance))


def terms_as_written(terms: PayerTerms, rates: DefectRates, chance: Chance) -> PayerTerms:
    """Returns a payer's terms as it writes them; one without a limit writes a huge one."""
    if terms.valid_to is None:
        terms = terms._replace(valid_to=_end(rates, chance))
    if chance.happens(rates.limit_that_is_none):
        return terms._replace(appeal_days=NO_LIMIT_DAYS)
    return terms


def _end(rates: DefectRates, chance: Chance) -> date | None:
    return NEVER if chance.happens(rates.end_that_never_comes) else None


def _since_ever(fee: FeeSchedule, rates: DefectRates, chance: Chance) -> FeeSchedule:
    return fee._replace(valid_from=SINCE_EVER) if chance.happens(rates.start_since_ever) else fee
