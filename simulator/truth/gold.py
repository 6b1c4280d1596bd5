"""A table as the answer key has it: its columns, declared with how its rows are counted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from simulator.truth.books import Books

Rows = Iterator[tuple[Any, ...]]
Count = Callable[[Books], Iterable[tuple[Any, ...]]]


@dataclass(frozen=True, kw_only=True)
class Declared:
    """A published table.

    Attributes:
        name: in BigQuery, with its dataset.
        key: columns that identify a row.
        measures: the other columns. Amounts are cents, ratios are Decimals, None where the
            denominator is zero.
        not_compared: its other columns, with the reason why nothing can be expected of them.
    """

    name: str
    key: tuple[str, ...]
    measures: tuple[str, ...]
    not_compared: dict[str, str]

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that are compared, in order."""
        return (*self.key, *self.measures)


@dataclass(frozen=True, kw_only=True)
class GoldTable(Declared):
    """A gold table that is counted source system by source system, which leads its key.

    Attributes:
        count: yields the rows of a source system without its name.
        member: the row of no source system, which stands for what nobody knows.
        of_codes: whether it is counted of the code sets instead of the hospitals.
    """

    count: Count
    member: tuple[Any, ...] | None
    of_codes: bool

    def rows(self, books: Books) -> Rows:
        """Yields the rows of a source system."""
        for row in self.count(books):
            yield books.name, *row


def gold_table(
    key: str,
    measures: str,
    *,
    member: tuple[Any, ...] | None = None,
    of_codes: bool = False,
    **not_compared: str,
) -> Callable[[Count], GoldTable]:
    """Declares the gold table that a function counts and is named after.

    Args:
        key: its columns, separated by blanks; `source_system` comes before them.
        measures: its columns, separated by blanks.
        member: see `GoldTable`.
        of_codes: see `GoldTable`.
        not_compared: see `Declared`.
    """

    def declare(count: Count) -> GoldTable:
        return GoldTable(
            name=f"gold.{count.__name__}",
            key=("source_system", *key.split()),
            measures=tuple(measures.split()),
            not_compared=not_compared,
            count=count,
            member=member,
            of_codes=of_codes,
        )

    return declare
