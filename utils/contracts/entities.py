"""The common data model: one file per entity in `configs/entities/`.

An entity is declared once there; Spark, the DDL, the documents and the tests read it here.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from pydantic import Field, TypeAdapter, field_validator, model_validator

from utils.batch.types import bigquery_type
from utils.contracts.columns import Column, Derived, Rule
from utils.errors import ConfigError
from utils.paths import CONFIGS
from utils.schema import IDENTIFIER, StrictModel, load_model

if TYPE_CHECKING:
    from collections.abc import Mapping


class Amounts(StrictModel):
    """Which columns are the dollars billed and paid, for control totals and dollars held."""

    billed: str | None = None
    paid: str | None = None

    @property
    def named(self) -> dict[str, str]:
        """The columns by what they are: billed, paid or both."""
        return self.model_dump(exclude_none=True)


class SilverColumn(StrictModel):
    """A column of a published silver table."""

    name: str
    type: str
    description: str
    phi: bool = False


class SilverTable(StrictModel):
    """A published silver table; a batch has its rows in the folder `<entity>/<folder>`."""

    name: str
    folder: str
    key_column: str
    description: str
    columns: tuple[SilverColumn, ...]


class BelongsTo(StrictModel):
    """The row of another entity that a row is part of, as a posting is of an account.

    Attributes:
        singular: what the other entity calls a row; `<singular>_key` is its identity.
        by: the columns that hold its key, in the order of that key.
    """

    singular: str = Field(pattern=IDENTIFIER)
    by: tuple[str, ...] = Field(min_length=1)

    @property
    def key_column(self) -> str:
        """Surrogate of the other row's identity, as that row itself has it."""
        return f"{self.singular}_key"


class Entity(StrictModel):
    """One entity of the common data model and everything that is true of its rows.

    With `keeps_revisions`, `silver.<entity>_revisions` tells what was known on any past day.
    """

    name: str = Field(pattern=IDENTIFIER)
    singular: str = Field(pattern=IDENTIFIER)
    description: str
    grain: str
    key: tuple[str, ...] = Field(min_length=1)
    belongs_to: BelongsTo | None = None
    keeps_revisions: bool = False
    amounts: Amounts = Amounts()
    columns: dict[str, Column]
    derived: dict[str, Derived] = {}
    rules: tuple[Rule, ...] = ()

    @field_validator("columns", "derived")
    @classmethod
    def _names_are_identifiers(cls, columns: dict[str, object]) -> dict[str, object]:
        for name in columns:
            if not name.isidentifier() or name.lower() != name:
                raise ValueError(f"`{name}` is not a snake_case name")
        return columns

    @model_validator(mode="after")
    def _references_exist(self) -> Entity:
        parent = self.belongs_to.by if self.belongs_to else ()
        for name in [*self.key, *parent, *self.amounts.named.values()]:
            if name not in self.columns:
                raise ValueError(f"`{name}` is named by key, belongs_to or amounts, is no column")
        if any(not self.columns[name].required for name in self.key):
            raise ValueError("every column of the key must be `required: true`")
        if extra := {name for name, column in self.columns.items() if column.fold} - {*self.key}:
            raise ValueError(f"`{min(extra)}` has `fold` but is no column of the key")
        return self

    @property
    def row_rules(self) -> tuple[Rule, ...]:
        """What every row must meet: the declared rules, and the ranges of its dates."""
        ranges = (column.range_rule(name) for name, column in self.columns.items())
        return (*self.rules, *(rule for rule in ranges if rule))

    @property
    def key_column(self) -> str:
        """Surrogate of the row's identity (source_system, natural key)."""
        return f"{self.singular}_key"

    @property
    def version_key_column(self) -> str:
        """Surrogate of one version of the row."""
        return f"{self.singular}_version_key"

    def silver_schema(self) -> list[SilverColumn]:
        """Columns of `silver.<entity>` in contract order, with BigQuery types."""
        version_key = _column(self.version_key_column, "STRING", "Identity of this version.")
        return [*self._identity(), version_key, *self._content(), *_HISTORY]

    def silver_tables(self) -> list[SilverTable]:
        """The tables that silver has of this entity."""
        versions = SilverTable(
            name=self.name,
            folder="versions",
            key_column=self.key_column,
            description=f"{self.description} Grain: {self.grain}.",
            columns=tuple(self.silver_schema()),
        )
        if not self.keeps_revisions:
            return [versions]
        revisions = SilverTable(
            name=f"{self.name}_revisions",
            folder="revisions",
            key_column=self.key_column,
            description=(
                f"What was ever known of the {self.name}, and when. Grain: one row per "
                f"source_system, {', '.join(self.key)}, event_at and known_from."
            ),
            columns=(*self._identity(), *self._content(), *_KNOWLEDGE),
        )
        return [versions, revisions]

    def _identity(self) -> list[SilverColumn]:
        identity = [
            _column("source_system", "STRING", "Hospital or set of codes."),
            _column(self.key_column, "STRING", f"Identity of the {self.singular}."),
        ]
        if parent := self.belongs_to:
            meaning = f"Identity of the {parent.singular} that it belongs to, present or not."
            identity.append(_column(parent.key_column, "STRING", meaning))
        return identity

    def _content(self) -> list[SilverColumn]:
        declared: list[tuple[str, Column | Derived]] = [
            *self.columns.items(),
            *self.derived.items(),
        ]
        return [
            SilverColumn(name=name, type=_sql(c.type), description=c.description, phi=c.phi)
            for name, c in declared
        ]


def _column(name: str, kind: str, description: str) -> SilverColumn:
    return SilverColumn(name=name, type=kind, description=description)


_HISTORY = [
    _column("version", "INT64", "1 for the first version, then 2, 3, …"),
    _column("effective_date", "TIMESTAMP", "Instant from which this version is in force."),
    _column("expiry_date", "TIMESTAMP", "Instant at which it ends; 9999-12-31 while it is open."),
    _column("is_current", "BOOL", "Whether this version is open."),
    _column("is_deleted", "BOOL", "Whether it ended because the row was deleted at its source."),
    _column("_row_hash", "STRING", "Hash of the tracked columns."),
    _column("_load_id", "STRING", "Load that brought this version."),
    _column("_observed_at", "TIMESTAMP", "Upper bound of that load's window."),
]

_KNOWLEDGE = [
    _column("event_at", "TIMESTAMP", "Instant of the change that the source reported."),
    _column("known_from", "TIMESTAMP", "Upper bound of the window that first reported it so."),
    _column("known_to", "TIMESTAMP", "When the change was reported otherwise; else 9999-12-31."),
    _column("is_deleted", "BOOL", "Whether the change was the row's deletion at its source."),
    _column("_row_hash", "STRING", "Hash of the tracked columns."),
    _column("_load_id", "STRING", "Load that brought this revision."),
]


def _sql(column_type: str) -> str:
    return bigquery_type(column_type)


@cache
def entities() -> dict[str, Entity]:
    """All entities by name.

    Raises:
        ConfigError: a file is wrong, or its name is not the entity's.
    """
    found = {}
    for path in sorted((CONFIGS / "entities").glob("*.yaml")):
        entity = load_model(path, TypeAdapter(Entity))
        if entity.name != path.stem:
            raise ConfigError(
                f"field `name` says {entity.name}", where=path.name, remedy=f"Write {path.stem}"
            )
        found[entity.name] = entity
    for entity in found.values():
        for name, column in entity.columns.items():
            if column.references and len(_key_of(column.references, found)) != 1:
                raise ConfigError(
                    f"field `columns.{name}.references` names `{column.references}`",
                    where=f"{entity.name}.yaml",
                    remedy="Write the name of an entity whose key is one column",
                )
    return found


def folding(column: Column) -> str | None:
    """How the spellings of an identifier fold: as its own key does, or the one it references."""
    if column.references is None:
        return column.fold
    [key] = _key_of(column.references, entities())
    return entities()[column.references].columns[key].fold


def _key_of(name: str, found: Mapping[str, Entity]) -> tuple[str, ...]:
    return found[name].key if name in found else ()
