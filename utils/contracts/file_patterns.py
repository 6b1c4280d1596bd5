"""Which delivered file is whose: patterns of object names, in which `*` stands within a folder."""

from __future__ import annotations

import re
from functools import cache

SYSTEM = "{source_system}"


def literal_prefix(pattern: str) -> str:
    """What every name that fits the pattern begins with."""
    return re.split(r"[*{]", pattern, maxsplit=1)[0]


@cache
def name_regex(pattern: str) -> re.Pattern[str]:
    """Matches the names that fit; the group `source_system` is the folder that says whose.

    A file may come as gzip, under its own name or with `.gz` behind it.
    """
    escaped = re.escape(pattern).replace(r"\*", "[^/]*")
    place = escaped.replace(re.escape(SYSTEM), "(?P<source_system>[^/]+)")
    return re.compile(rf"{place}(\.gz)?")


@cache
def can_meet(one: str, other: str) -> bool:
    """Whether a name could fit both patterns; `{source_system}` has been filled in."""
    one, other = one.removesuffix(".gz"), other.removesuffix(".gz")
    if not one or not other:
        return set(one + other) <= {"*"}
    if one[0] != "*" and other[0] != "*":
        return one[0] == other[0] and can_meet(one[1:], other[1:])
    if one[0] != "*":
        return can_meet(other, one)
    return can_meet(one[1:], other) or (other[0] != "/" and can_meet(one, other[1:]))
