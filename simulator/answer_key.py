"""The answer key: every table that must be published after a business date, as Parquet.

`<folder>/<business date>/<dataset>.<table>.parquet`, with the key columns in the file's metadata,
and `summary.json` with the counts of what happened and what was planted.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from simulator import leakage
from simulator.derived import DERIVED_COLUMNS
from simulator.ledger import HeldRow, Load
from simulator.model import ENTITIES, key_of
from simulator.shelf import Shelf, Version
from simulator.truth.gold import SUMMARY_COUNT
from simulator.truth.tables import TABLES

OPEN_END = datetime(9999, 12, 31, tzinfo=UTC)
KEY_METADATA = b"key"
PARQUET = {"compression": "none", "use_dictionary": False, "write_statistics": False}
UNDATED = frozenset({"procedures", "fee_schedules", "payer_terms"})  # a file's arrival is no truth
COUNTS = frozenset(
    {"version", "age_years", "month_of_year", "days_to_appeal", "days_to_resolution", "_day",
     "_next_day"}
)  # fmt: skip
DAYS = frozenset({"valid_from", "valid_to", "appeal_deadline"})
WHOLE_NUMBERS = ("_count", "_days", "_sum", "_percent")
RATIOS = frozenset(
    {"average_billed_amount", "average_days", "average_days_to_appeal", "average_processing_days",
     "collected_per_charge", "credit_days", "dnfb_days", "dnsp_days", "fbns_days",
     "gross_days_in_ar", "net_ar_amount", "net_days_in_ar", "seasonal_index"}
)  # fmt: skip
INSTANTS = frozenset({"effective_date", "expiry_date", "inserted_at", "_next_date"})


@dataclass(frozen=True)
class DayBook:
    """What was booked on a business date at a hospital, or of the code sets.

    Attributes:
        loads: the loads of this date, in order.
        held: the rows these loads must quarantine.
        gold: the rows of each gold table at the end of the date.
        events: how often what happened on the date.
        leaks: where money leaks at the end of the date.
    """

    source_system: str
    business_date: date
    loads: list[Load]
    held: list[HeldRow]
    gold: dict[str, list[tuple[Any, ...]]] = field(default_factory=dict)
    events: dict[str, int] = field(default_factory=dict)
    leaks: list[leakage.Leak] = field(default_factory=list)


def history_table(shelf: Shelf[Any]) -> pa.Table:
    """Returns all versions of a shelf's records, with the day each is known and replaced from.

    `_day` is the index of the business date from which a version is known, `_next_day` that from
    which its successor is, which takes effect at `_next_date`; both are null of a last version.
    """
    versions = shelf.versions
    attributes = (*ENTITIES[shelf.entity]._fields, *DERIVED_COLUMNS.get(shelf.entity, ()))
    values = zip(*(version.values for version in versions), strict=True) if versions else None
    successors = _successors(versions, len(key_of(shelf.entity)))
    columns: dict[str, Iterable[Any]] = {
        "source_system": [shelf.source_system] * len(versions),
        **dict(zip(attributes, values or [()] * len(attributes), strict=True)),
        "version": [version.number for version in versions],
        "effective_date": [version.effective_date for version in versions],
        "_day": [version.day for version in versions],
        "_next_day": [one and one.day for one in successors],
        "_next_date": [one and one.effective_date for one in successors],
    }
    return pa.table({name: _array(name, values) for name, values in columns.items()})


class EntityHistory:
    """All versions of an entity's records, as a table that is cut for each business date."""

    def __init__(self, entity: str, tables: Sequence[pa.Table]) -> None:
        self._entity = entity
        self._table = pa.concat_tables(tables)

    def published(self, day: int) -> pa.Table:
        """Returns the versions that are known on a day, undated in a table without a watermark."""
        known = self._table.filter(pc.less_equal(self._table["_day"], day))
        is_replaced = pc.fill_null(pc.less_equal(known["_next_day"], day), False)
        ends = pc.if_else(
            is_replaced, known["_next_date"], pa.scalar(OPEN_END, _type("_next_date"))
        )
        table = known.drop_columns(["_day", "_next_day", "_next_date"])
        if self._entity in UNDATED:
            table = table.drop_columns(["effective_date"])
        else:
            table = table.append_column("expiry_date", ends).append_column(
                "is_current", pc.invert(is_replaced)
            )
        key = ("source_system", *key_of(self._entity), "version")
        return table.replace_schema_metadata(_key_metadata(key))


class AnswerKey:
    """What must be published after each business date.

    Attributes:
        folder: holds `<source system>/<entity>.arrow`, the histories of each source system.
        books: of every source system for each business date, in the order of the dates.
    """

    def __init__(self, folder: Path, books: Sequence[Sequence[DayBook]]) -> None:
        self._folder = folder
        self._books = books

    def write(self, folder: Path) -> None:
        """Writes one folder per business date."""
        for day, books in enumerate(self._books):
            target = folder / books[0].business_date.isoformat()
            target.mkdir(parents=True, exist_ok=True)
            summary = self.summary(day)
            for name, table in self.tables(day).items():
                pq.write_table(table, target / f"{name}.parquet", **PARQUET)
                summary["rows"][name] = table.num_rows
            (target / "summary.json").write_text(json.dumps(summary, indent=2) + "\n")

    def tables(self, day: int) -> dict[str, pa.Table]:
        """Returns every table that must be published after the date with index `day`, by name.

        Those of `planted` are not published: they list what is wrong in the hospitals.
        """
        books = self._books[day]
        tables = {
            f"silver.{entity}": history.published(day)
            for entity, history in self._histories.items()
        }
        for name, table in TABLES.items():
            rows = [row for book in books for row in book.gold.get(name, ())]
            tables[f"gold.{name}"] = _table(table.columns, rows, table.key)
        until = [book for books in self._books[: day + 1] for book in books]
        tables["audit.table_loads"] = _loads([load for book in until for load in book.loads])
        tables["audit.quarantine"] = _quarantine([row for book in until for row in book.held])
        leaks = [leak for book in books for leak in book.leaks]
        tables["planted.leakage"] = _table(leakage.COLUMNS, leaks, leakage.COLUMNS)
        return tables

    def summary(self, day: int) -> dict[str, Any]:
        """Returns how often what happened in each hospital on a date, and what its loads count."""
        books = self._books[day]
        return {
            "business_date": books[0].business_date.isoformat(),
            "events": {
                book.source_system: dict(sorted(book.events.items()))
                for book in books
                if book.events
            },
            "loads": {
                count: sum(getattr(load, count) for book in books for load in book.loads)
                for count in Load._fields
                if count.startswith("rows_")
            },
            "rows": {},
        }

    @cached_property
    def _histories(self) -> dict[str, EntityHistory]:
        return {
            entity: EntityHistory(
                entity,
                [
                    pa.ipc.open_file(pa.memory_map(str(file))).read_all()
                    for file in sorted(self._folder.glob(f"*/{entity}.arrow"))
                ],
            )
            for entity in ENTITIES
        }


def write_histories(folder: Path, shelves: Iterable[Shelf[Any]]) -> None:
    """Writes the histories of a source system's records, one file per entity."""
    for shelf in shelves:
        table = history_table(shelf)
        target = folder / shelf.source_system
        target.mkdir(parents=True, exist_ok=True)
        with pa.ipc.new_file(target / f"{shelf.entity}.arrow", table.schema) as file:
            file.write_table(table)


def _successors(versions: Sequence[Version], key_length: int) -> list[Version | None]:
    """Returns the next version of each version's record; the versions of a record are in order."""
    successors: list[Version | None] = [None] * len(versions)
    latest: dict[tuple[Any, ...], int] = {}
    for position, version in enumerate(versions):
        key = version.values[:key_length]
        if key in latest:
            successors[latest[key]] = version
        latest[key] = position
    return successors


def _loads(loads: Sequence[Load]) -> pa.Table:
    return _table(Load._fields, loads, ("load_id",))


def _quarantine(held: Sequence[HeldRow]) -> pa.Table:
    rows = [(*row, count) for row, count in Counter(held).items()]
    return _table((*HeldRow._fields, SUMMARY_COUNT), rows, HeldRow._fields)


def _table(columns: Sequence[str], rows: Sequence[tuple[Any, ...]], key: Sequence[str]) -> pa.Table:
    values = zip(*rows, strict=True) if rows else [()] * len(columns)
    return _from_columns(dict(zip(columns, values, strict=True)), key)


def _from_columns(columns: dict[str, Iterable[Any]], key: Sequence[str]) -> pa.Table:
    arrays = {name: _array(name, values) for name, values in columns.items()}
    return pa.table(arrays).replace_schema_metadata(_key_metadata(key))


def _key_metadata(key: Sequence[str]) -> dict[bytes, bytes]:
    return {KEY_METADATA: ",".join(key).encode()}


def _array(name: str, values: Iterable[Any]) -> pa.Array:
    if name not in RATIOS and (name == "amount" or name.endswith("_amount")):
        return _scaled(values, 2)
    if name == "coverage_rate":
        return _scaled(values, 6)
    return pa.array(values, _type(name))


def _type(name: str) -> pa.DataType:
    if name.endswith("_rate") or name in RATIOS:
        return pa.decimal128(38, 9)
    if name in INSTANTS:
        return pa.timestamp("us", tz="UTC")
    if name in DAYS or name.endswith(("_date", "_month")):
        return pa.date32()
    if name in COUNTS or name.endswith(WHOLE_NUMBERS) or name.startswith("rows_"):
        return pa.int64()
    return pa.bool_() if name.startswith("is_") else pa.string()


def _scaled(values: Iterable[int | None], scale: int) -> pa.Array:
    """Returns decimals with these digits, of which the last `scale` are the fraction."""
    digits = pa.array(values, pa.int64()).cast(pa.decimal128(19, 0))
    return pa.Array.from_buffers(pa.decimal128(19, scale), len(digits), digits.buffers())
