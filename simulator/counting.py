"""What the books are counted with."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from typing import Any

NUMERIC_STEP = Decimal("1e-9")


def grouped(items: Iterable[Any], group: Callable[[Any], Any]) -> dict[Any, list[Any]]:
    """Returns the items by their group, in the order of first mention."""
    groups = defaultdict(list)
    for item in items:
        groups[group(item)].append(item)
    return dict(groups)


def ratio(part: int, whole: int) -> Decimal | None:
    """Returns the ratio to nine decimals, half up; None of a whole of nothing."""
    if not whole:
        return None
    return (Decimal(part) / Decimal(whole)).quantize(NUMERIC_STEP, ROUND_HALF_UP)


@cache
def month_end_of(day: date) -> date:
    """Returns the last day of the month."""
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1) - timedelta(days=1)
