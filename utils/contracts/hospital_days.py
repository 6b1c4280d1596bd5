"""The day on which something happened where the hospital is."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from utils.contracts.columns import FIRST_RECORD, LAST_DAY
from utils.contracts.source_file import DatabaseSource, Source
from utils.contracts.sources import sources

if TYPE_CHECKING:
    from collections.abc import Iterable


def hospital_day(instant: str, source_system: str) -> str:
    """SQL of the DATE of an instant in the zone of the hospital whose row it is.

    An instant that is not of a known hospital is dated in UTC.

    Args:
        instant: a TIMESTAMP expression.
        source_system: an expression of the hospital's name.
    """
    branches = "".join(
        f" WHEN '{system}' THEN '{zone}'" for system, zone in sorted(_zones().items())
    )
    return f"DATE({instant}, CASE {source_system}{branches} ELSE 'UTC' END)"


def recorded_day(source_system: str, inserted_at: str = "inserted_at") -> str:
    """SQL of the day on which a hospital recorded a row; NULL where a placeholder stands for it.

    Args:
        source_system: an expression of the hospital's name.
        inserted_at: a TIMESTAMP expression: when the row was recorded, as the hospital says.
    """
    told = f"TIMESTAMP '{FIRST_RECORD} 00:00:00+00' AND TIMESTAMP '{LAST_DAY} 00:00:00+00'"
    known = f"IF({inserted_at} BETWEEN {told}, {inserted_at}, NULL)"
    return hospital_day(known, source_system)


def _zones() -> dict[str, str]:
    """The zone of every hospital: its own source's, else that of the files that bring its rows."""
    zones: dict[str, str] = {}
    for source in sorted(sources().values(), key=lambda source: isinstance(source, DatabaseSource)):
        zones |= dict.fromkeys(_systems(source), source.time_zone)
    return zones


def _systems(source: Source) -> Iterable[str]:
    if isinstance(source, DatabaseSource):
        return (source.name,)
    return (system for table in source.tables.values() for system in table.source_systems)


def full_from(day: date) -> tuple[datetime, str]:
    """The instant (UTC) from which a date is over in every hospital, and the last one's zone."""
    ends = [(source.end_of_day(day), source.time_zone) for source in _hospitals()]
    return max(ends)


def last_full_day(at: datetime) -> date:
    """The last date that is over in every hospital at an instant."""
    day = at.astimezone(UTC).date()
    while full_from(day)[0] > at:
        day -= timedelta(days=1)
    return day


def _hospitals() -> list[Source]:
    """The hospitals' databases; where there is none, all sources."""
    known = list(sources().values())
    return [source for source in known if isinstance(source, DatabaseSource)] or known
