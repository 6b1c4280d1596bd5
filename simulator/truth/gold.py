"""A gold table as the answer key has it: its columns, declared with how its rows are counted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from simulator.truth.books import Books

Rows = Iterator[tuple[Any, ...]]
SUMMARY_COUNT = "_row_count"


@dataclass(frozen=True)
class GoldTable:
    """A gold table, or its summary if it measures SUMMARY_COUNT.

    Attributes:
        name: in BigQuery.
        key: columns that identify a row, the hospital first.
        measures: the other columns that are compared. Amounts are cents, ratios are Decimals,
            None where the denominator is zero.
        count: yields the rows of a hospital without its name.
    """

    name: str
    key: tuple[str, ...]
    measures: tuple[str, ...]
    count: Callable[[Books], Iterable[tuple[Any, ...]]]

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns in order."""
        return (*self.key, *self.measures)

    def rows(self, books: Books) -> Rows:
        """Yields the rows of a hospital."""
        for row in self.count(books):
            yield books.name, *row


def gold_table(
    key: str, measures: str
) -> Callable[[Callable[[Books], Iterable[tuple[Any, ...]]]], GoldTable]:
    """Declares the gold table that a function counts and is named after.

    Args:
        key: its columns, separated by blanks; `source_system` comes before them.
        measures: its columns, separated by blanks.
    """

    def declare(count: Callable[[Books], Iterable[tuple[Any, ...]]]) -> GoldTable:
        columns = ("source_system", *key.split())
        return GoldTable(count.__name__, columns, tuple(measures.split()), count)

    return declare
