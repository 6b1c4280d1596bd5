"""What one file of `configs/sources/` says: a database, its tables, files delivered for it."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, ClassVar, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator, model_validator

from utils.batch.phone_plans import DEFAULT_PHONE_REGION, PHONE_PLANS
from utils.contracts import select_statements
from utils.contracts.column_maps import SOURCE_COLUMN, ColumnMap, Written
from utils.contracts.file_patterns import SYSTEM
from utils.schema import IDENTIFIER, StrictModel

if TYPE_CHECKING:
    from collections.abc import Iterator

ExtraColumns = Literal["ignore", "refuse"]
ROWS_HELD_AT_LEAST = 100


class Mapped(StrictModel):
    """What a MySQL table and a family of files have in common: an entity and a column map.

    A column that the source has and the map does not name is recorded with the load and passed
    over (`ignore`), or nothing of the load is taken until somebody decides (`refuse`). A row in
    which a column of `deleted_when` has one of its values is a deletion; its other columns do not
    matter. A load of which rules hold more than `max_quarantine_share` of its rows, and more than
    ROWS_HELD_AT_LEAST, is held as a whole.
    """

    key_is_compared: ClassVar[bool] = False
    entity: str
    watermark: SOURCE_COLUMN | None = None
    mapped: ColumnMap = Field(alias="columns")
    extra_columns: ExtraColumns = "ignore"
    deleted_when: dict[SOURCE_COLUMN, tuple[Written, ...]] = {}
    max_quarantine_share: float = Field(default=0.1, ge=0, le=1)

    @property
    def columns(self) -> dict[str, str]:
        """The source's column by contract column; a constant has none."""
        return {name: item.column for name, item in self.mapped.items() if item.column}


class DatabaseTable(Mapped):
    """A table of a hospital's database.

    `overlap` is how far an incremental window reaches back behind the last one, so that rows
    committed late or stamped with a day only are seen again. `max_delete_share` is the share of
    the table's live rows that a reconcile may close at once; three rows may always go. A table that
    is `optional` need not be there: not every billing system has it. With a `select` the table is
    the result of this query over the source's own tables, for a source of another grain; it is run
    read-only, and nothing is created at the source.
    """

    key_is_compared = True
    load: Literal["full", "incremental"]
    select: str | None = None
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

    @model_validator(mode="after")
    def _select_only_reads(self) -> DatabaseTable:
        if self.select is None:
            return self
        if complaint := select_statements.complaint(self.select):
            raise ValueError(f"`select`: {complaint}")
        if self.optional:
            raise ValueError("a table with a `select` cannot be `optional`; remove one of them")
        return self


class Delivery(Mapped):
    """A family of files that are delivered for one hospital.

    With `period: month` every name says its month (`2024-03`), and a month without a file between
    two that came is a warning in `audit.dq_results`. With `has_title` lines may stand above the one
    that names the columns. A line whose first filled field is `total_row` states the totals of the
    billed and paid dollars; a file without it, or with rows of other dollars, is refused.
    """

    files: str = Field(pattern=r"^[a-z0-9_{}/*.-]+$")
    period: Literal["month"] | None = None
    has_title: bool = False
    total_row: str | None = Field(default=None, min_length=1)


class FileTable(Delivery):
    """A family of files for one or more hospitals: the folder `{source_system}` says for which."""

    source_systems: tuple[str, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _says_whose_files_these_are(self) -> FileTable:
        if SYSTEM not in self.files and len(self.source_systems) != 1:
            raise ValueError(f"put {SYSTEM} into `files`, or name one source system")
        return self

    @property
    def patterns(self) -> list[str]:
        """Patterns of the names of its files, one a hospital."""
        return [self.files.replace(SYSTEM, system) for system in self.source_systems]


class _Source(StrictModel):
    name: str = Field(pattern=IDENTIFIER)
    description: str
    time_zone: str
    phone_region: str = DEFAULT_PHONE_REGION

    @field_validator("phone_region")
    @classmethod
    def _numbering_is_known(cls, region: str) -> str:
        if region not in PHONE_PLANS:
            raise ValueError(
                f"`{region}` is none of {', '.join(PHONE_PLANS)}; "
                "add its numbering plan to utils/batch/phone_plans.py"
            )
        return region

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
    def families(self) -> Iterator[tuple[str, Mapped]]:
        """Everything that has a column map, with the field that declares it."""
        for field in ("tables", "deliveries"):
            for name, family in getattr(self, field, {}).items():
                yield f"{field}.{name}", family

    @property
    def zone(self) -> ZoneInfo:
        """The zone in which the source writes its local times."""
        return ZoneInfo(self.time_zone)

    def end_of_day(self, day: date) -> datetime:
        """The instant, in UTC, at which a business date ends where the source is."""
        midnight = datetime.combine(day + timedelta(days=1), time(), tzinfo=self.zone)
        return midnight.astimezone(UTC)


class DatabaseSource(_Source):
    """A hospital's MySQL database; `connection` is the name of an Airflow connection.

    `deliveries` are the hospital's own families of files, each with a layout of its own.
    `unexplained_limit` is the share of what the hospital is owed that may be reconciling items
    without a known cause; beyond it its gold is held back.
    """

    kind: Literal["mysql"]
    connection: str = Field(pattern=IDENTIFIER)
    unexplained_limit: Decimal = Field(default=Decimal("0.001"), ge=0, le=1)
    tables: dict[str, DatabaseTable] = Field(min_length=1)
    deliveries: dict[str, Delivery] = {}


class FileSource(_Source):
    """Files that arrive in the landing bucket."""

    kind: Literal["files"]
    tables: dict[str, FileTable] = Field(min_length=1)


Source = DatabaseSource | FileSource
