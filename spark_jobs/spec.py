"""The batch specification: everything one run of the silver job has to know, as one JSON document.

The DAG checks the configuration files and renders them to this format; it holds no secret and no
row value. Instants are ISO 8601 with an offset. `?` marks fields that may be null or left out.

    batch_id         name of the batch
    business_date    the day the batch is for, YYYY-MM-DD
    entities[]
      name, singular what the entity is called: `patients`, `patient`
      key[]          columns that identify a row within its source system
      keeps_revisions  whether every state that was ever known is published
      amounts?       {billed?, paid?}: the columns with the dollars
      columns[]      {name, type, normalize?, required, tracked}, in contract order
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
        watermark?   source column that says when a row changed
        rows?        [row id]: the only rows to read, all of them if left out
        observed_at  end of the load's window, or arrival of its file
        limit?       {share, rows}: a load of which rules hold more rows than both is refused whole
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

SQL_TYPES = {
    "STRING": "string",
    "DATE": "date",
    "TIMESTAMP": "timestamp",
    "NUMERIC": "decimal(18,2)",
    "RATE": "decimal(18,6)",
    "INT64": "bigint",
    "BOOL": "boolean",
}
SEVERITIES = ("quarantine", "warn")


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

    @property
    def sql_type(self) -> str:
        """The column's Spark SQL type."""
        return SQL_TYPES[self.type]


@dataclass(frozen=True)
class Derived:
    """A column computed from the contract columns of the observation that opens a version."""

    name: str
    type: str
    expr: str

    @property
    def sql_type(self) -> str:
        """The column's Spark SQL type."""
        return SQL_TYPES[self.type]


@dataclass(frozen=True)
class Rule:
    """A predicate that every row must meet."""

    name: str
    severity: str
    expect: str
    reason: str


@dataclass(frozen=True)
class Amounts:
    """The columns that hold the dollars billed and paid, as far as an entity has them."""

    billed: str | None
    paid: str | None


@dataclass(frozen=True)
class Split:
    """Which part of a text is read, counted from 1, or from -1 at its end."""

    separator: str
    part: int


@dataclass(frozen=True)
class Limit:
    """How many rows of a load rules may hold: this share of them, and this many in any case."""

    share: float
    rows: int


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

    @property
    def shape(self) -> tuple[object, ...]:
        """Loads of equal shape are read and conformed together, however many there are."""
        maps = (self.columns, self.splits, self.values, self.constants)
        content = json.dumps(maps, default=asdict)
        return (self.source_system, self.time_zone, self.watermark, content, self.rows is None)


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

    @property
    def key_column(self) -> str:
        """Name of the surrogate of (source_system, natural key)."""
        return f"{self.singular}_key"

    @property
    def version_key_column(self) -> str:
        """Name of the surrogate of one version."""
        return f"{self.singular}_version_key"

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
        }


@dataclass(frozen=True)
class Batch:
    """One run of the silver job."""

    batch_id: str
    business_date: date
    entities: tuple[Entity, ...]


@dataclass(frozen=True)
class _Node:
    """A JSON object and where it stands, so that an error can name the field."""

    values: Mapping[str, Any]
    where: str

    def field(self, name: str, kind: type, *, optional: bool = False) -> Any:
        value = self.values.get(name)
        if value is None and optional:
            return None
        if not isinstance(value, kind):
            found = "missing" if name not in self.values else type(value).__name__
            raise SpecError(f"{self.where}.{name}: expected {kind.__name__}, found {found}")
        return value

    def text(self, name: str) -> str:
        value: str = self.field(name, str)
        if not value:
            raise SpecError(f"{self.where}.{name}: must not be empty")
        return value

    def optional_text(self, name: str) -> str | None:
        value: str | None = self.field(name, str, optional=True)
        return value

    def one_of(self, name: str, choices: tuple[str, ...]) -> str:
        value = self.text(name)
        if value not in choices:
            raise SpecError(f"{self.where}.{name}: `{value}` is none of {', '.join(choices)}")
        return value

    def flag(self, name: str) -> bool:
        value: bool = self.field(name, bool)
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        return tuple(str(value) for value in self.field(name, list))

    def optional_numbers(self, name: str) -> tuple[int, ...] | None:
        values = self.field(name, list, optional=True)
        if values is None:
            return None
        for value, where in _located(values, self.where, name):
            if type(value) is not int:
                raise SpecError(f"{where}: expected int, found {type(value).__name__}")
        return tuple(values)

    def nodes(self, name: str) -> list[_Node]:
        items = self.field(name, list)
        return [_Node(_object(item, at), at) for item, at in _located(items, self.where, name)]

    def named_nodes(self, name: str) -> dict[str, _Node]:
        items = self.field(name, dict, optional=True) or {}
        where = f"{self.where}.{name}"
        return {
            key: _Node(_object(item, f"{where}.{key}"), f"{where}.{key}")
            for key, item in items.items()
        }

    def instant(self, name: str) -> datetime:
        text = self.text(name)
        try:
            instant = datetime.fromisoformat(text)
        except ValueError as error:
            raise SpecError(f"{self.where}.{name}: `{text}` is not an ISO 8601 instant") from error
        if instant.tzinfo is None:
            raise SpecError(f"{self.where}.{name}: `{text}` has no offset; write …Z for UTC")
        return instant


def _located(items: list[Any], where: str, name: str) -> list[tuple[Any, str]]:
    return [(item, f"{where}.{name}[{position}]") for position, item in enumerate(items)]


def _object(value: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise SpecError(f"{where}: expected an object, found {type(value).__name__}")
    return value


def parse_batch(text: str) -> Batch:
    """Reads a specification.

    Raises:
        SpecError: the text is no JSON, or a field is missing, of a wrong type or contradictory.
    """
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        raise SpecError(f"the specification is not JSON: {error}") from error
    node = _Node(_object(document, "spec"), "spec")
    return Batch(
        batch_id=node.text("batch_id"),
        business_date=_day(node, "business_date"),
        entities=tuple(_entity(item) for item in node.nodes("entities")),
    )


def _day(node: _Node, name: str) -> date:
    text = node.text(name)
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise SpecError(f"{node.where}.{name}: `{text}` is not a day; write YYYY-MM-DD") from error


def _entity(node: _Node) -> Entity:
    amounts = node.field("amounts", dict, optional=True)
    entity = Entity(
        name=node.text("name"),
        singular=node.text("singular"),
        key=node.texts("key"),
        keeps_revisions=node.flag("keeps_revisions"),
        amounts=_amounts(_Node(amounts or {}, f"{node.where}.amounts")),
        columns=tuple(_column(item) for item in node.nodes("columns")),
        derived=tuple(_derived(item) for item in node.nodes("derived")),
        rules=tuple(_rule(item) for item in node.nodes("rules")),
        history=node.texts("history"),
        deletes=node.texts("deletes"),
        loads=tuple(_load(item) for item in node.nodes("loads")),
    )
    _check_references(entity, node.where)
    return entity


def _check_references(entity: Entity, where: str) -> None:
    names = {column.name for column in entity.columns}
    amounts = [name for name in (entity.amounts.billed, entity.amounts.paid) if name]
    mapped = [name for load in entity.loads for name in (*load.columns, *load.constants)]
    for name in (*entity.key, *amounts, *mapped):
        if name not in names:
            raise SpecError(f"{where}: `{name}` is not a column of {entity.name}")
    if not entity.key:
        raise SpecError(f"{where}.key: {entity.name} needs at least one key column")


def _amounts(node: _Node) -> Amounts:
    return Amounts(billed=node.optional_text("billed"), paid=node.optional_text("paid"))


def _column(node: _Node) -> Column:
    return Column(
        name=node.text("name"),
        type=node.one_of("type", tuple(SQL_TYPES)),
        normalize=node.optional_text("normalize"),
        required=node.flag("required"),
        tracked=node.flag("tracked"),
    )


def _derived(node: _Node) -> Derived:
    return Derived(
        name=node.text("name"),
        type=node.one_of("type", tuple(SQL_TYPES)),
        expr=node.text("expr"),
    )


def _rule(node: _Node) -> Rule:
    return Rule(
        name=node.text("name"),
        severity=node.one_of("severity", SEVERITIES),
        expect=node.text("expect"),
        reason=node.text("reason"),
    )


def _load(node: _Node) -> Load:
    zone = node.text("time_zone")
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError) as error:
        raise SpecError(f"{node.where}.time_zone: `{zone}` is no IANA time zone") from error
    limit = node.field("limit", dict, optional=True)
    return Load(
        load_id=node.text("load_id"),
        source_system=node.text("source_system"),
        time_zone=zone,
        path=node.text("path"),
        columns=node.field("columns", dict),
        watermark=node.optional_text("watermark"),
        observed_at=node.instant("observed_at"),
        rows=node.optional_numbers("rows"),
        limit=_limit(_Node(limit, f"{node.where}.limit")) if limit else None,
        splits={
            name: Split(separator=split.text("separator"), part=split.field("part", int))
            for name, split in node.named_nodes("splits").items()
        },
        values={name: spelling.values for name, spelling in node.named_nodes("values").items()},
        constants=node.field("constants", dict, optional=True) or {},
    )


def _limit(node: _Node) -> Limit:
    return Limit(share=node.field("share", float), rows=node.field("rows", int))
