"""Compares the keys of a hospital's tables with silver: what was deleted, what was overlooked.

An incremental window shows rows that changed. It shows neither a row that is gone nor one whose
watermark lies behind windows that are published: both are found by reading every key.

The source's clock is frozen first, the keys are read after it, and no other run writes meanwhile.
So a row that silver shows was at the source before the clock, and when its key is missing it was
deleted by then. A row inserted while the keys are read is not in silver yet and cannot be missing.
Keys are compared in a spelling coarser than silver's own: a difference in case, blanks or width
never passes for a deletion.
"""

from __future__ import annotations

import hashlib
import re
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pyarrow as pa
import pyarrow.parquet as pq

from utils import audit, bigquery, storage
from utils.audit import Load
from utils.entities import entities
from utils.errors import ConfigError, SourceError
from utils.landing.bronze import INSTANT, Landed
from utils.landing.contract import WantedColumn
from utils.landing.mysql import TableRequest, land_table, source_clock
from utils.landing.mysql_query import Window, settled_before
from utils.loads import Expected, bronze_uri, land_expected, money, wanted
from utils.paths import SQL
from utils.settings import settings
from utils.sources import sources
from utils.sql import render

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import timedelta

    from utils.audit import Run
    from utils.sources import DatabaseSource, DatabaseTable

REREAD_LIMIT = 10_000
DAG_ID = "rcm_reconcile_keys"
_COMPARABLE = (None, "code", "text")

Keys = tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Comparison:
    """A table's keys against silver.

    Attributes:
        source_rows: rows at the source.
        live_rows: rows of this table that silver shows as current.
        gone: their keys that are missing at the source, in silver's spelling.
        overlooked_rows: rows at the source that published windows should have brought.
        overlooked: keys of the first of these, in the source's spelling.
        newest_at_source: the latest watermark at the source, in its local time.
        newest_landed: the latest one that ever landed.
    """

    source_rows: int
    live_rows: int
    gone: Keys = ()
    overlooked_rows: int = 0
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


Compared = tuple[Subject, Comparison]


def accepted_tables(names: Iterable[str]) -> frozenset[str]:
    """Tables, as `source.table`, whose mass deletion a person confirmed.

    Raises:
        ConfigError: there is no such table.
    """
    known = {
        f"{source.name}.{table}"
        for source in sources().values()
        if source.kind == "mysql"
        for table in source.tables
    }
    if unknown := sorted(set(names) - known):
        raise ConfigError(
            f"`accept` names no table of a database: {', '.join(unknown)}",
            where=DAG_ID,
            remedy=f"Write source.table, of {', '.join(sorted(known))}",
        )
    return frozenset(names)


def reconcile(
    source: DatabaseSource, run: Run, connection_uri: str, accepted: frozenset[str] = frozenset()
) -> int:
    """Lands the deletions of a source's tables and the rows that its windows overlooked.

    Args:
        source: whose tables are compared; a table without a published load is left out.
        run: the run that does it.
        connection_uri: `mysql://…` of the source.
        accepted: see `accepted_tables`; no guard stops these.

    Returns:
        How many loads landed.

    Raises:
        SourceError: a table lost more rows than it may, is empty, or went back in time. The
            counts are in `audit.dq_results`, and nothing of this source is closed.
    """
    clock = source_clock(connection_uri, source.name)
    progress = audit.table_progress(source.name, run.business_date, clock)
    subjects = [
        Subject(source, name, bound, clock, run)
        for name in source.tables
        if (bound := progress.get(name, audit.NO_PROGRESS).published_bound)
    ]
    compared = [(subject, _compare(subject, connection_uri)) for subject in subjects]
    _record(run, compared)
    refusals = [
        error
        for subject, found in compared
        if subject.qualified_name not in accepted and (error := refusal(subject, found))
    ]
    if refusals:
        raise SourceError(" ".join(refusals), where=DAG_ID, remedy="Nothing was closed")
    return land_expected(source, run, list(_expected(compared, connection_uri)))


def refusal(subject: Subject, found: Comparison) -> str | None:
    """Why a table must not be reconciled, as a message to a person; None when it may."""
    table, where = subject.table, f"source {subject.source.name}, table {subject.name}"
    gone, live = len(found.gone), found.live_rows
    if live and not found.source_rows:
        cause = f"The table is empty, silver has {live} live rows of it"
    elif gone > live * table.max_delete_share:
        cause = (
            f"{gone} of {live} live rows are gone at the source, "
            f"more than max_delete_share: {table.max_delete_share:g} allows"
        )
    elif _fell(found.newest_at_source, found.newest_landed, table.overlap):
        cause = (
            f"The newest change at the source is of {found.newest_at_source}, "
            f"but one of {found.newest_landed} has landed: the table was set back or rebuilt"
        )
    else:
        return None
    return (
        f"{cause} ({where}). Ask the source. If this is right, trigger {DAG_ID} with "
        f'{{"accept": ["{subject.qualified_name}"]}}; if not, have the table restored.'
    )


def _fell(at_source: datetime | None, landed: datetime | None, tolerance: timedelta) -> bool:
    return landed is not None and (at_source is None or at_source < landed - tolerance)


def _compare(subject: Subject, connection_uri: str) -> Comparison:
    zone, staged = subject.source.zone, _stage_keys(subject, connection_uri)
    settled = settled_before(subject.published_bound - subject.table.overlap, zone)
    values: dict[str, object] = {
        "source": subject.source.name,
        "table": subject.name,
        "clock": subject.clock,
        "now": settled_before(subject.clock, zone).isoformat(sep=" "),
        "settled": settled.isoformat(sep=" "),
    }
    [counts] = bigquery.query(comparison_sql(subject, staged, "counts"), values)
    gone = bigquery.query(comparison_sql(subject, staged, "gone"), values)
    overlooked = bigquery.query(comparison_sql(subject, staged, "overlooked"), values)
    return Comparison(
        **counts,
        gone=_keys(gone),
        overlooked_rows=overlooked[0]["total"] if overlooked else 0,
        overlooked=_keys(overlooked),
    )


def _keys(rows: Iterable[dict[str, Any]]) -> Keys:
    return tuple(
        tuple(value for name, value in row.items() if name.startswith("key_")) for row in rows
    )


def _stage_keys(subject: Subject, connection_uri: str) -> str:
    """Brings keys and watermark of every row of the table into a staging table."""
    entity = entities()[subject.table.entity]
    for name in entity.key:
        if (column := entity.columns[name]).type != "STRING" or column.normalize not in _COMPARABLE:
            raise ConfigError(
                f"The key column `{name}` cannot be compared with its source",
                where=f"configs/entities/{entity.name}.yaml",
                remedy="Declare it as STRING, with `normalize` code, text or none",
            )
    columns = dict.fromkeys([*subject.key, *filter(None, [subject.table.watermark])])
    load_id = subject.load_id("keys")
    landed = land_table(
        TableRequest(
            uri=connection_uri,
            source=subject.source.name,
            table=subject.name,
            columns=tuple(map(WantedColumn, columns)),
            window=Window(None, subject.clock, subject.clock),
            zone=subject.source.zone,
            load_id=load_id,
            target_uri=settings().lake_uri("reconcile", f"{load_id}.parquet"),
        )
    )
    staged = settings().table("staging", f"keys_{subject.source.name}__{subject.name}")
    name = re.sub("[^A-Za-z0-9]+", "-", load_id)
    # Every reading carries its own clock, so that equal keys are no equal content.
    job_id = f"{name}-{landed.sha256[:16]}"
    bigquery.load_parquet([bigquery.ParquetLoad([landed.uri], staged, job_id)])
    return staged


def comparison_sql(subject: Subject, staged: str, query: str) -> str:
    """A query of `sql/reconcile/` for a table.

    Its parameters: @source, @table, @clock and, as text in the source's local time, @now and
    @settled.
    """
    table, held_key = subject.table, entities()[subject.table.entity].key
    tables = {
        "keys": staged,
        "bronze": settings().table("bronze", f"{subject.source.name}__{subject.name}"),
        "silver": settings().table("silver", table.entity),
        "table_loads": settings().table("audit", "table_loads"),
        "quarantine": settings().table("audit", "quarantine"),
    }
    return render(
        (SQL / "reconcile" / f"{query}.sql").read_text(encoding="utf-8"),
        lambda name: f"`{tables[name]}`",
        f"reconcile/{query}.sql",
        source_columns=_as_texts(subject.key),
        source_key=_json_of(f"CAST(`{name}` AS STRING)" for name in subject.key),
        folded_source_key=_json_of(map(_folded, subject.key)),
        has_source_key=" AND ".join(f"`{name}` IS NOT NULL" for name in subject.key),
        silver_columns=_as_texts(held_key),
        folded_silver_key=_json_of(map(_folded, held_key)),
        changed_at=f"CAST({f'`{table.watermark}`' if table.watermark else 'NULL'} AS DATETIME)",
        listed=", ".join(f"key_{position}" for position, _ in enumerate(held_key)),
        limit=REREAD_LIMIT,
    )


def _as_texts(columns: Iterable[str]) -> str:
    return ", ".join(
        f"CAST(`{name}` AS STRING) AS key_{position}" for position, name in enumerate(columns)
    )


def _json_of(texts: Iterable[str]) -> str:
    return f"TO_JSON_STRING([{', '.join(texts)}])"


def _folded(column: str) -> str:
    """A text in a spelling that none of silver's normalisers of keys changes."""
    caseless = f"NORMALIZE_AND_CASEFOLD(CAST(`{column}` AS STRING), NFKC)"
    return rf"REGEXP_REPLACE({caseless}, r'[\s\pZ\pC]', '')"


def _record(run: Run, compared: Sequence[Compared]) -> None:
    """Writes what was found to audit, before anything is refused."""
    counts = [
        (subject, rule, rows)
        for subject, found in compared
        for rule, rows in (
            ("gone_at_source", (found.live_rows, len(found.gone))),
            ("overlooked_by_windows", (found.source_rows, found.overlooked_rows)),
        )
    ]
    audit.record_checks(
        run,
        "source",
        [
            {
                "entity": subject.table.entity,
                "source_system": subject.source.name,
                "rule": f"{rule}({subject.name})",
                "severity": "warn",
                "rows_checked": checked,
                "rows_failed": failed,
                "checked_at": subject.clock,
            }
            for subject, rule, (checked, failed) in counts
        ],
    )


def _expected(compared: Sequence[Compared], connection_uri: str) -> Iterator[Expected]:
    """The loads of a comparison that did not land yet."""
    for subject, found in compared:
        known = {
            load.load_id
            for load in audit.loads(
                "run_id = @run_id AND source = @source AND table_name = @table "
                "AND state IN ('LANDED', 'MERGED', 'PUBLISHED')",
                run_id=subject.run.run_id,
                source=subject.source.name,
                table=subject.name,
            )
        }
        for keys, expected in (
            (found.overlooked, _reread(subject, found.overlooked, connection_uri)),
            (found.gone, _deletes(subject, found.gone)),
        ):
            if keys and expected.load.load_id not in known:
                yield expected


def _reread(subject: Subject, keys: Keys, connection_uri: str) -> Expected:
    """The rows with these keys, as the source has them now.

    Their changes are dated by the clock: whatever the watermark says, this is what is true now.
    """
    load = subject.load("reread")
    request = TableRequest(
        uri=connection_uri,
        source=subject.source.name,
        table=subject.name,
        columns=wanted(subject.table),
        window=Window(None, subject.clock, subject.clock),
        zone=subject.source.zone,
        load_id=load.load_id,
        target_uri=load.uri or "",
        key=subject.key,
        only=keys,
        money=tuple(money(load).values()),
        extra_columns=subject.table.extra_columns,
    )
    return Expected(load, lambda: land_table(request))


def _deletes(subject: Subject, keys: Keys) -> Expected:
    load = subject.load("reconcile")
    return Expected(load, lambda: _write_deletes(load, keys))


def _write_deletes(load: Load, keys: Keys) -> Landed:
    """Writes the `deletes` of a Spark batch: one row per key that is gone."""
    key = entities()[load.entity].key
    count = len(keys)
    table = pa.table(
        {
            "source_system": pa.repeat(load.source_system, count),
            **dict(zip(key, map(list, zip(*keys, strict=True)), strict=True)),
            "_event_at": pa.repeat(pa.scalar(load.observed_at, INSTANT), count),
            "_observed_at": pa.repeat(pa.scalar(load.observed_at, INSTANT), count),
            "_load_id": pa.repeat(load.load_id, count),
            "_row_id": pa.array(range(1, count + 1), pa.int64()),
        }
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "part-0.parquet"
        pq.write_table(table, path)
        stored = storage.upload(path, load.uri or "")
        sha256 = storage.sha256_of(path)
    return Landed(load.load_id, stored.uri, count, stored.size_bytes, sha256, key)
