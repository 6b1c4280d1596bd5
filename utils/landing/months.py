"""Which months of a monthly delivery arrived, by the names of the files."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_MONTH = re.compile(r"(?<!\d)((?:19|20)\d{2})[-_]?(0[1-9]|1[0-2])(?!\d)")


def delivered_months(filenames: Iterable[str]) -> dict[str, bool]:
    """Every month from the first to the last that a name says, and whether a file came for it.

    A month is written `2024-03`, `2024_03` or `202403`; the first in a name counts. A name without
    one says nothing. What should have come after the last month is not known here.
    """
    found = {int(at[1]) * 12 + int(at[2]) - 1 for name in filenames if (at := _MONTH.search(name))}
    if not found:
        return {}
    return {
        f"{number // 12:04d}-{number % 12 + 1:02d}": number in found
        for number in range(min(found), max(found) + 1)
    }
