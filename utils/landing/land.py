"""Lands a source for a business date: plans its loads, brings them to bronze, records how it went.

A load that landed is never read again: its rows are immutable in bronze. A load that failed is
planned again with a window that begins where published loads end. What arrived and what failed is
recorded before the error is raised.
"""

from __future__ import annotations

import hashlib
import json
import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from itertools import groupby
from typing import TYPE_CHECKING

from google.api_core.exceptions import NotFound

from utils.audit.checks import record_checks
from utils.audit.loads import planned_before, record_loads, record_outcomes
from utils.contracts.source_file import FileSource
from utils.errors import PipelineError, SourceError, StorageUnavailable
from utils.gcp import bigquery
from utils.landing import deliveries
from utils.landing.outcomes import Outcome
from utils.landing.plan import planned_loads
from utils.landing.void_flags import void_flags
from utils.settings import settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence, Set

    from utils.audit.runs import Run
    from utils.contracts.source_file import Source
    from utils.landing.bronze import Landed
    from utils.landing.outcomes import Expected

# A stream holds some batches of rows in memory, and the source a connection.
READS_AT_ONCE = 3


def land(source: Source, run: Run, connection_uri: str | None) -> int:
    """Lands everything that a source has for a business date and returns the number of loads.

    Raises:
        PipelineError: the source or a file is not what its contract says. The loads that did
            arrive are recorded and kept; audit shows the ones that failed.
    """
    outcomes = _bring(planned_loads(source, run, connection_uri))
    record_checks(run, "bronze", list(_undeclared_flags(outcomes)))
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
    outcomes = _load_bronze(read_all(expected), attempted)
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


def _undeclared_flags(outcomes: Sequence[Outcome]) -> Iterator[dict[str, object]]:
    """A warning for every column that may say that rows are deleted and that nobody declared."""
    found = {
        (outcome.load.entity, outcome.load.source_system, column)
        for outcome in outcomes
        if outcome.landed
        for column in void_flags(outcome.landed.extra_columns)
    }
    for entity, system, column in sorted(found):
        yield {
            "entity": entity,
            "source_system": system,
            "rule": f"deletion_undeclared({column})",
            "severity": "warn",
            "rows_checked": 1,
            "rows_failed": 1,
        }


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


def _load_bronze(outcomes: Sequence[Outcome], attempted: Set[str]) -> list[Outcome]:
    """Brings loads into the tables in which anyone can ask what arrived.

    A job takes the loads of a table that have the same columns, which it is told: BigQuery would
    take them from the last file. The loads of a job that is refused have failed, and no others.
    What an earlier attempt brought of the same loads goes first: it died before audit knew, and
    its rows would stand there twice.
    """
    failed: dict[str, Exception] = {}
    jobs, load_ids = [], []
    # Deletions are no rows that a source sent.
    arrived = [item for item in outcomes if item.landed and item.load.load_type != "reconcile"]
    for (table, fields), group in groupby(sorted(arrived, key=_job), key=_job):
        landed = [outcome.landed for outcome in group if outcome.landed]
        job = _bronze_job(table, fields, landed)
        if refusal := _retyped(job):
            failed.update({item.load_id: refusal for item in landed})
            continue
        if again := attempted & {item.load_id for item in landed}:
            _delete_rows(table, again)
        jobs.append(job)
        load_ids.append([item.load_id for item in landed])
    for job, ids, error in zip(jobs, load_ids, bigquery.load_each(jobs), strict=True):
        if error:
            failed.update(dict.fromkeys(ids, _not_taken(job, error)))
    return [
        Outcome(item.expected, None, failed[load_id])
        if (load_id := item.expected.load.load_id) in failed
        else item
        for item in outcomes
    ]


def _job(outcome: Outcome) -> tuple[str, tuple[tuple[str, str], ...]]:
    load = outcome.expected.load
    table = settings().table("bronze", f"{load.source}__{load.table_name}")
    return table, outcome.landed.fields if outcome.landed else ()


def _bronze_job(
    table: str, fields: Sequence[tuple[str, str]], landed: Sequence[Landed]
) -> bigquery.ParquetLoad:
    content = "".join(item.sha256 for item in landed) + datetime.now(tz=UTC).isoformat()
    token = hashlib.sha256(content.encode()).hexdigest()[:24]
    return bigquery.ParquetLoad(
        uris=[item.uri for item in landed],
        table=table,
        job_id=f"bronze-{re.sub('[^A-Za-z0-9_]', '-', table)}-{token}",
        append=True,
        schema=fields,
        cluster_by=["_load_id"],
    )


def _retyped(job: bigquery.ParquetLoad) -> SourceError | None:
    """Why bronze cannot take the rows; an earlier version kept the source's own types."""
    changes = bigquery.retyped_columns(job)
    if not changes:
        return None
    columns = ", ".join(f"{name} is {old} there and {new} now" for name, old, new in changes)
    return SourceError(
        f"Bronze has columns of another type: {columns}",
        where=f"table {job.table}",
        remedy="Rename that table, so that the next load creates it anew",
    )


def _not_taken(job: bigquery.ParquetLoad, error: Exception) -> SourceError:
    refusal = SourceError(
        f"BigQuery did not take the rows ({type(error).__name__})",
        where=f"table {job.table}, job {job.job_id}",
        remedy="Read the job's error in BigQuery, then run the task again",
    )
    refusal.__cause__ = error
    return refusal


def _delete_rows(table: str, load_ids: Set[str]) -> None:
    """Deletes the rows of loads from a bronze table, if there is one."""
    with suppress(NotFound):
        bigquery.query_file(
            "bronze/delete_loads.sql",
            "`{}`".format,
            {"load_ids": json.dumps(sorted(load_ids))},
            table=table,
        )
