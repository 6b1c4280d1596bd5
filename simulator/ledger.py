"""What each load must count and hold.

rows_read = rows_merged + rows_unchanged + rows_deduplicated + rows_quarantined.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from simulator.shelf import DUPLICATE, VALID, Row


class Load(NamedTuple):
    """The expected outcome of one load of one table or file."""

    load_id: str
    source_system: str
    entity: str
    business_date: date
    rows_read: int
    rows_merged: int
    rows_unchanged: int
    rows_deduplicated: int
    rows_quarantined: int


class HeldRow(NamedTuple):
    """A row that a load must quarantine; amounts are cents. No other values."""

    load_id: str
    source_system: str
    entity: str
    rule: str
    billed_amount: int | None
    paid_amount: int | None


class LoadName(NamedTuple):
    """Which load it is: its id, whose rows it brings, and the business date."""

    load_id: str
    source_system: str
    entity: str
    business_date: date


class Counted(NamedTuple):
    """A load with the rows that it must hold, and how many of its rows are odd, by rule."""

    load: Load
    held: list[HeldRow]
    odd: Counter[str]


def count_load(name: LoadName, rows: Iterable[Row], day: int) -> Counted:
    """Returns the counts of a load that reads exactly these rows on the day.

    A row that was read before, through the overlap or a file that is sent again, is unchanged,
    deduplicated or held once more.
    """
    read = merged = unchanged = deduplicated = 0
    held = []
    odd: Counter[str] = Counter()
    for row in rows:
        read += 1
        odd.update(row.odd)
        if row.verdict == DUPLICATE:
            deduplicated += 1
        elif row.verdict != VALID:
            held.append(HeldRow(*name[:3], row.verdict, row.billed, row.paid))
        elif row.day == day and row.opens_version:
            merged += 1
        else:
            unchanged += 1
    load = Load(*name, read, merged, unchanged, deduplicated, len(held))
    return Counted(load, held, odd)
