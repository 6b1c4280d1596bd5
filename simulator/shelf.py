"""One table of a source with the books kept on it: the rows it holds and what must be published.

The books are written as things happen; nothing is derived from the rows' text afterwards.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from operator import itemgetter
from typing import Any, Generic, NamedTuple, TypeVar

from simulator.clock import Stamp
from simulator.derived import DERIVE
from simulator.model import key_places
from simulator.rows import MYSQL_NULL

VALID = "valid"
DUPLICATE = "duplicate"
T = TypeVar("T", bound=tuple[Any, ...])


class Row(NamedTuple):
    """A row that lies in the source.

    `line` is its text, `day` the index of the business date on which it was written, `verdict`
    VALID, DUPLICATE or the rule by which it must be quarantined; amounts are cents. `period` is
    the file that a record of a payer lies in, `odd` names the rules that it breaks unheld,
    `record_id` the record of a row that is held and `account_id` the charge that it is posted to,
    if it says so.
    """

    line: str
    stamp: Stamp
    day: int
    period: str = ""
    verdict: str = VALID
    opens_version: bool = False
    billed: int | None = None
    paid: int | None = None
    odd: tuple[str, ...] = ()
    record_id: str | None = None
    account_id: str | None = None


class Version(NamedTuple):
    """A version that must be published from the business date with index `day` on."""

    source_system: str
    number: int
    effective_date: datetime
    day: int
    values: tuple[Any, ...]


class Shelf(Generic[T]):
    """A source table of one hospital (or code set) and its books."""

    def __init__(self, source_system: str, entity: str) -> None:
        self.source_system = source_system
        self.entity = entity
        self.rows: dict[Any, Row] = {}
        self.current: dict[Any, T] = {}
        self.versions: list[Version] = []
        self.replaced: list[str] = []
        self.overlooked: dict[Any, T] = {}
        self._numbers: dict[Any, int] = {}
        self._held = 0
        self._derive = DERIVE.get(entity)
        self._key: Callable[[tuple[Any, ...]], Any] = itemgetter(*key_places(entity))

    def differs(self, truth: T) -> bool:
        """Returns whether the truth is not what is published of its record."""
        return self.current.get(self._key(truth)) != truth

    def write(self, truth: T, row: Row) -> None:
        """Inserts or replaces the key's row, both if it lies there twice; opens a version if so."""
        key = self._key(truth)
        if previous := self.rows.get(key):
            self.replaced.append(_typed_key(previous))
            self.rows.pop(("again", key), None)
        self.rows[key] = row
        self.current[key] = truth
        if row.opens_version:
            self._open_version(key, truth, row)

    def repeat(self, key: Any) -> None:
        """Writes the key's row once more, letter for letter."""
        self.rows["again", key] = self.rows[key]._replace(verdict=DUPLICATE, opens_version=False)

    def hold(self, row: Row) -> None:
        """Writes a row that breaks a rule; it must never be published."""
        self._held += 1
        self.rows["held", self._held] = row

    def spoil(self, key: Any, row: Row) -> None:
        """Replaces a record's row by one that breaks a rule; what is published stays."""
        self.remove(key)
        self.hold(row)

    def remove(self, key: Any) -> None:
        """Deletes a record's row; what is published stays."""
        self.replaced.append(_typed_key(self.rows.pop(key)))
        self.rows.pop(("again", key), None)

    def overlook(self, truth: T, row: Row) -> None:
        """Replaces a record's row by one that no window reads; what is published stays.

        Nothing else happens to the record. Its row is not stamped on the day on which it is
        written, so it is named as replaced: the day may be brought to the source again.
        """
        key = self._key(truth)
        self.remove(key)
        self.replaced.append(_typed_key(row))
        self.rows[key] = row
        self.overlooked[key] = truth

    def removed(self) -> list[Any]:
        """Returns the keys of the published records of which the source has no row any more."""
        held = {row.record_id for row in self.held()}
        return [key for key in self.current if key not in self.rows and key not in held]

    def changeable(self, day: int) -> list[T]:
        """Returns the published truths whose rows are there and were not written today."""
        return [
            truth
            for key, truth in self.current.items()
            if key not in self.overlooked and (row := self.rows.get(key)) and row.day < day
        ]

    def written(self, day: int) -> list[str]:
        """Returns the lines written on a business date."""
        return [row.line for row in self.rows.values() if row.day == day]

    def rows_since(self, first: date) -> list[Row]:
        """Returns the rows whose watermark lies on or after a business date."""
        return [row for row in self.rows.values() if row.stamp.date >= first]

    def held(self) -> list[Row]:
        """Returns the rows that break a rule."""
        return [row for row in self.rows.values() if row.verdict not in {VALID, DUPLICATE}]

    def take_replaced(self) -> list[str]:
        """Returns the typed keys whose rows were replaced since the last call."""
        replaced, self.replaced = self.replaced, []
        return [key for key in replaced if key != MYSQL_NULL]

    def _open_version(self, key: Any, truth: T, row: Row) -> None:
        number = self._numbers[key] = self._numbers.get(key, 0) + 1
        values: tuple[Any, ...] = truth
        if self._derive:
            values = (*truth, *self._derive(truth, row.stamp.at))
        self.versions.append(Version(self.source_system, number, row.stamp.at, row.day, values))


def _typed_key(row: Row) -> str:
    return row.line.split("\t", 1)[0]
