"""The line of totals below a file's rows: told from a row, and compared with the rows."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

import pyarrow as pa

from utils.errors import FileRefused
from utils.landing.bronze import is_amount, total_amount

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_WORDS = re.compile(r"((grand|report|sub|file)[ -]?)?totals?:?", re.IGNORECASE)


def looks_like_totals(fields: Sequence[str]) -> bool:
    """Whether a line says of itself that it is no row."""
    return bool(_WORDS.fullmatch(_first(fields)))


@dataclass
class Totals:
    """The totals that a file states and those of its rows, in dollars.

    Attributes:
        word: what the line of totals begins with, as declared.
        money: field number by column that is added up.
    """

    word: str
    money: Mapping[str, int]
    _stated: dict[int, Sequence[str]] = field(default_factory=dict)
    _added: Counter[str] = field(default_factory=Counter)

    def takes(self, line: int, fields: Sequence[str]) -> bool:
        """Whether the line is the line of totals, which is then remembered."""
        if _first(fields).casefold() != self.word.strip().casefold():
            return False
        self._stated[line] = fields
        return True

    def add(self, batch: pa.RecordBatch) -> None:
        """Adds up rows of the file."""
        for name in self.money:
            self._added[name] += total_amount(batch.column(name))  # type: ignore[assignment]

    def check(self) -> None:
        """Compares what is stated with the rows.

        Raises:
            FileRefused: there is not one line of totals, or it states other dollars (`totals`).
        """
        if len(self._stated) != 1:
            lines = ", ".join(map(str, self._stated)) or "none"
            raise FileRefused(
                f"One line of totals has to begin with {self.word}; there are {lines}",
                reason="totals",
                remedy="Ask the sender for the whole file, or correct `total_row` of the family",
            )
        [(line, fields)] = self._stated.items()
        for name, position in self.money.items():
            if text := fields[position].strip():
                self._compare(line, name, text)

    def _compare(self, line: int, name: str, text: str) -> None:
        if not is_amount(text):
            raise FileRefused(
                "The total is no plain number",
                reason="totals",
                where=f"line {line}, column {name}",
                remedy="Ask the sender to write it like 1234.50",
            )
        stated, added = total_amount(pa.array([text])), Decimal(self._added[name])
        if stated != added:
            raise FileRefused(
                f"The file states a total of {stated} and its rows add up to {added}",
                reason="totals",
                where=f"line {line}, column {name}",
                remedy="Ask the sender for the whole file",
            )


def _first(fields: Sequence[str]) -> str:
    return next((text for item in fields if (text := item.strip())), "")
