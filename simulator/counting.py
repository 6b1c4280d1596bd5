"""What the books are counted with. A month is a whole number, so that months can be counted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from operator import attrgetter
from typing import Any

CENTS = 100
NUMERIC_STEP = Decimal("1e-9")
TRAILING_MONTHS = 3
MATURE_DAYS = 120


def grouped(items: Iterable[Any], group: Callable[[Any], Any]) -> dict[Any, list[Any]]:
    """Returns the items by their group, in the order of first mention."""
    groups = defaultdict(list)
    for item in items:
        groups[group(item)].append(item)
    return dict(groups)


def sums(items: Collection[Any], *fields: str) -> list[int]:
    """Returns the sum of each field."""
    return [sum(map(attrgetter(field), items)) for field in fields]


def ratio(part: Decimal | int, whole: Decimal | int) -> Decimal | None:
    """Returns the ratio to nine decimals, half up; None of a whole of nothing."""
    if not whole:
        return None
    return (Decimal(part) / Decimal(whole)).quantize(NUMERIC_STEP, ROUND_HALF_UP)


def nearest_rank(values: Iterable[int], percent: int) -> int:
    """Returns the value that `percent` of the values do not exceed: the one at ceil(p × n)."""
    ordered = sorted(values)
    return ordered[-(-percent * len(ordered) // 100) - 1]


def month_of(day: date) -> int:
    """Returns the number of the day's month."""
    return day.year * 12 + day.month - 1


@cache
def month_start(month: int) -> date:
    """Returns the first day of the month."""
    return date(month // 12, month % 12 + 1, 1)


@cache
def month_end(month: int) -> date:
    """Returns the last day of the month."""
    return month_start(month + 1) - timedelta(days=1)


def trailing(month: int) -> range:
    """Returns the three calendar months that end with this one."""
    return range(month - TRAILING_MONTHS + 1, month + 1)


def day_count(months: range) -> int:
    """Returns the number of days of the months."""
    return (month_start(months.stop) - month_start(months.start)).days


def is_mature(month: int, today: date) -> bool:
    """Returns whether the payers had their time for the services of a month."""
    return (today - month_end(month)).days >= MATURE_DAYS
