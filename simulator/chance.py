"""Seeded randomness: every choice of the simulator comes from here."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from math import log
from typing import TypeVar

T = TypeVar("T")


class Chance(random.Random):
    """A stream of choices that is the same for the same seed, on every machine."""

    def happens(self, rate: float) -> bool:
        """Returns true with the given probability."""
        return self.random() < rate

    def below(self, limit: int) -> int:
        """Returns a whole number from 0 to `limit` - 1."""
        return int(self.random() * limit)

    def between(self, low: int, limit: int) -> int:
        """Returns a whole number from `low` to `limit` - 1."""
        return low + int(self.random() * (limit - low))

    def choice(self, items: Sequence[T]) -> T:  # type: ignore[override]
        """Returns one of the items; four times as fast as the standard library's."""
        return items[int(self.random() * len(items))]

    def pick(self, weights: Mapping[T, float]) -> T:
        """Returns one key; a key's probability follows its weight."""
        left = self.random() * sum(weights.values())
        for key, weight in weights.items():
            if left < weight:
                return key
            left -= weight
        return key

    def share(self, items: Sequence[T], rate: float, least: int = 0) -> list[T]:
        """Returns a share of the items, in random order, but not less than `least` if there are."""
        return self.sample(items, min(len(items), max(least, round(len(items) * rate))))

    def around(self, median: float, spread: float) -> int:
        """Returns a positive whole number, log-normal around the median."""
        return max(1, round(self.lognormvariate(log(median), spread)))
