"""Numbers that differ in the case of their letters or in blanks only."""

from __future__ import annotations

from simulator.chance import Chance

DIGITS = 6


def spelled_alike(number: str, chance: Chance) -> str:
    """Returns another number, which a careless reader takes for this one."""
    prefix, digits = number[:-DIGITS], number[-DIGITS:]
    return chance.choice((f"{prefix.lower()}{digits}", f"{prefix} {digits}"))
