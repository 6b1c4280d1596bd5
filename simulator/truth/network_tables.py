"""The gold tables that span hospitals, from what each hospital contributes to them."""

from __future__ import annotations

from calendar import day_name, month_name
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from simulator.counting import month_end, month_of, month_start
from simulator.model import Patient, Transaction
from simulator.truth.books import Books
from simulator.truth.gold import Declared, Rows
from simulator.truth.keys import UNKNOWN, payer_key
from simulator.truth.outcomes import CAUSES
from simulator.vocabulary import PAYERS

_PAYER = Transaction._fields.index("payer_id")
_INSURANCE = Patient._fields.index("insurance_name")
FIRST_YEAR = 1990
FUTURE_YEARS = 2


@dataclass(frozen=True)
class Contribution:
    """What a hospital adds to the tables of all.

    Attributes:
        payers: how often each spelling of a payer's name is met in its records.
        services: its first and its last day of service or visit, if it has any.
    """

    payers: Counter[str]
    services: tuple[date, date] | None


Count = Callable[[Sequence[Contribution], date], Rows]


@dataclass(frozen=True, kw_only=True)
class NetworkTable(Declared):
    """A gold table of all hospitals; `count` yields its rows at the end of a business date."""

    count: Count


def contribution(books: Books) -> Contribution:
    """Returns what a hospital adds to the tables of all."""
    published = books.published
    payers = Counter(
        [
            *(claim.payer_id for claim in published.claims.values()),
            *(version.values[_PAYER] for version in published.versions("transactions")),
            *(line.to_payer_id or line.payer_id for line in published.postings),
            *(remit.payer_id for remit in published.remittances),
            *(terms.payer_id for terms in published.payer_terms),
            *(version.values[_INSURANCE] for version in published.versions("patients")),
        ]
    )
    del payers[None]
    days = [
        *(charge.service_date for charge in published.charges.values()),
        *(claim.service_date for claim in published.claims.values()),
        *(visit.encounter_date for visit in published.encounters.values()),
    ]
    return Contribution(payers, (min(days), max(days)) if days else None)


def dim_payers(of_hospitals: Sequence[Contribution], _: date) -> Rows:
    """Payers, by the spelling that is met most often."""
    spellings: Counter[str] = sum((one.payers for one in of_hospitals), Counter())
    names: dict[str, str] = {}
    for name, _count in sorted(spellings.items(), key=lambda item: (-item[1], item[0])):
        names.setdefault(name.upper(), name)
    for code, name in names.items():
        yield payer_key(name), code, name, _payer_group(code)
    yield UNKNOWN, None, "Unknown", "Unknown"


def dim_date(of_hospitals: Sequence[Contribution], today: date) -> Rows:
    """Whole years from the first service to the business date, or to a service after it."""
    days = [day for one in of_hospitals for day in one.services or ()]
    day = date(max(min([today, *days]).year, FIRST_YEAR), 1, 1)
    last_year = min(max([today, *days]).year, today.year + FUTURE_YEARS)
    while day.year <= last_year:
        month, week = month_of(day), day.isocalendar()
        yield (day, day.year, (day.month + 2) // 3, day.month, month_start(month),
               month_end(month), month_name[day.month], day.day, week.week, week.weekday,
               day_name[week.weekday - 1], week.weekday in {6, 7})  # fmt: skip
        day += timedelta(days=1)


def dim_adjustment_reasons(_: Sequence[Contribution], __: date) -> Rows:
    """The codes with which payers say why they pay less, by what they mean."""
    for code, (category, stage) in CAUSES.items():
        yield code, category, stage, stage != "none"


def _payer_group(code: str) -> str:
    """Returns the group of a payer of the simulated world."""
    groups = {"MEDICARE": "Medicare", "MEDICAID": "Medicaid", "SELF-PAY": "Self-Pay"}
    commercial = {payer.name.upper() for payer in PAYERS.values() if payer.payer_type == "Private"}
    return groups.get(code) or ("Commercial" if code in commercial else "Other")


def _network_table(count: Count, key: str, measures: str, **not_compared: str) -> NetworkTable:
    return NetworkTable(
        name=f"gold.{count.__name__}",
        key=(key,),
        measures=tuple(measures.split()),
        not_compared=not_compared,
        count=count,
    )


NETWORK_TABLES = {
    table.name: table
    for table in (
        _network_table(dim_payers, "payer_key", "payer_code payer_name payer_group"),
        _network_table(
            dim_date,
            "calendar_date",
            "year quarter month month_start_date month_end_date month_name day_of_month iso_week "
            "iso_day_of_week day_name is_weekend",
        ),
        _network_table(
            dim_adjustment_reasons,
            "reason_code",
            "category stage is_denial",
            label="our own words for a code",
        ),
    )
}
