"""Records of runs: when each began, how it ended, and why it failed."""

from __future__ import annotations

from datetime import date  # noqa: TC003 (pydantic resolves it at run time)

from utils.audit.rows import bound, now, typed, update_rows, upsert_rows
from utils.audit.tables import audit_table
from utils.gcp import bigquery
from utils.schema import StrictModel


class RunIdentity(StrictModel):
    """What names a run: runs of two DAGs may have one id."""

    dag_id: str
    run_id: str

    def is_run(self, run: Run) -> bool:
        """Whether this names the run."""
        return self.model_dump() == run.identity


class Run(StrictModel):
    """One run of a DAG for one business date; runs of two DAGs may have one id."""

    run_id: str
    dag_id: str
    business_date: date

    @property
    def identity(self) -> dict[str, str]:
        """What names the run, as query parameters."""
        return {"dag_id": self.dag_id, "run_id": self.run_id}


def start_run(run: Run, code_version: str) -> None:
    """Records that a run began; a repeated attempt re-opens it."""
    upsert_rows(
        "pipeline_runs",
        list(run.identity),
        [
            {
                **run.model_dump(),
                "state": "RUNNING",
                "code_version": code_version,
                "started_at": now(),
                "ended_at": None,
                "failed_task": None,
                "error": None,
            }
        ],
    )


def succeed_run(run: Run) -> None:
    """Records that a run, which was started, did all its work."""
    update_rows("pipeline_runs", list(run.identity), [{**run.identity, **_ended("SUCCEEDED")}])


def fail_run(run: Run, task_id: str, error: str) -> None:
    """Records which task of a run failed and why, also if the run never got as far as starting.

    Tasks that failed before it are named too: a source that is down does not end a run.
    """
    row = {**run.model_dump(), "started_at": now(), **_ended("FAILED", task_id, error)}
    bigquery.query_file(
        "audit/fail_run.sql", audit_table, bound([row]), written=typed("pipeline_runs", row)
    )


def fail_abandoned(abandoned: RunIdentity, successor: Run) -> None:
    """Records that a run which another one takes over from was interrupted."""
    error = (
        f"The run was interrupted, and {successor.run_id} took over. "
        "Run its date again: it goes on where it stopped."
    )
    bigquery.query_file(
        "audit/abandon_run.sql",
        audit_table,
        {**abandoned.model_dump(), "error": error, "ended_at": now()},
    )


def _ended(state: str, task_id: str | None = None, error: str | None = None) -> dict[str, object]:
    return {"state": state, "failed_task": task_id, "error": error, "ended_at": now()}
