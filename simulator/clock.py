"""When things happen: instants in UTC that lie inside a business date of a source.

Records are entered in the morning and changed in the afternoon, so a change on the same day is
always later; some charges are entered in the evening. In the night some records are entered within
the hour that is written twice when daylight time ends: what is written then means the first one.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from simulator.chance import Chance

OPENS = time(6)
HOUR_SECONDS = 3600
HALF_DAY_SECONDS = 8 * HOUR_SECONDS
EVENING_SECONDS, EVENING_LONG_SECONDS = 14 * HOUR_SECONDS, 2 * HOUR_SECONDS
TWICE = time(1)
# Before and after these instants no computer kept records: what says so stands for no time.
FIRST_RECORD, LAST_RECORD = datetime(1970, 1, 2, tzinfo=UTC), datetime(2200, 12, 31, tzinfo=UTC)
ZONES = {
    "hospital_a": ZoneInfo("America/New_York"),
    "hospital_b": ZoneInfo("America/Chicago"),
}
PAYER_ZONE = ZoneInfo("UTC")


class Stamp(NamedTuple):
    """An instant (UTC) with the business date it belongs to in its source's time zone."""

    date: date
    at: datetime


def morning(chance: Chance, day: date, zone: ZoneInfo) -> Stamp:
    """Returns an instant from 06:00 to 13:59:59 local time."""
    return _stamp(day, zone, chance.below(HALF_DAY_SECONDS))


def afternoon(chance: Chance, day: date, zone: ZoneInfo) -> Stamp:
    """Returns an instant from 14:00 to 21:59:59 local time."""
    return _stamp(day, zone, HALF_DAY_SECONDS + chance.below(HALF_DAY_SECONDS))


def evening(chance: Chance, day: date, zone: ZoneInfo) -> Stamp:
    """Returns an instant from 20:00 to 21:59:59 local time, mostly the next day in UTC."""
    return _stamp(day, zone, EVENING_SECONDS + chance.below(EVENING_LONG_SECONDS))


@cache
def is_long_night(day: date, zone: ZoneInfo) -> bool:
    """Returns whether an hour of the day's night is written twice."""
    one = datetime.combine(day, TWICE, zone)
    return one.utcoffset() != one.replace(fold=1).utcoffset()


def long_night(chance: Chance, day: date, zone: ZoneInfo) -> Stamp:
    """Returns an instant of the hour that is written twice; as written it is the first one."""
    return Stamp(day, _instant(day, zone, TWICE) + timedelta(0, chance.below(HOUR_SECONDS)))


def end_of_day(day: date, zone: ZoneInfo) -> Stamp:
    """Returns the local midnight that ends the business date."""
    return Stamp(day, midnight(day + timedelta(days=1), zone))


def local_day(at: datetime, source_system: str) -> date:
    """Returns the day of an instant where the hospital is; of a code set, in UTC."""
    return at.astimezone(ZONES.get(source_system, PAYER_ZONE)).date()


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """Returns the instant at which a day begins in a zone."""
    return _instant(day, zone, time())


def recorded_day(at: datetime, source_system: str) -> date | None:
    """Returns the day of an instant of record where the hospital is; None of a placeholder."""
    return local_day(at, source_system) if is_told(at) else None


def is_told(at: datetime) -> bool:
    """Returns whether an instant of record is one, and no placeholder for none."""
    return FIRST_RECORD <= at <= LAST_RECORD


def local_text(at: datetime, zone: ZoneInfo) -> str:
    """Returns the wall-clock time in the zone as `YYYY-MM-DD HH:MM:SS`."""
    local = at if zone is PAYER_ZONE else at.astimezone(zone)
    return local.isoformat(" ", "seconds")[:19]


def _stamp(day: date, zone: ZoneInfo, seconds: int) -> Stamp:
    return Stamp(day, _opening(day, zone) + timedelta(0, seconds))


@cache
def _opening(day: date, zone: ZoneInfo) -> datetime:
    return _instant(day, zone, OPENS)


def _instant(day: date, zone: ZoneInfo, at: time) -> datetime:
    return datetime.combine(day, at, zone).astimezone(UTC)
