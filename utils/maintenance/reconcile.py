"""Lands what a comparison of keys finds: rows deleted at a hospital, and rows overlooked.

An incremental window shows rows that changed. It shows neither a row that is gone, nor one whose
watermark lies behind windows that are published, nor a change that left the watermark as it was:
all are found by reading key, watermark and checksum of every row.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from utils.audit.checks import record_checks
from utils.audit.loads import NO_PROGRESS, find_loads, table_progress
from utils.contracts.entities import entities
from utils.contracts.sources import sources
from utils.errors import ConfigError, SourceError
from utils.gcp import storage
from utils.landing.bronze import INSTANT, Landed
from utils.landing.land import land_expected
from utils.landing.mysql import TableRequest, land_table
from utils.landing.mysql_query import Window
from utils.landing.mysql_server import source_clock
from utils.landing.outcomes import Expected, amount_columns, wanted_columns
from utils.maintenance.key_comparison import Comparison, Keys, Subject, compare

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime, timedelta

    from utils.audit.loads import Load
    from utils.audit.runs import Run
    from utils.contracts.source_file import DatabaseSource

DAG_ID = "rcm_reconcile_keys"
# So many rows may always go: one of fifteen providers is more than 5 %, and nothing unusual.
ROWS_GONE_AT_MOST = 3
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
    progress = table_progress(source.name, run.business_date, clock)
    subjects = [
        Subject(source, name, bound, clock, run)
        for name in source.tables
        if (bound := progress.get(name, NO_PROGRESS).published_bound)
    ]
    compared = [(subject, compare(subject, connection_uri)) for subject in subjects]
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
    elif gone > max(live * table.max_delete_share, ROWS_GONE_AT_MOST):
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


def _record(run: Run, compared: Sequence[Compared]) -> None:
    """Writes what was found to audit, before anything is refused."""
    counts = [
        (subject, rule, rows)
        for subject, found in compared
        for rule, rows in (
            ("gone_at_source", (found.live_rows, len(found.gone))),
            ("overlooked_by_windows", (found.source_rows, found.overlooked_rows)),
            ("changed_without_stamp", (found.source_rows, found.unstamped_rows)),
        )
    ]
    record_checks(
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
            for load in find_loads(
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

    Their changes are dated by the clock, not by the watermark: this is what is true now.
    """
    load = subject.load("reread")
    request = TableRequest(
        uri=connection_uri,
        source=subject.source.name,
        table=subject.name,
        columns=wanted_columns(subject.table),
        window=Window(None, subject.clock, subject.clock),
        zone=subject.source.zone,
        load_id=load.load_id,
        target_uri=load.uri or "",
        key=subject.key,
        only=keys,
        is_checked=True,
        money=tuple(amount_columns(load).values()),
        extra_columns=subject.table.extra_columns,
        select=subject.table.select,
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
