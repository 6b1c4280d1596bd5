"""The answer key: every table that must be published after a business date, as Parquet.

`<folder>/<business date>/<dataset>.<table>.parquet`, with the key columns in the file's metadata,
and `summary.json` with the counts of what happened and what was planted.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property
from operator import attrgetter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from simulator import kpis
from simulator.codes import SOURCE_SYSTEM
from simulator.hospital import Hospital
from simulator.ledger import HeldRow, Load
from simulator.model import DERIVED_COLUMNS, ENTITIES
from simulator.shelf import Shelf, Version

OPEN_END = datetime(9999, 12, 31, tzinfo=UTC)
KEY_METADATA = b"key"
COUNTS = frozenset({"version", "age_years", "processing_days_sum", "_row"})
RATIOS = frozenset({"average_processing_days", "gross_days_in_ar"})
INSTANTS = frozenset({"effective_date", "expiry_date", "inserted_at"})
FACTS: dict[str, dict[str, str]] = {
    "fact_transactions": {
        "billed_amount": "amount",
        "paid_amount": "paid_amount",
        "patient_paid_amount": "patient_paid_amount",
        "adjustment_amount": "adjustment_amount",
        "write_off_amount": "write_off_amount",
        "open_amount": "open_amount",
    },
    "fact_claims": {
        "billed_amount": "claim_amount",
        "paid_amount": "paid_amount",
        "deductible_amount": "deductible_amount",
        "coinsurance_amount": "coinsurance_amount",
        "copay_amount": "copay_amount",
    },
    "fact_encounters": {},
}


@dataclass(frozen=True)
class DayBook:
    """What was booked on a business date.

    Attributes:
        loads: the loads of this date, in order.
        held: the rows these loads must quarantine.
        kpis: per hospital the rows of each KPI at the end of the date.
        facts: per hospital the totals of each fact table at the end of the date.
        events: per hospital how often what happened on the date.
    """

    business_date: date
    loads: list[Load]
    held: list[HeldRow]
    kpis: list[dict[str, list[tuple[Any, ...]]]]
    facts: list[dict[str, tuple[Any, ...]]]
    events: dict[str, dict[str, int]]


def fact_totals(hospital: Hospital) -> dict[str, tuple[Any, ...]]:
    """Returns per fact table the hospital, its rows and the sums of its amounts in cents."""
    totals = {}
    for fact, measures in FACTS.items():
        truths = hospital.shelf(fact.removeprefix("fact_")).current.values()
        sums = [sum(map(attrgetter(field), truths)) for field in measures.values()]
        totals[fact] = (hospital.name, len(truths), *sums)
    return totals


class EntityHistory:
    """All versions of an entity's records, as a table that is cut for each business date."""

    def __init__(self, entity: str, shelves: Sequence[Shelf[Any]]) -> None:
        self._versions = [version for shelf in shelves for version in shelf.versions]
        self._days = pa.array([version.day for version in self._versions])
        attributes = (*ENTITIES[entity]._fields, *DERIVED_COLUMNS.get(entity, ()))
        values = zip(*(version.values for version in self._versions), strict=True)
        columns = {
            "source_system": [version.source_system for version in self._versions],
            **dict(zip(attributes, values, strict=True)),
            "version": [version.number for version in self._versions],
            "effective_date": [version.effective_date for version in self._versions],
        }
        self._table = _from_columns(columns, ("source_system", attributes[0], "version"))

    def published(self, day: int) -> pa.Table:
        """Returns the versions that are known on a day; code sets without their dates."""
        known = self._table.filter(pc.less_equal(self._days, day))
        if self._versions[0].source_system == SOURCE_SYSTEM:
            return known.drop_columns(["effective_date"])  # when a file arrives is no truth
        ends = _expiry_dates([version for version in self._versions if version.day <= day])
        is_current = [end == OPEN_END for end in ends]
        return known.append_column("expiry_date", _array("expiry_date", ends)).append_column(
            "is_current", _array("is_current", is_current)
        )


class AnswerKey:
    """What must be published after each business date."""

    def __init__(self, shelves: Sequence[Shelf[Any]], books: Sequence[DayBook]) -> None:
        self._shelves = shelves
        self._books = books

    def write(self, folder: Path) -> None:
        """Writes one folder per business date."""
        for day, book in enumerate(self._books):
            target = folder / book.business_date.isoformat()
            target.mkdir(parents=True, exist_ok=True)
            summary = self.summary(day)
            for name, table in self.tables(day).items():
                pq.write_table(table, target / f"{name}.parquet")
                summary["rows"][name] = table.num_rows
            (target / "summary.json").write_text(json.dumps(summary, indent=2) + "\n")

    def tables(self, day: int) -> dict[str, pa.Table]:
        """Returns every table that must be published after the date with index `day`, by name."""
        book = self._books[day]
        tables = {
            f"silver.{entity}": history.published(day)
            for entity, history in self._histories.items()
        }
        for name, columns in kpis.COLUMNS.items():
            rows = [row for hospital in book.kpis for row in hospital[name]]
            tables[f"gold.{name}"] = _table(columns, rows, kpis.GRAINS[name])
        for name, measures in FACTS.items():
            columns = ("source_system", "row_count", *measures)
            rows = [hospital[name] for hospital in book.facts]
            tables[f"gold.{name}"] = _table(columns, rows, columns[:1])
        books = self._books[: day + 1]
        tables["audit.table_loads"] = _loads([load for book in books for load in book.loads])
        tables["audit.quarantine"] = _quarantine([row for book in books for row in book.held])
        return tables

    def summary(self, day: int) -> dict[str, Any]:
        """Returns how often what happened in each hospital on a date, and what its loads count."""
        book = self._books[day]
        return {
            "business_date": book.business_date.isoformat(),
            "events": {name: dict(sorted(events.items())) for name, events in book.events.items()},
            "loads": {
                count: sum(getattr(load, count) for load in book.loads)
                for count in Load._fields
                if count.startswith("rows_")
            },
            "rows": {},
        }

    @cached_property
    def _histories(self) -> dict[str, EntityHistory]:
        return {
            entity: EntityHistory(
                entity, [shelf for shelf in self._shelves if shelf.entity == entity]
            )
            for entity in ENTITIES
        }


def _expiry_dates(versions: Sequence[Version]) -> list[datetime]:
    """Returns when each version ends; the versions of a record are in order."""
    ends = [OPEN_END] * len(versions)
    latest: dict[tuple[str, str], int] = {}
    for position, version in enumerate(versions):
        key = (version.source_system, version.values[0])
        if key in latest:
            ends[latest[key]] = version.effective_date
        latest[key] = position
    return ends


def _loads(loads: Sequence[Load]) -> pa.Table:
    return _table(Load._fields, loads, ("load_id",))


def _quarantine(held: Sequence[HeldRow]) -> pa.Table:
    rows = [(*row, count) for row, count in Counter(held).items()]
    return _table((*HeldRow._fields, "row_count"), rows, HeldRow._fields)


def _table(columns: Sequence[str], rows: Sequence[tuple[Any, ...]], key: Sequence[str]) -> pa.Table:
    values = zip(*rows, strict=True) if rows else [()] * len(columns)
    return _from_columns(dict(zip(columns, values, strict=True)), key)


def _from_columns(columns: dict[str, Iterable[Any]], key: Sequence[str]) -> pa.Table:
    arrays = {name: _array(name, values) for name, values in columns.items()}
    return pa.table(arrays).replace_schema_metadata({KEY_METADATA: ",".join(key).encode()})


def _array(name: str, values: Iterable[Any]) -> pa.Array:
    if name == "amount" or name.endswith("_amount"):
        return _scaled(values, 2)
    if name == "coverage_rate":
        return _scaled(values, 6)
    return pa.array(values, _type(name))


def _type(name: str) -> pa.DataType:
    if name.endswith("_rate") or name in RATIOS:
        return pa.decimal128(38, 9)
    if name in INSTANTS:
        return pa.timestamp("us", tz="UTC")
    if name.endswith(("_date", "_month")):
        return pa.date32()
    if name in COUNTS or name.endswith("_count") or name.startswith("rows_"):
        return pa.int64()
    return pa.bool_() if name.startswith("is_") else pa.string()


def _scaled(values: Iterable[int | None], scale: int) -> pa.Array:
    """Returns decimals with these digits, of which the last `scale` are the fraction."""
    digits = pa.array(values, pa.int64()).cast(pa.decimal128(19, 0))
    return pa.Array.from_buffers(pa.decimal128(19, scale), len(digits), digits.buffers())
