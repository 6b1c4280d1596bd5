"""The SELECT that extracts one window of one MySQL table, built without touching a database.

Names are quoted; the only values in the text are rendered from typed datetimes, or are keys as
numbers or hexadecimal digits. Each column is selected in the spelling that it lands in.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from utils.errors import ConfigError, SourceError
from utils.landing.mysql_types import BYTES, INTEGERS, expression, quote

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import tzinfo

    from utils.landing.mysql_types import SourceColumn

LOWEST_DATE = datetime(1, 1, 1)  # noqa: DTZ001 (a bound in the source's local time)
CHECKSUM = "_source_checksum"
_LONGEST_FOLD = timedelta(hours=3)
_CHECKSUM_DIGITS = 15  # hexadecimal: 60 bits, which a signed integer of 64 holds


@dataclass(frozen=True)
class Window:
    """What part of a table's changes one load reads: [low - overlap, high) in UTC.

    Attributes:
        low: upper bound of the last published load; None reads from the beginning.
        high: exclusive upper bound, frozen before reading.
        clock: the source's clock when the bounds were frozen; rows stamped at or beyond it are
            read too, so that they are quarantined instead of overlooked.
        overlap: how far to reach back behind `low` for rows that were committed late.
    """

    low: datetime | None
    high: datetime
    clock: datetime
    overlap: timedelta = timedelta(0)

    def __post_init__(self) -> None:
        bounds = [bound for bound in (self.low, self.high, self.clock) if bound]
        if any(bound.tzinfo is None for bound in bounds):
            raise ConfigError("A bound of a window has no time zone", remedy="Give UTC instants")
        if self.overlap < timedelta(0):
            raise ConfigError("A window's overlap is negative", remedy="Write 0 or more")


def checksum(columns: Sequence[SourceColumn]) -> str:
    """SQL of a number that is another one, but for chance, when a value of the row is another one.

    Only the source computes it, at landing and at every later comparison, so it does not matter how
    the source spells a value. Names and lengths keep values apart; what is NULL is left out.
    """
    return (
        f"CAST(CONV(LEFT(MD5(CONCAT({', '.join(map(_named_value, columns))})), "
        f"{_CHECKSUM_DIGITS}), 16, 10) AS SIGNED)"
    )


def _named_value(column: SourceColumn) -> str:
    # Bytes, because texts of different character sets cannot be joined.
    value = f"CAST({expression(column)} AS BINARY)"
    name = f"X'{column.name.encode().hex()}3d'"  # and a sign of equality
    return f"COALESCE(CONCAT({name}, LENGTH({value}), ':', {value}), '')"


def select_sql(
    table: str,
    columns: Sequence[SourceColumn],
    names: Sequence[str],
    condition: str = "",
    order_by: Sequence[str] = (),
    checked: Sequence[SourceColumn] = (),
    select: str | None = None,
) -> str:
    """One statement that reads the columns under the given names.

    With `checked` columns there is their `CHECKSUM` too. With a `select` the table is what this
    query returns. The order is that of the source's values, not of their spelling.
    """
    selected = [
        f"{expression(column)} AS {quote(name)}"
        for column, name in zip(columns, names, strict=True)
    ]
    where = f" WHERE {condition}" if condition else ""
    places = [f"{quote(table)}.{quote(name)}" for name in order_by]
    order = f" ORDER BY {', '.join(places)}" if order_by else ""
    if checked:
        selected.append(f"{checksum(checked)} AS {CHECKSUM}")
    origin = derived(select, table) if select else quote(table)
    return f"SELECT {', '.join(selected)} FROM {origin}{where}{order}"  # noqa: S608 (quoted)


def derived(select: str, name: str) -> str:
    """A query, checked when the configuration was read, in the place of a table."""
    return f"(\n{select}\n) AS {quote(name)}"


def window_condition(watermark: SourceColumn, window: Window, zone: tzinfo) -> str:
    """The WHERE condition of a window.

    Rows without a usable watermark (NULL, zero or no calendar date) and rows from the source's
    future belong to every window: silver quarantines them, so that nobody overlooks them.

    Raises:
        SourceError: the column is no date or time, so that windows cannot be cut by it.
    """
    if not watermark.is_date:
        raise SourceError(
            f"The watermark is of type {watermark.data_type}",
            where=f"column {watermark.name}",
            remedy="Choose a DATE, DATETIME or TIMESTAMP column, or write `load: full`",
        )
    name = quote(watermark.name)
    low, high, future = _local_bounds(watermark, window, zone)
    below = f"{name} < {_literal(high)}"
    inside = f"({name} >= {_literal(low)} AND {below})" if low else below
    unusable = f"{name} IS NULL OR {name} < {_literal(LOWEST_DATE)}"
    return f"{inside} OR {unusable} OR {name} >= {_literal(future)}"


def keys_condition(columns: Sequence[SourceColumn], keys: Sequence[Sequence[str]]) -> str:
    """The WHERE condition for rows with one of these keys; no keys, no rows.

    Args:
        columns: the columns of the key.
        keys: their values as text, in the same order.
    """
    if not keys:
        return "FALSE"
    names = ", ".join(quote(column.name) for column in columns)
    rows = (
        [_key_literal(column, value) for column, value in zip(columns, key, strict=True)]
        for key in keys
    )
    listed = ", ".join(f"({', '.join(row)})" for row in rows)
    return f"({names}) IN ({listed})"


def settled_before(bound: datetime, zone: tzinfo) -> datetime:
    """A local time before which no source row was written at or after `bound`, in zone or UTC."""
    return min(_earliest_reading(bound, clock) for clock in (zone, UTC))


def _key_literal(column: SourceColumn, value: str) -> str:
    if column.data_type in INTEGERS:
        return str(int(value))
    if column.data_type in BYTES:
        return f"X'{bytes.fromhex(value).hex()}'"
    return f"_utf8mb4 X'{value.encode().hex()}'"


def _local_bounds(
    watermark: SourceColumn, window: Window, zone: tzinfo
) -> tuple[datetime | None, datetime, datetime]:
    """Bounds as the source writes them, each on the side that rather reads too much.

    A day on which clocks are set back has an hour that is written twice. Near it, a lower bound
    takes the smaller reading and an upper bound the larger one. A DATE says only the day, so a
    lower bound within a day begins with that day.
    """
    stored_in_utc = watermark.data_type == "timestamp"
    clock = UTC if stored_in_utc else zone
    low = window.low - window.overlap if window.low else None
    earliest = _earliest_reading(low, clock) if low else None
    if earliest and watermark.data_type == "date":
        earliest = earliest.replace(hour=0, minute=0, second=0, microsecond=0)
    return earliest, _latest_reading(window.high, clock), _earliest_reading(window.clock, clock)


def _earliest_reading(instant: datetime, zone: tzinfo) -> datetime:
    """The smallest local time that a source writes at or after an instant."""
    return min(_wall_clock(instant, zone, timedelta(0)), _wall_clock(instant, zone, _LONGEST_FOLD))


def _latest_reading(instant: datetime, zone: tzinfo) -> datetime:
    """A local time above all that a source writes before an instant."""
    return max(_wall_clock(instant, zone, timedelta(0)), _wall_clock(instant, zone, -_LONGEST_FOLD))


def _wall_clock(instant: datetime, zone: tzinfo, probe: timedelta) -> datetime:
    offset = (instant + probe).astimezone(zone).utcoffset() or timedelta(0)
    return instant.astimezone(UTC).replace(tzinfo=None) + offset


def _literal(value: datetime) -> str:
    return f"TIMESTAMP'{value.isoformat(sep=' ', timespec='microseconds')}'"
