"""Brings what landed into the BigQuery tables of bronze, in which anyone can ask what arrived."""

from __future__ import annotations

import hashlib
import json
import re
from contextlib import suppress
from datetime import UTC, datetime
from itertools import groupby
from typing import TYPE_CHECKING

from google.api_core.exceptions import NotFound

from utils.errors import SourceError
from utils.gcp import bigquery
from utils.landing.outcomes import Outcome
from utils.settings import settings

if TYPE_CHECKING:
    from collections.abc import Sequence, Set

    from utils.landing.bronze import Landed


def load_bronze(outcomes: Sequence[Outcome], attempted: Set[str]) -> list[Outcome]:
    """Brings loads into their tables; one that BigQuery does not take has failed.

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
        remedy="Rename that table, so that the next load creates it again",
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
