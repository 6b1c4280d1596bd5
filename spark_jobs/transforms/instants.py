"""Instants: texts like ISO 8601's and a source's own times, in UTC."""

from __future__ import annotations

from pyspark.sql import Column as SparkColumn
from pyspark.sql import functions as F

_DAY = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_TIME = r"[ T][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?"
_OFFSET = "[+-][0-9]{2}(:?[0-9]{2})?"
_LOCAL_TIME = f"^{_DAY}({_TIME})?$"
_INSTANT = f"^{_DAY}{_TIME}( ?(Z|UTC|GMT|{_OFFSET}))$"
# Microseconds are as fine as Spark gets; the engines differ in what they make of a seventh digit.
_BEYOND_MICROSECONDS = r"(\.[0-9]{6})[0-9]+"
_NO_SECONDS = "^(.{16})([ A-Z+-]|$)"
_ZONE_WORD = " ?(Z|UTC|GMT)$"


def to_utc(value: SparkColumn, source_type: str, zone: str) -> SparkColumn:
    """The instant of a source's time: local time of the zone unless the type carries an offset."""
    if source_type == "timestamp":
        return value
    return F.to_utc_timestamp(value.cast("timestamp"), zone)


def parse_instant(value: SparkColumn, zone: str) -> SparkColumn:
    """The instant of a text like ISO 8601's: local (a bare day is its midnight) or with offset.

    Databases and languages leave out seconds or the offset's colon and minutes, write UTC in words,
    or more digits than a microsecond has. None of this is ambiguous.
    """
    seconds = F.regexp_replace(value, _NO_SECONDS, "$1:00$2")
    micros = F.regexp_replace(seconds, _BEYOND_MICROSECONDS, "$1")
    local = F.when(value.rlike(_LOCAL_TIME), micros).try_cast("timestamp")
    instant = F.when(value.rlike(_INSTANT), _with_offset(micros)).try_cast("timestamp")
    return F.coalesce(F.to_utc_timestamp(local, zone), instant)


def _with_offset(value: SparkColumn) -> SparkColumn:
    """An instant's text with its offset written as +00:00."""
    numeric = F.regexp_replace(value, _ZONE_WORD, "+00:00")
    minutes = F.regexp_replace(numeric, r" ?([+-][0-9]{2}):?([0-9]{2})$", "$1:$2")
    return F.regexp_replace(minutes, r"(:[0-9.]+) ?([+-][0-9]{2})$", "$1$2:00")
