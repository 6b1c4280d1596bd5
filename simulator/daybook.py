"""What is booked of a source system on a business date."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pyarrow as pa

from simulator.leakage import Leak
from simulator.ledger import Counted
from simulator.shelf import Shelf
from simulator.truth.network_tables import Contribution

DOLLARS = {
    "transactions": ("amount", "paid_amount"),
    "claims": ("claim_amount", "paid_amount"),
    "remittances": ("charge_amount", "paid_amount"),
    "postings": (None, "amount"),
}
HISTORIES = ("patients", "providers", "departments", "procedures")
RECONCILED = (*HISTORIES, "encounters", *DOLLARS)


@dataclass(frozen=True)
class Volume:
    """Rows and their cents."""

    rows: int = 0
    billed: int = 0
    paid: int = 0


@dataclass(frozen=True)
class Standing:
    """What a source system's records and the rows that are held of it add up to.

    Attributes:
        published: by entity; all versions of what has a history in gold, else what is in force.
        held: by entity and rule.
    """

    published: dict[str, Volume]
    held: dict[tuple[str, str], Volume]


@dataclass(frozen=True)
class DayBook:
    """What was booked on a business date at a hospital, or of the code sets.

    Attributes:
        loads: the loads of this date, in order, with what they hold.
        standing: what the records and the rows held add up to at the end of the date.
        contribution: what the hospital adds to the tables of all hospitals.
        gold: each gold table at the end of the date.
        events: how often what happened on the date.
        leaks: where money leaks at the end of the date.
        deletions: the charges that are deleted and published still, with the cents by which their
            accounts will differ when that is found.
        overlooked: the patients of whom a change is not read yet, with the address that they have.
    """

    source_system: str
    business_date: date
    loads: list[Counted]
    standing: Standing
    contribution: Contribution | None = None
    gold: dict[str, pa.Table] = field(default_factory=dict)
    events: dict[str, int] = field(default_factory=dict)
    leaks: list[Leak] = field(default_factory=list)
    deletions: dict[str, int] = field(default_factory=dict)
    overlooked: dict[str, str] = field(default_factory=dict)


def standing(shelves: Mapping[str, Shelf[Any]]) -> Standing:
    """Returns what the shelves of a source system add up to."""
    published = {
        entity: volume for entity in RECONCILED
        if entity in shelves and (volume := _volume(entity, shelves[entity])).rows
    }  # fmt: skip
    held: dict[tuple[str, str], Volume] = {}
    for entity, shelf in shelves.items():
        for row in shelf.held():
            of = held.get((entity, row.verdict), Volume())
            held[entity, row.verdict] = Volume(
                of.rows + 1, of.billed + (row.billed or 0), of.paid + (row.paid or 0)
            )
    return Standing(published, held)


def _volume(entity: str, shelf: Shelf[Any]) -> Volume:
    if entity in HISTORIES:
        return Volume(len(shelf.versions))
    records = list(shelf.current.values())
    if entity == "postings":
        records = [line for line in records if line.amount]
    billed, paid = (
        sum(getattr(one, column) for one in records) if column else 0
        for column in DOLLARS.get(entity, (None, None))
    )
    return Volume(len(records), billed, paid)
