"""The record of jobs.

- Every job is written to disk three times, and each statement of a script is a job of its own. Here
  queries live in memory, the last ones of many. Loads are written down, when they are asked for and
  at their end: a load that appends must not run twice, also if the emulator dies meanwhile.
- A query that is sent again with the same request id gets the first one's answer, as in BigQuery.
"""

from __future__ import annotations

import sys
from collections import deque
from typing import TYPE_CHECKING, Any

from local_bigquery.catalog import tables
from local_bigquery.engine import database
from local_bigquery.jobs import runner, store

from local.bigquery import answers

if TYPE_CHECKING:
    from local_bigquery.models import Job, JobConfiguration

_KEPT_JOBS = 2_000
_KEPT_ANSWERS = 200
_jobs: dict[tuple[str, str], Job] = {}
_answers: deque[str] = deque()
_save, _load, _submit = store.save, store.load, runner.submit


def save(job: Job) -> Job:
    """Keeps a job: in memory, and a load on disk as well."""
    key = (job.jobReference.projectId, job.jobReference.jobId)
    if job.configuration.load:
        return job if job.status.state == "RUNNING" else _save(job)
    _jobs[key] = job
    while len(_jobs) > _KEPT_JOBS:
        del _jobs[next(iter(_jobs))]
    if job.status.state == "DONE" and not job.statistics.parentJobId:
        _answers.append(database.quote(*answers.physical(key[0], tables.RESULTS, key[1])))
        while len(_answers) > _KEPT_ANSWERS:
            database.execute(f"DROP TABLE IF EXISTS {_answers.popleft()}")
    return job


def load(project_id: str, job_id: str) -> Job | None:
    """A job that was kept."""
    return _jobs.get((project_id, job_id)) or _load(project_id, job_id)


def list_jobs(
    project_id: str,
    states: list[str] | None = None,
    parent_job_id: str | None = None,
    min_creation_time: int | None = None,
    max_creation_time: int | None = None,
) -> list[Job]:
    """Jobs in memory, newest first; without a parent's id those that have no parent."""
    return [
        job
        for (project, _), job in reversed(_jobs.items())
        if project == project_id
        and job.statistics.parentJobId == parent_job_id
        and (states is None or job.status.state in states)
        and (min_creation_time or 0) <= int(job.statistics.creationTime)
        and int(job.statistics.creationTime) <= (max_creation_time or sys.maxsize)
    ]


def submit(project_id: str, job_id: str, configuration: JobConfiguration, *upload: Any) -> Job:
    """Starts a job; a query that was started already is not started again."""
    known = _jobs.get((project_id, job_id))
    asked = configuration.query
    if known and asked and asked.query == known.configuration.query.query:
        return known
    return _submit(project_id, job_id, configuration, *upload)
