"""Lands a source for a business date: plans its loads, brings them to bronze, records how it went.

A load that landed is never read again: its rows are immutable in bronze. A load that failed is
planned anew with a window that begins where published loads end. What arrived and what failed is
recorded before the error is raised.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from itertools import groupby
from typing import TYPE_CHECKING

from utils import audit, bigquery
from utils.audit import Load, Run
from utils.entities import entities
from utils.errors import FileRefused, PipelineError, SourceError
from utils.landing.contract import WantedColumn, near_names
from utils.landing.files import REFUSALS, FileRequest, LandedFile, discover, land_file
from utils.landing.months import delivered_months
from utils.landing.mysql import TableRequest, land_table, present_tables, source_clock
from utils.landing.mysql_query import Window
from utils.settings import settings
from utils.sources import DatabaseSource, FileSource, sources

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator, Mapping, Sequence, Set

    from utils.landing.bronze import Landed
    from utils.landing.files import Discovered
    from utils.sources import Mapped, Source

# A stream holds some batches of rows in memory, and the source a connection.
READS_AT_ONCE = 3
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Expected:
    """A load that is planned, and what reads it; `delivery` is its file if it has one."""

    load: Load
    read: Callable[[], Landed]
    delivery: Discovered | None = None


@dataclass(frozen=True)
class Outcome:
    """What became of an expected load: bronze rows or an error."""

    expected: Expected
    landed: Landed | None
    error: Exception | None

    @property
    def load(self) -> Load:
        """The load in its new state."""
        if self.landed is None:
            state = {"state": "FAILED", "error": _message(self.error)}
            return self.expected.load.model_copy(update=state)
        return self.expected.load.model_copy(
            update={
                "state": "LANDED",
                "columns": self.landed.columns,
                "checksum": self.landed.sha256,
                "rows_landed": self.landed.rows,
                **_control_totals(self.expected.load, self.landed),
                "schema_events": _schema_events(self.landed),
                "landed_at": datetime.now(tz=UTC),
            }
        )


def _control_totals(load: Load, landed: Landed) -> dict[str, Decimal]:
    """Dollars at the edge, which silver must account for."""
    return {
        f"{kind}_landed": landed.control_totals.get(column, Decimal(0))
        for kind, column in money(load).items()
    }


def money(load: Load) -> dict[str, str]:
    """The source's columns of the dollars billed and paid; empty without money or mapping."""
    named = entities()[load.entity].amounts.named
    columns = sources()[load.source].tables[load.table_name].columns
    return {kind: columns[column] for kind, column in named.items() if column in columns}


def _schema_events(landed: Landed) -> str | None:
    """How the source differs from the contract in ways that the contract allows."""
    events: dict[str, Sequence[str] | Mapping[str, object]] = {
        "missing_columns": list(landed.missing_columns),
        "extra_columns": list(landed.extra_columns),
        "perhaps_renamed": near_names(landed.missing_columns, landed.extra_columns),
        "invalid_dates": dict(landed.invalid_dates),
    }
    known = {name: event for name, event in events.items() if event}
    return json.dumps(known) if known else None


def land(source: Source, run: Run, connection_uri: str | None) -> int:
    """Lands everything that a source has for a business date and returns the number of loads.

    Raises:
        PipelineError: the source or a file is not what its contract says. The loads that did
            arrive are recorded and kept; audit shows the ones that failed.
    """
    if isinstance(source, FileSource):
        expected = list(_expected_files(source, run))
    elif connection_uri is None:
        raise SourceError("A database source needs a connection", where=source.name)
    else:
        expected = list(_expected_tables(source, run, connection_uri))
    outcomes = _bring(expected, run)
    if isinstance(source, FileSource):
        _record_deliveries(source, run, outcomes)
    _raise_errors(source, outcomes)
    return len(outcomes)


def land_expected(source: Source, run: Run, expected: Sequence[Expected]) -> int:
    """Brings planned loads to bronze; returns their number and raises like `land`."""
    outcomes = _bring(expected, run)
    _raise_errors(source, outcomes)
    return len(outcomes)


def _bring(expected: Sequence[Expected], run: Run) -> list[Outcome]:
    attempted = audit.attempted([item.load.load_id for item in expected])
    audit.record_loads([item.load for item in expected])
    with ThreadPoolExecutor(READS_AT_ONCE) as pool:
        outcomes = list(pool.map(_attempt, expected))
    arrived = [outcome for outcome in outcomes if outcome.landed]
    # Deletions are no rows that a source sent.
    _load_bronze([item for item in arrived if item.load.load_type != "reconcile"], attempted)
    audit.record_outcomes([outcome.load for outcome in outcomes])
    audit.record_files([row for outcome in outcomes if (row := _file_row(outcome, run))])
    return outcomes


def _attempt(expected: Expected) -> Outcome:
    try:
        return Outcome(expected, expected.read(), None)
    except Exception as error:  # raised again by _raise_errors, once audit knows
        return Outcome(expected, None, error)


def _raise_errors(source: Source, outcomes: Sequence[Outcome]) -> None:
    errors = [outcome.error for outcome in outcomes if outcome.error]
    for error in errors:
        if not isinstance(error, PipelineError) or len(errors) == 1:
            raise error
    if errors:
        raise SourceError(
            f"{len(errors)} of {len(outcomes)} loads failed: {' '.join(map(str, errors))}",
            where=f"source {source.name}",
        )


def _message(error: Exception | None) -> str:
    """What audit may quote: our own errors carry no row's values, of others only the kind."""
    return str(error) if isinstance(error, PipelineError) else type(error).__name__


def _expected_tables(source: DatabaseSource, run: Run, connection_uri: str) -> Iterator[Expected]:
    """The loads that are not in bronze yet.

    A snapshot is left out when a newer one is published: it would stamp today's rows with an
    earlier day.
    """
    clock = source_clock(connection_uri, source.name)
    high = min(source.end_of_day(run.business_date), clock)
    known = audit.table_progress(source.name, run.business_date, high)
    absent = _absent_tables(source, connection_uri, known)
    for name, table in source.tables.items():
        if name in absent:
            continue
        progress = known.get(name, audit.NO_PROGRESS)
        if progress.is_settled or (table.load == "full" and progress.is_newer_published):
            continue
        load_id = f"{source.name}.{name}.{run.business_date:%Y%m%d}"
        load = Load(
            load_id=load_id,
            run_id=run.run_id,
            business_date=run.business_date,
            source=source.name,
            source_system=source.name,
            table_name=name,
            entity=table.entity,
            load_type=table.load,
            window_low=progress.published_bound if table.watermark else None,
            window_high=high,
            observed_at=high,
            uri=bronze_uri(source.name, name, load_id),
            planned_at=datetime.now(tz=UTC),
        )
        request = _table_request(source, load, connection_uri, clock)
        yield Expected(load, lambda request=request: land_table(request))  # type: ignore[misc]


def _absent_tables(source: DatabaseSource, connection_uri: str, known: Container[str]) -> set[str]:
    """Optional tables that this database never had; one that was once there has to stay."""
    optional = {name for name, table in source.tables.items() if table.optional}
    absent = optional - present_tables(connection_uri, source.name)
    return {name for name in absent if name not in known}


def _table_request(
    source: DatabaseSource, load: Load, connection_uri: str, clock: datetime
) -> TableRequest:
    table = source.tables[load.table_name]
    return TableRequest(
        uri=connection_uri,
        source=source.name,
        table=load.table_name,
        columns=wanted(table),
        window=Window(
            low=load.window_low,
            high=load.window_high or clock,
            clock=clock,
            overlap=table.overlap,
        ),
        zone=source.zone,
        load_id=load.load_id,
        target_uri=load.uri or "",
        watermark=table.watermark,
        is_checked=table.watermark is not None,
        key=tuple(table.columns[name] for name in entities()[table.entity].key),
        money=tuple(money(load).values()),
        extra_columns=table.extra_columns,
    )


def wanted(table: Mapped) -> tuple[WantedColumn, ...]:
    """Columns to read: the mapped ones, and the watermark, without which no row has a time."""
    contract = entities()[table.entity].columns
    required = {column: contract[name].required for name, column in table.columns.items()}
    if table.watermark:
        required[table.watermark] = True
    return tuple(WantedColumn(name, is_required) for name, is_required in required.items())


def _expected_files(source: FileSource, run: Run) -> Iterator[Expected]:
    for name, table in source.tables.items():
        loaded, seen = audit.known_files(source.name, name)
        deliveries = discover(
            settings().landing_bucket,
            table.files,
            table.source_systems,
            loaded=loaded,
            seen=seen,
        )
        duplicates = [item for item in deliveries if item.status == "duplicate"]
        audit.record_files(
            [_file(item, source.name, name, run, "DUPLICATE") for item in duplicates]
        )
        for item in deliveries:
            if item.status != "duplicate":
                yield _expected_file(source, name, item, run)


def _expected_file(source: FileSource, name: str, item: Discovered, run: Run) -> Expected:
    table = source.tables[name]
    content = item.sha256 or hashlib.sha256(item.file.uri.encode()).hexdigest()
    # The same bytes for two hospitals are two loads.
    owned = hashlib.sha256(f"{item.source_system}/{content}".encode()).hexdigest()
    load_id = f"{source.name}.{name}.{owned[:16]}"
    load = Load(
        load_id=load_id,
        run_id=run.run_id,
        business_date=run.business_date,
        source=source.name,
        source_system=item.source_system or source.name,
        table_name=name,
        entity=table.entity,
        load_type="file",
        observed_at=item.file.updated_at,
        uri=bronze_uri(source.name, name, load_id),
        planned_at=datetime.now(tz=UTC),
    )
    request = FileRequest(
        file=item.file,
        sha256=content,
        columns=wanted(table),
        load_id=load_id,
        target_uri=load.uri or "",
        archive_uri=settings().lake_uri("archive", source.name, content, item.file.filename),
        extracted_at=load.planned_at or datetime.now(tz=UTC),
        money=tuple(money(load).values()),
        extra_columns=table.extra_columns,
    )
    return Expected(load, lambda: _read_file(item, request), item)


def _read_file(item: Discovered, request: FileRequest) -> LandedFile:
    if item.status == "refused":
        reason = item.reason or "unexpected_name"
        raise FileRefused(
            REFUSALS[reason],
            reason=reason,
            where=item.file.uri,
            remedy="Have it sent again, or remove it from the landing bucket",
        )
    return land_file(request)


def _file_row(outcome: Outcome, run: Run) -> dict[str, object] | None:
    """The row of `audit.files` for an outcome, or None for a table's."""
    item, load = outcome.expected.delivery, outcome.load
    if item is None:
        return None
    row = _file(item, load.source, load.table_name, run, "REFUSED")
    if not isinstance(outcome.landed, LandedFile):
        return {**row, "reason": load.error}
    lines = [{"line": reject.line, "reason": reject.reason} for reject in outcome.landed.rejects]
    return {
        **row,
        "state": "LANDED",
        "load_id": load.load_id,
        "rows_read": outcome.landed.rows_read,
        "rows_rejected": len(lines),
        "rejected_lines": json.dumps(lines),
        "archived_uri": outcome.landed.archive_uri,
    }


def _file(item: Discovered, source: str, name: str, run: Run, state: str) -> dict[str, object]:
    return {
        "uri": item.file.uri,
        "generation": item.file.generation,
        "sha256": item.sha256,
        "source": source,
        "source_system": item.source_system,
        "table_name": name,
        "size_bytes": item.file.size_bytes,
        "state": state,
        "reason": None,
        "load_id": None,
        "rows_read": None,
        "rows_rejected": None,
        "rejected_lines": None,
        "archived_uri": None,
        "run_id": run.run_id,
        "seen_at": datetime.now(tz=UTC),
    }


def _record_deliveries(source: FileSource, run: Run, outcomes: Sequence[Outcome]) -> None:
    """Records what a look at the deliveries showed, also if it found no file.

    The results are this run's: once a missing file has landed, the next run finds no gap.
    """
    failed = Counter(outcome.load.table_name for outcome in outcomes if outcome.error)
    checks = [check for name in source.tables for check in _delivery_checks(source, name, failed)]
    audit.record_checks(run, "bronze", checks)


def _delivery_checks(
    source: FileSource, name: str, failed: Mapping[str, int]
) -> Iterator[dict[str, object]]:
    """Whether all files of a table landed, and which months came, so that no gap passes for whole.

    `gold.source_freshness` shows the first.
    """
    table = source.tables[name]
    check: dict[str, object] = {"entity": table.entity, "severity": "warn", "rows_checked": 1}
    yield {
        **check,
        "source_system": source.name,
        "rule": f"landed({name})",
        "rows_failed": failed.get(name, 0),
    }
    if table.period is None:
        return
    for system, uris in audit.landed_files(source.name, name).items():
        months = delivered_months(uri.rsplit("/", 1)[-1] for uri in uris)
        if missing := [month for month, came in months.items() if not came]:
            _LOG.warning("%s: no %s file of %s came for %s.",
                         source.name, name, system, ", ".join(missing))  # fmt: skip
        for month, came in months.items():
            rule = f"month_delivered({month})"
            yield {**check, "source_system": system, "rule": rule, "rows_failed": int(not came)}


def _load_bronze(outcomes: Sequence[Outcome], attempted: Set[str]) -> None:
    """Brings loads into the tables in which anyone can ask what arrived, a job per table.

    What an earlier attempt brought of the same loads goes first: it died before audit knew, and
    its rows would stand there twice.
    """
    by_table = sorted(outcomes, key=lambda outcome: _bronze_table(outcome.expected.load))
    jobs = []
    for table, group in groupby(by_table, key=lambda outcome: _bronze_table(outcome.expected.load)):
        landed = [outcome.landed for outcome in group if outcome.landed]
        if again := attempted & {item.load_id for item in landed}:
            bigquery.delete_rows(table, "_load_id", sorted(again))
        content = "".join(item.sha256 for item in landed) + datetime.now(tz=UTC).isoformat()
        token = hashlib.sha256(content.encode()).hexdigest()[:24]
        jobs.append(
            bigquery.ParquetLoad(
                uris=[item.uri for item in landed],
                table=table,
                job_id=f"bronze-{re.sub('[^A-Za-z0-9_]', '-', table)}-{token}",
                append=True,
                cluster_by=["_load_id"],
            )
        )
    bigquery.load_parquet(jobs)


def _bronze_table(load: Load) -> str:
    return settings().table("bronze", f"{load.source}__{load.table_name}")


def bronze_uri(source: str, table: str, load_id: str) -> str:
    """The object of a load."""
    return settings().lake_uri("bronze", source, table, f"load_id={load_id}", "part-0.parquet")
