"""The answer key: every table that must be published after a business date, as Parquet.

`<folder>/<business date>/<dataset>.<table>.parquet`, with the key columns in the file's metadata,
and `summary.json` with the counts of what happened and what was planted.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import date
from functools import cached_property
from operator import itemgetter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from simulator import leakage
from simulator.columns import column_type, typed_array, typed_table, with_key
from simulator.daybook import DayBook
from simulator.derived import DERIVED_COLUMNS
from simulator.ledger import Load
from simulator.model import ENTITIES, key_of, key_places
from simulator.shelf import Shelf, Version
from simulator.truth.audited_tables import AUDITED_TABLES
from simulator.truth.keys import surrogate
from simulator.truth.members import OPEN_END
from simulator.truth.network_tables import NETWORK_TABLES
from simulator.truth.tables import TABLES

PARQUET = {"compression": "none", "use_dictionary": False, "write_statistics": False}
DELETIONS = ("source_system", "account_key", "difference_amount")
OVERLOOKED = ("source_system", "patient_id", "address")
UNDATED = frozenset({"procedures", "fee_schedules", "payer_terms"})  # a file's arrival is no truth


def history_table(shelf: Shelf[Any]) -> pa.Table:
    """Returns all versions of a shelf's records, with the day each is known and replaced from.

    `_day` is the index of the business date from which a version is known, `_next_day` that from
    which its successor is, which takes effect at `_next_date`; both are null of a last version.
    """
    versions = shelf.versions
    attributes = (*ENTITIES[shelf.entity]._fields, *DERIVED_COLUMNS.get(shelf.entity, ()))
    values = zip(*(version.values for version in versions), strict=True) if versions else None
    successors = _successors(versions, itemgetter(*key_places(shelf.entity)))
    columns: dict[str, Iterable[Any]] = {
        "source_system": [shelf.source_system] * len(versions),
        **dict(zip(attributes, values or [()] * len(attributes), strict=True)),
        "version": [version.number for version in versions],
        "effective_date": [version.effective_date for version in versions],
        "_day": [version.day for version in versions],
        "_next_day": [one and one.day for one in successors],
        "_next_date": [one and one.effective_date for one in successors],
    }
    return pa.table({name: typed_array(name, values) for name, values in columns.items()})


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
            is_replaced, known["_next_date"], pa.scalar(OPEN_END, column_type("_next_date"))
        )
        table = known.drop_columns(["_day", "_next_day", "_next_date"])
        if self._entity in UNDATED:
            table = table.drop_columns(["effective_date"])
        else:
            table = table.append_column("expiry_date", ends).append_column(
                "is_current", pc.invert(is_replaced)
            )
        key = ("source_system", *key_of(self._entity), "version")
        return with_key(table, key)


class AnswerKey:
    """What must be published after each business date.

    Attributes:
        folder: holds `<source system>/<entity>.arrow`, the histories of each source system.
        books: of every source system for each business date, in the order of the dates.
    """

    def __init__(self, folder: Path, books: Sequence[Sequence[DayBook]]) -> None:
        self._folder = folder
        self._books = books

    def write(self, folder: Path, dates: Collection[date]) -> None:
        """Writes one folder per business date."""
        for day, books in enumerate(self._books):
            if books[0].business_date not in dates:
                continue
            target = folder / books[0].business_date.isoformat()
            target.mkdir(parents=True, exist_ok=True)
            summary = self.summary(day)
            for name, table in self.tables(day).items():
                pq.write_table(table, target / f"{name}.parquet", **PARQUET)
                summary["rows"][name] = table.num_rows
            (target / "summary.json").write_text(json.dumps(summary, indent=2) + "\n")

    def tables(self, day: int) -> dict[str, pa.Table]:
        """Returns every table that must be published after the date with index `day`, by name.

        Those of `planted` are not published: they list what is wrong in the hospitals, and what the
        next comparison of keys finds.
        """
        books = self._books[day]
        tables = {
            f"silver.{entity}": history.published(day)
            for entity, history in self._histories.items()
        }
        for table in TABLES.values():
            parts = [book.gold[table.name] for book in books if table.name in book.gold]
            member = typed_table(table.columns, [table.member] if table.member else [], table.key)
            tables[table.name] = with_key(pa.concat_tables([*parts, member]), table.key)
        contributions = [book.contribution for book in books if book.contribution]
        for network in NETWORK_TABLES.values():
            rows = list(network.count(contributions, books[0].business_date))
            tables[network.name] = typed_table(network.columns, rows, network.key)
        for audited in AUDITED_TABLES.values():
            rows = list(audited.count(self._books[: day + 1]))
            tables[audited.name] = typed_table(audited.columns, rows, audited.key)
        leaks = [leak for book in books for leak in book.leaks]
        gone = [
            (book.source_system, surrogate(book.source_system, account), difference)
            for book in books
            for account, difference in book.deletions.items()
        ]
        tables["planted.deletions"] = typed_table(DELETIONS, gone, DELETIONS[:2])
        unread = [(book.source_system, *one) for book in books for one in book.overlooked.items()]
        tables["planted.overlooked"] = typed_table(OVERLOOKED, unread, OVERLOOKED[:2])
        tables["planted.leakage"] = typed_table(leakage.COLUMNS, leaks, leakage.COLUMNS)
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
                count: sum(getattr(one.load, count) for book in books for one in book.loads)
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


def _successors(
    versions: Sequence[Version], key_of_values: Callable[[Any], Any]
) -> list[Version | None]:
    """Returns the next version of each version's record; the versions of a record are in order."""
    successors: list[Version | None] = [None] * len(versions)
    latest: dict[Any, int] = {}
    for position, version in enumerate(versions):
        key = key_of_values(version.values)
        if key in latest:
            successors[latest[key]] = version
        latest[key] = position
    return successors
