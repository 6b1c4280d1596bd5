"""Who delivers what: one file per source in `configs/sources/`. A new hospital is one file."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import TYPE_CHECKING, Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, TypeAdapter, field_validator, model_validator

from utils.contracts.entities import IDENTIFIER, Entity, entities
from utils.errors import ConfigError
from utils.paths import CONFIGS
from utils.schema import StrictModel, load_model

if TYPE_CHECKING:
    from pathlib import Path

ExtraColumns = Literal["ignore", "refuse"]
ROWS_HELD_AT_LEAST = 100
SOURCE_COLUMN = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_ ]{0,63}$")]


class Mapped(StrictModel):
    """What a MySQL table and a family of files have in common: an entity and a column map.

    A column that the source has and the map does not name is recorded with the load and passed
    over (`ignore`), or nothing of the load is taken until somebody decides (`refuse`). A load of
    which rules hold more than `max_quarantine_share` of its rows, and more than ROWS_HELD_AT_LEAST,
    is held as a whole.
    """

    entity: str
    watermark: SOURCE_COLUMN | None = None
    columns: dict[str, SOURCE_COLUMN]
    extra_columns: ExtraColumns = "ignore"
    max_quarantine_share: float = Field(default=0.1, ge=0, le=1)


class DatabaseTable(Mapped):
    """A table of a hospital's database.

    `overlap` is how far an incremental window reaches back behind the last one, so that rows
    committed late or stamped with a day only are seen again. `max_delete_share` is the share of
    the table's live rows that a reconcile may close at once; three rows may always go. A table that is `optional` need not
    be there: not every billing system has it.
    """

    load: Literal["full", "incremental"]
    overlap: timedelta = timedelta(days=1)
    max_delete_share: float = Field(default=0.05, ge=0, le=1)
    optional: bool = False

    @model_validator(mode="after")
    def _incremental_needs_a_watermark(self) -> DatabaseTable:
        if self.load == "incremental" and self.watermark is None:
            raise ValueError("`watermark` is missing; name the column that dates a change")
        if self.load == "full" and self.watermark is not None:
            raise ValueError("a full load has no `watermark`; remove it or load incrementally")
        if self.overlap < timedelta(0):
            raise ValueError("`overlap` cannot be negative")
        return self


class FileTable(Mapped):
    """A family of delivered files; the folder in `{source_system}` says whose rows they are.

    With `period: month` every name says its month (`2024-03`), and a month without a file between
    two that came is a warning in `audit.dq_results`.
    """

    files: str = Field(pattern=r"^[a-z0-9_{}/*.-]+$")
    source_systems: tuple[str, ...] = Field(min_length=1)
    period: Literal["month"] | None = None


class _Source(StrictModel):
    name: str = Field(pattern=IDENTIFIER)
    description: str
    time_zone: str

    @field_validator("time_zone")
    @classmethod
    def _zone_exists(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(
                f"`{name}` is no IANA time zone; write it like America/Chicago"
            ) from error
        return name

    @property
    def zone(self) -> ZoneInfo:
        """The zone in which the source writes its local times."""
        return ZoneInfo(self.time_zone)

    def end_of_day(self, day: date) -> datetime:
        """The instant, in UTC, at which a business date ends where the source is."""
        midnight = datetime.combine(day + timedelta(days=1), time(), tzinfo=self.zone)
        return midnight.astimezone(UTC)


class DatabaseSource(_Source):
    """A hospital's MySQL database; `connection` is the name of an Airflow connection."""

    kind: Literal["mysql"]
    connection: str = Field(pattern=IDENTIFIER)
    tables: dict[str, DatabaseTable] = Field(min_length=1)


class FileSource(_Source):
    """Files that arrive in the landing bucket."""

    kind: Literal["files"]
    tables: dict[str, FileTable] = Field(min_length=1)


Source = DatabaseSource | FileSource


_ANY_SOURCE: TypeAdapter[Source] = TypeAdapter(Annotated[Source, Field(discriminator="kind")])


def _check(source: Source, file: str) -> None:
    for name, table in source.tables.items():
        where = f"{file}: tables.{name}"
        entity = entities().get(table.entity)
        if entity is None:
            known = ", ".join(entities())
            raise ConfigError(
                f"field `entity` names `{table.entity}`",
                where=where,
                remedy=f"Write one of {known}",
            )
        _check_columns(table, entity, where)


def _check_columns(table: Mapped, entity: Entity, where: str) -> None:
    for name in table.columns.keys() - entity.columns.keys():
        raise ConfigError(
            f"field `columns.{name}` is no column of {entity.name}",
            where=where,
            remedy=f"Use the names of configs/entities/{entity.name}.yaml",
        )
    for name, column in entity.columns.items():
        if column.required and name not in table.columns:
            raise ConfigError(
                f"required column `{name}` of {entity.name} is not mapped",
                where=where,
                remedy=f"Add `{name}: <source column>` to `columns`",
            )


@cache
def sources() -> dict[str, Source]:
    """All sources by name.

    Raises:
        ConfigError: a file is wrong; the message names file, field and what to write.
    """
    return {path.stem: load_source(path) for path in sorted((CONFIGS / "sources").glob("*.yaml"))}


def load_source(path: Path) -> Source:
    """Reads and checks one source file."""
    source = load_model(path, _ANY_SOURCE)
    if source.name != path.stem:
        raise ConfigError(
            f"field `name` says {source.name}", where=path.name, remedy=f"Write {path.stem}"
        )
    _check(source, path.name)
    return source
