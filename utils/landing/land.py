"""Lands a source for a business date: plans its loads, brings them to bronze, records how it went.

A load that landed is never read again: its rows are immutable in bronze. A load that failed is
planned anew with a window that begins where published loads end. What arrived and what failed is
recorded before the error is raised.
"""

from __future__ import annotations

import hashlib
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import groupby
from typing import TYPE_CHECKING

from utils.audit.loads import (
    NO_PROGRESS,
    Load,
    planned_before,
    record_loads,
    record_outcomes,
    table_progress,
)
from utils.audit.runs import Run
from utils.contracts.entities import entities
from utils.contracts.sources import DatabaseSource, FileSource
from utils.errors import PipelineError, SourceError, StorageUnavailable
from utils.gcp import bigquery
from utils.landing import deliveries
from utils.landing.mysql import TableRequest, land_table, present_tables, source_clock
from utils.landing.mysql_query import Window
from utils.landing.outcomes import Expected, Outcome, bronze_uri, money, wanted
from utils.settings import settings

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Sequence, Set

    from utils.contracts.sources import Source

# A stream holds some batches of rows in memory, and the source a connection.
READS_AT_ONCE = 3


def land(source: Source, run: Run, connection_uri: str | None) -> int:
    """Lands everything that a source has for a business date and returns the number of loads.

    Raises:
        PipelineError: the source or a file is not what its contract says. The loads that did
            arrive are recorded and kept; audit shows the ones that failed.
    """
    if isinstance(source, FileSource):
        expected = list(deliveries.expected_files(source, run))
    elif connection_uri is None:
        raise SourceError("A database source needs a connection", where=source.name)
    else:
        expected = list(_expected_tables(source, run, connection_uri))
    outcomes = _bring(expected)
    if isinstance(source, FileSource):
        deliveries.record(source, run, outcomes)
    _raise_errors(source, outcomes)
    return len(outcomes)


def land_expected(source: Source, run: Run, expected: Sequence[Expected]) -> int:
    """Brings planned loads to bronze; returns their number and raises like `land`."""
    outcomes = _bring(expected)
    _raise_errors(source, outcomes)
    return len(outcomes)


def _bring(expected: Sequence[Expected]) -> list[Outcome]:
    attempted = planned_before([item.load.load_id for item in expected])
    record_loads([item.load for item in expected])
    outcomes = read_all(expected)
    arrived = [outcome for outcome in outcomes if outcome.landed]
    # Deletions are no rows that a source sent.
    _load_bronze([item for item in arrived if item.load.load_type != "reconcile"], attempted)
    record_outcomes([outcome.load for outcome in outcomes])
    return outcomes


def read_all(expected: Sequence[Expected]) -> list[Outcome]:
    """Reads loads side by side; `_raise_errors` raises what went wrong, once audit knows.

    When the lake is out of reach, the loads that follow are not tried: each would wait in vain.
    """
    outages: list[StorageUnavailable] = []

    def attempt(item: Expected) -> Outcome:
        if outages:
            return Outcome(item, None, outages[0])
        try:
            return Outcome(item, item.read(), None)
        except StorageUnavailable as error:
            outages.append(error)
            return Outcome(item, None, error)
        except Exception as error:
            return Outcome(item, None, error)

    with ThreadPoolExecutor(READS_AT_ONCE) as pool:
        return list(pool.map(attempt, expected))


def _raise_errors(source: Source, outcomes: Sequence[Outcome]) -> None:
    errors = [outcome.error for outcome in outcomes if outcome.error]
    for error in errors:
        if not isinstance(error, PipelineError) or len(errors) == 1:
            raise error
    if errors:
        messages = " ".join(dict.fromkeys(map(str, errors)))
        raise SourceError(
            f"{len(errors)} of {len(outcomes)} loads failed: {messages}",
            where=f"source {source.name}",
        )


def _expected_tables(source: DatabaseSource, run: Run, connection_uri: str) -> Iterator[Expected]:
    """The loads that are not in bronze yet.

    A snapshot is left out when a newer one is published: it would stamp today's rows with an
    earlier day.
    """
    clock = source_clock(connection_uri, source.name)
    high = min(source.end_of_day(run.business_date), clock)
    known = table_progress(source.name, run.business_date, high)
    absent = _absent_tables(source, connection_uri, known)
    for name, table in source.tables.items():
        if name in absent:
            continue
        progress = known.get(name, NO_PROGRESS)
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
        request = table_request(source, load, connection_uri, clock)
        yield Expected(load, lambda request=request: land_table(request))  # type: ignore[misc]


def _absent_tables(source: DatabaseSource, connection_uri: str, known: Container[str]) -> set[str]:
    """Optional tables that this database never had; one that was once there has to stay."""
    optional = {name for name, table in source.tables.items() if table.optional}
    absent = optional - present_tables(connection_uri, source.name)
    return {name for name in absent if name not in known}


def table_request(
    source: DatabaseSource, load: Load, connection_uri: str, clock: datetime
) -> TableRequest:
    """What a planned load asks of its table."""
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
