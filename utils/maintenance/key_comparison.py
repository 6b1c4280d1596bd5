"""Compares the keys of a hospital's table with silver and with what landed.

The source's clock is frozen first, the keys are read after it, and no other run writes meanwhile.
So a row that silver shows was at the source before the clock, and when its key is missing it was
deleted by then. A row inserted while the keys are read is not in silver yet and cannot be missing.
Keys are compared in a spelling no finer than silver's own: what silver reads as one key never
passes for a deletion.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from utils.audit.loads import Load
from utils.contracts.column_maps import bronze_name
from utils.contracts.entities import entities
from utils.errors import ConfigError
from utils.gcp import bigquery
from utils.gcp.templates import render_file
from utils.landing.mysql import TableRequest, land_table
from utils.landing.mysql_query import CHECKSUM, Window, settled_before
from utils.landing.outcomes import bronze_uri, wanted_columns
from utils.settings import settings

if TYPE_CHECKING:
    from collections.abc import Iterable

    from utils.audit.runs import Run
    from utils.contracts.columns import Column
    from utils.contracts.entities import Entity
    from utils.contracts.source_file import DatabaseSource, DatabaseTable

REREAD_LIMIT = 10_000
_COMPARABLE = (None, "id", "code", "text")

Keys = tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Comparison:
    """A table's keys against silver.

    Attributes:
        source_rows: rows at the source.
        live_rows: rows of this table that silver shows as current.
        gone: their keys that are missing at the source, in silver's spelling.
        overlooked_rows: rows at the source that published windows should have brought.
        unstamped_rows: those of them that changed although their watermark did not.
        overlooked: keys of the first of these, in the source's spelling.
        newest_at_source: the latest watermark at the source, in its local time.
        newest_landed: the latest one that ever landed.
    """

    source_rows: int
    live_rows: int
    gone: Keys = ()
    overlooked_rows: int = 0
    unstamped_rows: int = 0
    overlooked: Keys = ()
    newest_at_source: datetime | None = None
    newest_landed: datetime | None = None


@dataclass(frozen=True)
class Subject:
    """A table under comparison: where it is, and up to where its windows are published."""

    source: DatabaseSource
    name: str
    published_bound: datetime
    clock: datetime
    run: Run

    @property
    def table(self) -> DatabaseTable:
        """The table's configuration."""
        return self.source.tables[self.name]

    @property
    def key(self) -> tuple[str, ...]:
        """The source's columns of the key."""
        return tuple(self.table.columns[name] for name in entities()[self.table.entity].key)

    @property
    def qualified_name(self) -> str:
        """The table's name among all sources'."""
        return f"{self.source.name}.{self.name}"

    def load_id(self, what: str) -> str:
        """Named after the run, so that a retry replaces its own load only."""
        token = hashlib.sha256(f"{self.run.dag_id} {self.run.run_id}".encode()).hexdigest()[:8]
        return f"{self.qualified_name}.{what}.{self.run.business_date:%Y%m%d}-{token}"

    def load(self, load_type: Literal["reread", "reconcile"]) -> Load:
        """A load of this run."""
        run, load_id = self.run, self.load_id(load_type)
        return Load(
            load_id=load_id,
            run_id=run.run_id,
            business_date=run.business_date,
            source=self.source.name,
            source_system=self.source.name,
            table_name=self.name,
            entity=self.table.entity,
            load_type=load_type,
            observed_at=self.clock,
            uri=bronze_uri(self.source.name, self.name, load_id),
            planned_at=datetime.now(tz=UTC),
        )


def compare(subject: Subject, connection_uri: str) -> Comparison:
    """Reads every key of a table and compares it with silver and what landed."""
    zone, (staged, columns) = subject.source.zone, _stage_keys(subject, connection_uri)
    settled = settled_before(subject.published_bound - subject.table.overlap, zone)
    values: dict[str, object] = {
        "source": subject.source.name,
        "table": subject.name,
        "clock": subject.clock,
        "now": settled_before(subject.clock, zone).isoformat(sep=" "),
        "settled": settled.isoformat(sep=" "),
        "columns": json.dumps(columns),
    }
    [counts] = bigquery.query(comparison_sql(subject, staged, "counts"), values)
    gone = bigquery.query(comparison_sql(subject, staged, "gone"), values)
    overlooked = bigquery.query(comparison_sql(subject, staged, "overlooked"), values)
    return Comparison(
        **counts,
        gone=_keys(gone),
        overlooked_rows=overlooked[0]["total"] if overlooked else 0,
        unstamped_rows=overlooked[0]["unstamped"] if overlooked else 0,
        overlooked=_keys(overlooked),
    )


def _keys(rows: Iterable[dict[str, Any]]) -> Keys:
    return tuple(
        tuple(value for name, value in row.items() if name.startswith("key_")) for row in rows
    )


def _stage_keys(subject: Subject, connection_uri: str) -> tuple[str, tuple[str, ...]]:
    """Brings keys, watermark and checksum of every row of the table into a staging table.

    Returns:
        The table, and the columns that the checksums are made of.
    """
    entity = entities()[subject.table.entity]
    for name in entity.key:
        if (column := entity.columns[name]).type != "STRING" or column.normalize not in _COMPARABLE:
            raise ConfigError(
                f"The key column `{name}` cannot be compared with its source",
                where=f"configs/entities/{entity.name}.yaml",
                remedy="Declare it as STRING, with `normalize` id, code, text or none",
            )
    watermark = subject.table.watermark
    load_id = subject.load_id("keys")
    landed = land_table(
        TableRequest(
            uri=connection_uri,
            source=subject.source.name,
            table=subject.name,
            columns=wanted_columns(subject.table),
            window=Window(None, subject.clock, subject.clock),
            zone=subject.source.zone,
            load_id=load_id,
            target_uri=settings().lake_uri("reconcile", f"{load_id}.parquet"),
            is_checked=watermark is not None,
            select=subject.table.select,
            carried=tuple(
                dict.fromkeys(
                    [*subject.key, *filter(None, [watermark]), *subject.table.deleted_when]
                )
            ),
        )
    )
    staged = settings().table("staging", f"keys_{subject.source.name}__{subject.name}")
    name = re.sub("[^A-Za-z0-9]+", "-", load_id)
    # Every reading carries its own clock, so that equal keys are no equal content.
    job_id = f"{name}-{landed.sha256[:16]}"
    bigquery.load_parquet(
        [bigquery.ParquetLoad([landed.uri], staged, job_id, schema=landed.fields)]
    )
    return staged, landed.columns


def comparison_sql(subject: Subject, staged: str, query: str) -> str:
    """A query of `sql/reconcile/` for a table.

    Its parameters: @source, @table, @clock, @columns (what checksums are made of) and,
    as text in the source's local time, @now and @settled.
    """
    table, entity = subject.table, entities()[subject.table.entity]
    source_key = [bronze_name(name) for name in subject.key]
    tables = {
        "keys": staged,
        "bronze": settings().table("bronze", f"{subject.source.name}__{subject.name}"),
        "silver": settings().table("silver", table.entity),
        "table_loads": settings().table("audit", "table_loads"),
        "quarantine": settings().table("audit", "quarantine"),
    }
    return render_file(
        f"reconcile/{query}.sql",
        lambda name: f"`{tables[name]}`",
        source_columns=_as_texts(source_key),
        source_key=_json_of(f"CAST(`{name}` AS STRING)" for name in source_key),
        folded_source_key=_folded(source_key, entity),
        has_source_key=" AND ".join(f"`{name}` IS NOT NULL" for name in source_key),
        silver_columns=_as_texts(entity.key),
        folded_silver_key=_folded(entity.key, entity),
        checksum=f"`{CHECKSUM}`" if table.watermark else "CAST(NULL AS INT64)",
        changed_at=_moment(table.watermark),
        is_deletion=_is_deletion(table),
        listed=", ".join(f"key_{position}" for position, _ in enumerate(entity.key)),
        limit=REREAD_LIMIT,
    )


def _moment(watermark: str | None) -> str:
    """SQL of a watermark's local time, or UTC where its text says so; NULL if it is none."""
    text = f"`{bronze_name(watermark)}`" if watermark else "NULL"
    return rf"SAFE_CAST(REGEXP_REPLACE({text}, r'\+00:00$', '') AS DATETIME)"


def _is_deletion(table: DatabaseTable) -> str:
    """Whether a row's flags say that it was deleted, as `conform` reads them."""
    flags = [
        f"LOWER(TRIM(`{bronze_name(column)}`)) IN ({', '.join(map(_literal, values))})"
        for column, values in table.deleted_when.items()
    ]
    return f"COALESCE({' OR '.join(flags)}, FALSE)" if flags else "FALSE"


def _literal(text: str) -> str:
    return json.dumps(text.lower())


def _as_texts(columns: Iterable[str]) -> str:
    return ", ".join(
        f"CAST(`{name}` AS STRING) AS key_{position}" for position, name in enumerate(columns)
    )


def _json_of(texts: Iterable[str]) -> str:
    return f"TO_JSON_STRING([{', '.join(texts)}])"


def _folded(names: Iterable[str], entity: Entity) -> str:
    """The key in these columns, in a spelling that silver's reading of it does not change."""
    return _json_of(
        _read_as(f"CAST(`{name}` AS STRING)", entity.columns[column])
        for name, column in zip(names, entity.key, strict=True)
    )


def _read_as(text: str, column: Column) -> str:
    if column.normalize == "id":
        # A number type may write decimals that an identifier does not have.
        spelled = rf"REGEXP_REPLACE({text}, r'^[\s\pZ\pC]+|(\.0+)?[\s\pZ\pC]*$', '')"
        return f"UPPER({spelled})" if column.fold else spelled
    return rf"REGEXP_REPLACE(NORMALIZE_AND_CASEFOLD({text}, NFKC), r'[\s\pZ\pC]', '')"
