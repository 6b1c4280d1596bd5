"""The gold models: one SELECT per file below `sql/gold/`, declared in the YAML header above it.

`{{ ref("name") }}` is the only way to name a table: it renders the table and is the edge of the
dependency graph. Values never become SQL text; they are the query parameters @business_date and
@run_id.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from functools import cache
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING, Literal

from pydantic import Field, TypeAdapter, model_validator

from utils.audit.tables import audit_declarations
from utils.batch.types import ColumnType, bigquery_type
from utils.contracts.entities import entities
from utils.contracts.hospital_days import hospital_day, recorded_day
from utils.errors import ConfigError
from utils.gcp.templates import render
from utils.gold.checks import Check, Identifier, TableColumn
from utils.paths import SQL
from utils.schema import StrictModel, load_yaml, validate

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from utils.settings import Settings

MAX_CLUSTER_COLUMNS = 4

_FILE = re.compile(r"\A/\*---\n(?P<header>.*?)^---\*/\n(?P<query>.*)\Z", re.DOTALL | re.MULTILINE)


class Column(StrictModel):
    """A column of a model. NUMERIC is USD; RATE is any ratio, with GOLD_RATE_DECIMALS.

    `deidentifies` names the PHI columns of silver that it is derived from, each with the reason
    why it identifies nobody.
    """

    type: ColumnType
    description: str
    deidentifies: dict[TableColumn, str] = {}

    @property
    def sql_type(self) -> str:
        """The column's BigQuery type."""
        return bigquery_type(self.type)


class Definition(StrictModel):
    """What a KPI means.

    Attributes:
        numerator: what is counted or added up.
        denominator: what it is divided by.
        date_basis: the date that places a row in its period.
        basis: whether its dollars are gross charges or net of contractual adjustments.
        exclusions: what is left out.
        differs: in a line, how it differs from the common wrong way.
        source: whose definition it is.
        benchmark: what is usual, and who says so.
    """

    numerator: str
    denominator: str | None = None
    date_basis: str
    basis: Literal["gross", "net"] | None = None
    exclusions: str
    differs: str
    source: str
    benchmark: str | None = None


class Header(StrictModel):
    """The declaration above a model's SELECT.

    Attributes:
        description: what the table holds.
        grain: what one row is.
        keys: columns that identify a row; never NULL and unique, which is always checked.
        partition_by: a DATE column; the table is partitioned by its month.
        cluster_by: clustering columns.
        owner: who answers for the numbers.
        published: false for a step that only other models read, or that is there to be checked.
        columns: the table's columns in order.
        checks: promises beyond the keys.
        kpi: the measure's definition; every `kpi_` model has one.
    """

    description: str
    grain: str
    keys: tuple[Identifier, ...] = Field(min_length=1)
    partition_by: Identifier | None = None
    cluster_by: tuple[Identifier, ...] = Field(default=(), max_length=MAX_CLUSTER_COLUMNS)
    owner: str
    published: bool = True
    columns: dict[Identifier, Column] = Field(min_length=1)
    checks: tuple[Check, ...] = ()
    kpi: Definition | None = None

    @model_validator(mode="after")
    def _named_columns_exist(self) -> Header:
        partition = {self.partition_by} if self.partition_by else set()
        checked = {column for check in self.checks for column in check.columns}
        named = {*self.keys, *self.cluster_by, *partition, *checked}
        if unknown := sorted(named - self.columns.keys()):
            raise ValueError(f"{', '.join(f'`{name}`' for name in unknown)} is not in `columns`")
        if self.partition_by and self.columns[self.partition_by].type != "DATE":
            raise ValueError(f"`partition_by: {self.partition_by}` must be a DATE column")
        return self


@dataclass(frozen=True)
class Model:
    """A gold table.

    Attributes:
        name: the table's and the file's name.
        header: its declaration.
        query: its SELECT as a template.
        references: tables that the SELECT reads, in order of first mention.
    """

    name: str
    header: Header
    query: str
    references: tuple[str, ...]

    @property
    def checks(self) -> tuple[Check, ...]:
        """Promises of the keys, then the declared ones."""
        keys = self.header.keys
        return Check(unique=keys), Check(not_null=keys), *self.header.checks

    @property
    def is_of_hospital(self) -> bool:
        """Whether each row belongs to a hospital, or to a set of codes."""
        return "source_system" in self.header.columns

    @property
    def tables(self) -> set[str]:
        """Tables that the SELECT or a check reads."""
        return {*self.references, *(table for check in self.checks for table in check.tables)}


def select(model: Model, ref: Callable[[str], str]) -> str:
    """A model's SELECT; `ref` gives the SQL name of a table.

    A template may ask for `hospital_day(instant, source_system)`, the day where the hospital is,
    and for `recorded_day(source_system)`, the day on which it recorded a row.
    """
    days = {"hospital_day": hospital_day, "recorded_day": recorded_day}
    return render(model.query, ref, f"{model.name}.sql", **days)


def parse(path: Path) -> Model:
    """Reads one model.

    Raises:
        ConfigError: the header is missing or wrong; the message names file and field.
    """
    found = _FILE.match(path.read_text(encoding="utf-8"))
    if found is None:
        raise ConfigError(
            "The file does not begin with a header",
            where=path.name,
            remedy="Write /*--- in the first line, then YAML, then ---*/ and the SELECT",
        )
    header = validate(load_yaml(found["header"], path.name), TypeAdapter(Header), path.name)
    if path.stem.startswith("kpi_") != (header.kpi is not None):
        raise ConfigError(
            "`kpi` defines the measure of a kpi_ model", where=path.name, remedy="Add or remove it"
        )
    references: dict[str, None] = {}
    render(
        found["query"],
        lambda name: references.setdefault(name) or name,
        path.name,
        hospital_day=lambda instant, source_system: instant,
        recorded_day=lambda source_system, inserted_at="": source_system,
    )
    return Model(path.stem, header, found["query"].strip(), tuple(references))


def load_models(folder: Path) -> dict[str, Model]:
    """Reads all models of a folder, each after those that it reads.

    Raises:
        ConfigError: a file is wrong or refers to a table that does not exist, or models refer to
            each other in a circle.
    """
    models: dict[str, Model] = {}
    for path in sorted(folder.rglob("*.sql"), key=lambda path: path.stem):
        if path.stem in models:
            raise ConfigError(
                "Two files of a gold model have the same name",
                where=str(path.relative_to(folder)),
                remedy="Rename one: the file's name is the table's",
            )
        models[path.stem] = parse(path)
    for model in models.values():
        for table in sorted(model.tables):
            layer(table, models, where=f"{model.name}.sql")
    graph = {
        name: [other for other in model.references if other in models]
        for name, model in models.items()
    }
    try:
        order = list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        files = " reads ".join(f"{name}.sql" for name in reversed(error.args[1]))
        raise ConfigError(
            "Models refer to each other in a circle", where=files, remedy="Break it at one file"
        ) from error
    return {name: models[name] for name in order}


@cache
def gold_models() -> Mapping[str, Model]:
    """The models of `sql/gold/`, each after those that it reads."""
    return load_models(SQL / "gold")


@cache
def _base_tables() -> dict[str, str]:
    """Layer of every table that is not a gold model."""
    tables = [table.name for entity in entities().values() for table in entity.silver_tables()]
    views = [f"{name}{suffix}" for name in entities() for suffix in ("_current", "_periods")]
    return dict.fromkeys([*tables, *views], "silver") | dict.fromkeys(audit_declarations(), "audit")


def layer(name: str, models: Mapping[str, Model], where: str) -> str:
    """Where a table is read from while gold is built: gold for a model, else silver or audit.

    Raises:
        ConfigError: there is no such table.
    """
    if name in models:
        return "gold"
    tables = _base_tables()
    if name not in tables:
        near = difflib.get_close_matches(name, [*models, *tables], n=1)
        raise ConfigError(
            f'ref("{name}") names no table',
            where=where,
            remedy=f"Did you mean {near[0]}?" if near else "Add the model or correct the name",
        )
    return tables[name]


def published(environment: Settings, models: Mapping[str, Model]) -> Callable[[str], str]:
    """The `ref` function of who reads what is published: the full, quoted name of a table."""

    def ref(name: str) -> str:
        return f"`{environment.table(layer(name, models, where=name), name)}`"

    return ref


def resolver(environment: Settings, models: Mapping[str, Model]) -> Callable[[str], str]:
    """The `ref` function of the script that builds gold.

    A model is read from the temporary table that the same script has just built;
    `published_<model>` is the table that readers see.
    """
    readers = published(environment, models)

    def ref(name: str) -> str:
        return name if name in models else readers(name.removeprefix("published_"))

    return ref
