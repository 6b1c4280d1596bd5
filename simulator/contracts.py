"""What payers have agreed with a hospital: what they allow of a charge, and until when they ask."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from simulator.chance import Chance
from simulator.defects import DefectRates
from simulator.model import FeeSchedule, PayerTerms
from simulator.troubles.contracts import fee_as_written, terms_as_written
from simulator.vocabulary import ESTABLISHED_PAYERS, Payer

CONTRACT_DAYS = 900
NEW_FEES_DAYS = 150
NEW_TERMS_DAYS = 240
FEE_SPREAD = (-3, -2, 0, 0, 1, 2, 4)
FEE_RISE = (0, 1, 1, 2, 3)


class Contracts:
    """The fee schedules and terms of all payers of one hospital; every service date has one."""

    def __init__(
        self, chance: Chance, start: date, procedures: Sequence[str], rates: DefectRates
    ) -> None:
        self._chance, self._procedures = chance, procedures
        self.fee_schedules = [
            fee_as_written(fee, rates, chance)
            for fee in list(_fee_schedules(chance, start, procedures))
        ]
        self.payer_terms = [terms_as_written(terms, rates, chance) for terms in _payer_terms(start)]
        self._fees: dict[tuple[str, str], list[FeeSchedule]] = {}
        self._terms: dict[str, list[PayerTerms]] = {}
        self._file(self.fee_schedules, self.payer_terms)

    def sign(self, payer: Payer, day: date) -> tuple[list[FeeSchedule], list[PayerTerms]]:
        """Returns what a payer without a contract agrees to from a day on."""
        fees = [
            FeeSchedule(
                payer.name, procedure, day, None, self._chance.choice(payer.allowed_percents)
            )
            for procedure in self._procedures
        ]
        terms = [PayerTerms(payer.name, day, None, payer.filing_days[0], payer.appeal_days)]
        self._file(fees, terms)
        return fees, terms

    def allowed_percent(self, payer: str, procedure: str, service: date) -> int:
        """Returns the share of a charge that the payer has agreed to, in whole percent."""
        return next(
            fee.allowed_percent
            for fee in reversed(self._fees[payer, procedure])
            if fee.valid_from <= service
        )

    def terms(self, payer: str, day: date) -> PayerTerms:
        """Returns the payer's terms that are in force on a day."""
        return next(terms for terms in reversed(self._terms[payer]) if terms.valid_from <= day)

    def _file(self, fees: Iterable[FeeSchedule], terms: Iterable[PayerTerms]) -> None:
        for fee in fees:
            self._fees.setdefault((fee.payer_id, fee.procedure_code), []).append(fee)
        for one in terms:
            self._terms.setdefault(one.payer_id, []).append(one)


def _fee_schedules(chance: Chance, start: date, procedures: Sequence[str]) -> Iterable[FeeSchedule]:
    first = start - timedelta(days=CONTRACT_DAYS)
    second = (start - timedelta(days=NEW_FEES_DAYS)).replace(day=1)
    for payer in ESTABLISHED_PAYERS.values():
        for procedure in procedures:
            percent = chance.choice(payer.allowed_percents) + chance.choice(FEE_SPREAD)
            risen = percent + chance.choice(FEE_RISE)
            yield FeeSchedule(payer.name, procedure, first, second - timedelta(days=1), percent)
            yield FeeSchedule(payer.name, procedure, second, None, risen)


def _payer_terms(start: date) -> Iterable[PayerTerms]:
    first = start - timedelta(days=CONTRACT_DAYS)
    second = (start - timedelta(days=NEW_TERMS_DAYS)).replace(day=1)
    for payer in ESTABLISHED_PAYERS.values():
        old, *new = payer.filing_days
        ends = second - timedelta(days=1) if new else None
        yield PayerTerms(payer.name, first, ends, old, payer.appeal_days)
        for days in new:
            yield PayerTerms(payer.name, second, None, days, payer.appeal_days)
