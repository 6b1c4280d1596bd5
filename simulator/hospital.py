"""One hospital and the payers' files about it: its tables, its patients and how it writes rows."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from simulator.chance import Chance
from simulator.clock import (
    PAYER_ZONE,
    ZONES,
    Stamp,
    afternoon,
    end_of_day,
    evening,
    is_long_night,
    long_night,
    morning,
)
from simulator.defects import DefectRates
from simulator.model import (
    ENTITIES,
    Appeal,
    Claim,
    Department,
    Encounter,
    FeeSchedule,
    Patient,
    PayerTerms,
    Posting,
    Provider,
    ProviderAdjustment,
    Remittance,
    Transaction,
)
from simulator.oddities import oddities
from simulator.rows import render
from simulator.schema import PAYER_FILES
from simulator.scribe import Scribe
from simulator.shelf import VALID, Row, Shelf
from simulator.troubles.keys import spelled_alike
from simulator.values import Values

WITHOUT_WATERMARK = frozenset({"providers", "departments", "fee_schedules", "payer_terms"})


class Hospital:
    """The state of a hospital on business date `today`, which has index `day`.

    `in_flight` are the accounts whose charges will say tomorrow what is posted on them today.
    """

    def __init__(self, name: str, seed: int, today: date, rates: DefectRates) -> None:
        self.name = name
        self.today = today
        self.day = 0
        self.chance = Chance(f"{seed}/{name}/events")
        self.values = Values(f"{seed}/{name}", Chance(f"{seed}/{name}/values"))
        self.trouble = Chance(f"{seed}/{name}/trouble")
        self.rates = rates
        self.scribe = Scribe(Chance(f"{seed}/{name}/scribe"), rates)
        self.patients: Shelf[Patient] = Shelf(name, "patients")
        self.providers: Shelf[Provider] = Shelf(name, "providers")
        self.departments: Shelf[Department] = Shelf(name, "departments")
        self.encounters: Shelf[Encounter] = Shelf(name, "encounters")
        self.transactions: Shelf[Transaction] = Shelf(name, "transactions")
        self.postings: Shelf[Posting] = Shelf(name, "postings")
        self.appeals: Shelf[Appeal] = Shelf(name, "appeals")
        self.claims: Shelf[Claim] = Shelf(name, "claims")
        self.remittances: Shelf[Remittance] = Shelf(name, "remittances")
        self.provider_adjustments: Shelf[ProviderAdjustment] = Shelf(name, "provider_adjustments")
        self.fee_schedules: Shelf[FeeSchedule] = Shelf(name, "fee_schedules")
        self.payer_terms: Shelf[PayerTerms] = Shelf(name, "payer_terms")
        self._zones = {entity: _zone(name, entity) for entity in ENTITIES}
        self.events: list[Counter[str]] = [Counter()]
        self.in_flight: dict[str, Any] = {}
        self._identifiers: Counter[str] = Counter()
        self._last_number: dict[str, str] = {}

    @property
    def shelves(self) -> dict[str, Shelf[Any]]:
        """The tables by entity; PAYER_FILES names those that payers send."""
        return {
            shelf.entity: shelf
            for shelf in (self.patients, self.providers, self.departments, self.encounters,
                          self.transactions, self.postings, self.appeals, self.claims,
                          self.remittances, self.provider_adjustments, self.fee_schedules,
                          self.payer_terms)
        }  # fmt: skip

    def start_day(self, today: date) -> None:
        """Begins the next business date."""
        self.today = today
        self.day += 1
        self.events.append(Counter())

    def next_id(self, prefix: str) -> str:
        """Returns the next number of a kind. Both hospitals count from one: their ids collide.

        Now and then it differs from the one before in case or in a blank only.
        """
        last = self._last_number.pop(prefix, None)
        if last and self.trouble.happens(self.rates.key_spelled_alike):
            return spelled_alike(last, self.trouble)
        self._identifiers[prefix] += 1
        number = self._last_number[prefix] = f"{prefix}{self._identifiers[prefix]:06}"
        return number

    def record(self, happened: str, times: int = 1) -> None:
        """Counts something that happened on this business date."""
        self.events[-1][happened] += times

    def entered(self, day: date) -> Stamp:
        """Returns when something was recorded for the first time on a day."""
        zone = self._zones["patients"]
        if is_long_night(day, zone) and self.trouble.happens(self.rates.dst_night):
            return long_night(self.trouble, day, zone)
        return morning(self.chance, day, zone)

    def charge_entered(self, day: date) -> Stamp:
        """Returns when a charge was entered, which may be late in the evening."""
        if self.trouble.happens(self.rates.evening_charge):
            return evening(self.trouble, day, self._zones["transactions"])
        return self.entered(day)

    def claim_entered(self, day: date) -> Stamp:
        """Returns when the payers recorded a claim."""
        return morning(self.chance, day, PAYER_ZONE)

    def changed(self, entity: str, day: date | None = None) -> Stamp:
        """Returns when a record was changed on a day, today unless another is given."""
        day = day or self.today
        if entity in WITHOUT_WATERMARK:
            return end_of_day(day, self._zones[entity])
        return afternoon(self.chance, day, self._zones[entity])

    def write(self, entity: str, truth: Any, stamp: Stamp, typed: Any = None) -> None:
        """Writes a row that says `truth`; the source has the values `typed` if they differ."""
        shelf = self.shelf(entity)
        shelf.write(truth, self._row(entity, typed or truth, stamp, opens=shelf.differs(truth)))

    def hold(self, entity: str, typed: Any, stamp: Stamp, rule: str, *amounts: int | None) -> None:
        """Writes a row that must be quarantined by the rule, with the cents billed and paid."""
        self.shelf(entity).hold(self._held(entity, typed, stamp, rule, *amounts))
        self.record(f"{entity}_{rule}")

    def spoil(self, entity: str, typed: Any, stamp: Stamp, rule: str, *amounts: int | None) -> None:
        """Replaces a record's row by one that must be quarantined by the rule."""
        row = self._held(entity, typed, stamp, rule, *amounts)
        self.shelf(entity).spoil(row.record_id, row)
        self.record(f"{entity}_{rule}_later")

    def overlook(self, entity: str, truth: Any, stamp: Stamp) -> None:
        """Writes a change of a record under a stamp that lies behind what was read."""
        self.shelf(entity).overlook(truth, self._row(entity, truth, stamp))
        self.record(f"{entity}_overlooked")

    def shelf(self, entity: str) -> Shelf[Any]:
        """Returns the table of an entity."""
        shelf: Shelf[Any] = getattr(self, entity)
        return shelf

    def zone(self, entity: str) -> ZoneInfo:
        """Returns the zone in which an entity's source writes times."""
        return self._zones[entity]

    def repeat(self, entity: str, key: Any) -> None:
        """Writes a row a second time, letter for letter."""
        self.shelf(entity).repeat(key)
        self.record(f"{entity}_repeated")

    def _held(self, entity: str, typed: Any, stamp: Stamp, rule: str, *amounts: int | None) -> Row:
        billed, paid = amounts or (None, None)
        account = typed.transaction_id if entity == "postings" else None
        return self._row(entity, typed, stamp)._replace(
            verdict=rule,
            billed=billed,
            paid=paid,
            record_id=(typed[0] or "").strip() or None,
            account_id=(account or "").strip() or None,
        )

    def _row(self, entity: str, typed: Any, stamp: Stamp, *, opens: bool = False) -> Row:
        line = render(entity, typed, stamp.at, self._zones[entity], self.scribe)
        file = PAYER_FILES.get(entity)
        odd = oddities(entity, typed, stamp.at.date())
        period = file.period(typed) if file else ""
        return Row(line, stamp, self.day, period, VALID, opens, odd=odd)


def _zone(hospital: str, entity: str) -> ZoneInfo:
    return PAYER_ZONE if entity in PAYER_FILES else ZONES[hospital]
