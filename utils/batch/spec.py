"""The batch specification: everything one run of the silver job has to know, as one JSON document.

The DAG checks the configuration files and writes them in this format; it holds no secret and no
row value. Instants are ISO 8601 with an offset. `?` marks fields that may be null or left out.

    batch_id         name of the batch
    business_date    the day the batch is for, YYYY-MM-DD
    entities[]
      name, singular what the entity is called: `patients`, `patient`
      key[]          columns that identify a row within its source system
      belongs_to?    {key_column, by[]}: the row of another entity that a row is part of: the name
                     of its surrogate, and the columns that hold its natural key
      keeps_revisions  whether every state that was ever known is published
      amounts?       {billed?, paid?}: the columns with the dollars
      columns[]      {name, type, normalize?, fold?, required, tracked, phi?}, in contract order;
                     with `fold: case` spellings that differ in case only are one; what is
                     `phi` is named in no report
      derived[]      {name, type, expr}: Spark SQL over the columns and `_event_at`
      rules[]        {name, severity: quarantine|warn, expect, reason}: `expect` is Spark SQL over
                     the columns, `_event_at`, `_observed_at` and `source_system`; NULL
                     passes
      history[]      folders of the published log batches of this entity, in any order
      deletes[]      Parquet files with the rows that are gone at their source, one a load:
                     (source_system, key columns, _event_at, _observed_at, _load_id, _row_id)
      loads[]
        load_id, source_system, time_zone
        path         Parquet file or folder in bronze, with `_load_id` and `_row_id`
        columns      {entity column: source column}, only columns that the load has
        splits?      {entity column: {separator, part}}: the part of a text that is read; -1 is the
                     last one
        values?      {entity column: {source spelling: value}}: read in its place
        constants?   {entity column: value}: the same in every row
        phone_region?  ISO 3166 code of the region whose telephone numbers it holds, US if left out
        deleted_when?  {source column: [value]}: a row with one of them is the deletion of its key
        watermark?   source column that says when a row changed
        rows?        [row id]: the only rows to read, all of them if left out
        observed_at  end of the load's window, or arrival of its file
        limit?       {share, rows, landed?}: a load is refused whole if rules hold more of its rows
                     than both, or if it reads otherwise than `landed` says: {rows, billed, paid}
                     as texts, those that were counted
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime

from utils.batch.phone_plans import DEFAULT_PHONE_REGION
from utils.batch.types import SPARK_TYPES

SEVERITIES = ("quarantine", "warn")
FOLDS = ("case",)
SPELLING = "_key_spelling"  # of a key that folds: how the source wrote it


class SpecError(ValueError):
    """The specification is not what this job reads; the message names the field."""


@dataclass(frozen=True)
class Column:
    """A contract column; `tracked` ones open a version when they change."""

    name: str
    type: str
    normalize: str | None
    required: bool
    tracked: bool
    fold: str | None = None
    phi: bool = False

    @property
    def sql_type(self) -> str:
        """The column's Spark SQL type."""
        return SPARK_TYPES[self.type]


@dataclass(frozen=True)
class Derived:
    """A column computed from the contract columns of the observation that opens a version."""

    name: str
    type: str
    expr: str

    @property
    def sql_type(self) -> str:
        """The column's Spark SQL type."""
        return SPARK_TYPES[self.type]


@dataclass(frozen=True)
class Rule:
    """A predicate that every row must meet."""

    name: str
    severity: str
    expect: str
    reason: str


@dataclass(frozen=True)
class Amounts:
    """The columns with the dollars billed and paid, where an entity has them."""

    billed: str | None
    paid: str | None


@dataclass(frozen=True)
class Split:
    """Which part of a text is read, counted from 1, or from -1 at its end."""

    separator: str
    part: int


@dataclass(frozen=True)
class Limit:
    """What a load must meet, or nothing of it is published.

    Attributes:
        share: share of its rows that rules may hold.
        rows: number of its rows that rules may hold in any case.
        landed: what landing counted of it: rows, and USD billed and paid where they were added up.
    """

    share: float
    rows: int
    landed: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Load:
    """One bronze load of an entity."""

    load_id: str
    source_system: str
    time_zone: str
    path: str
    columns: Mapping[str, str]
    watermark: str | None
    observed_at: datetime
    rows: tuple[int, ...] | None
    limit: Limit | None
    splits: Mapping[str, Split] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    phone_region: str = DEFAULT_PHONE_REGION
    deleted_when: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def shape(self) -> tuple[object, ...]:
        """Loads of equal shape are read and conformed together, in one plan."""
        maps = (
            self.columns, self.splits, self.values, self.constants, self.deleted_when,
            self.phone_region,
        )  # fmt: skip
        content = json.dumps(maps, default=asdict)
        return (self.source_system, self.time_zone, self.watermark, content, self.rows is None)


@dataclass(frozen=True)
class BelongsTo:
    """The row of another entity that a row is part of."""

    key_column: str
    by: tuple[str, ...]


@dataclass(frozen=True)
class Entity:
    """An entity of the common data model and what this batch brings for it."""

    name: str
    singular: str
    key: tuple[str, ...]
    keeps_revisions: bool
    amounts: Amounts
    columns: tuple[Column, ...]
    derived: tuple[Derived, ...]
    rules: tuple[Rule, ...]
    history: tuple[str, ...]
    deletes: tuple[str, ...]
    loads: tuple[Load, ...]
    belongs_to: BelongsTo | None = None

    @property
    def key_column(self) -> str:
        """Name of the surrogate of (source_system, natural key)."""
        return f"{self.singular}_key"

    @property
    def version_key_column(self) -> str:
        """Name of the surrogate of one version."""
        return f"{self.singular}_version_key"

    @property
    def folds(self) -> bool:
        """Whether different spellings may be one key."""
        return any(column.fold for column in self.key_columns)

    @property
    def key_columns(self) -> tuple[Column, ...]:
        """The columns of the key, in its order."""
        by_name = {column.name: column for column in self.columns}
        return tuple(by_name[name] for name in self.key)

    @property
    def has_news(self) -> bool:
        """Whether this batch brings anything; without news nothing needs to be read."""
        return bool(self.loads or self.deletes)

    @property
    def loads_by_shape(self) -> list[list[Load]]:
        """The loads, those of equal shape together."""
        groups: dict[tuple[object, ...], list[Load]] = {}
        for load in self.loads:
            groups.setdefault(load.shape, []).append(load)
        return list(groups.values())

    @property
    def tracked(self) -> tuple[Column, ...]:
        """Columns whose change opens a version."""
        return tuple(column for column in self.columns if column.tracked)

    @property
    def log_schema(self) -> dict[str, str]:
        """Columns of the observation log with their Spark SQL types, in order."""
        return {
            "source_system": "string",
            self.key_column: "string",
            **{column.name: column.sql_type for column in self.columns},
            "_event_at": "timestamp",
            "_observed_at": "timestamp",
            "_row_hash": "string",
            "_load_id": "string",
            "_row_id": "bigint",
            "_is_deleted": "boolean",
            **({SPELLING: "string"} if self.folds else {}),
        }


@dataclass(frozen=True)
class Batch:
    """One run of the silver job."""

    batch_id: str
    business_date: date
    entities: tuple[Entity, ...]


def batch_json(batch: Batch) -> str:
    """Writes a specification."""
    return json.dumps(asdict(batch), indent=1, default=_as_json)


def _as_json(value: object) -> str:
    if isinstance(value, date | datetime):
        return value.isoformat()
    raise TypeError(f"a specification holds no {type(value).__name__}")
