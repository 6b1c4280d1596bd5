"""Records of runs: when each began, how it ended, and why it failed."""

from __future__ import annotations

from datetime import date

from utils.audit.rows import bound, given, now, update_rows, upsert_rows
from utils.audit.tables import audit_table
from utils.gcp import bigquery
from utils.schema import StrictModel


class Run(StrictModel):
    """One run of a DAG for one business date."""

    run_id: str
    dag_id: str
    business_date: date


def start_run(run: Run, code_version: str) -> None:
    """Records that a run began; a repeated attempt re-opens it."""
    upsert_rows(
        "pipeline_runs",
        ["run_id"],
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
    update_rows("pipeline_runs", ["run_id"], [{"run_id": run.run_id, **_ended("SUCCEEDED")}])


def fail_run(run: Run, task_id: str, error: str) -> None:
    """Records which task of a run failed and why, also if the run never got as far as starting.

    Tasks that failed before it are named too: a source that is down does not end a run.
    """
    row = {**run.model_dump(), "started_at": now(), **_ended("FAILED", task_id, error)}
    also = ", ".join(
        f"{column} = CASE WHEN known.state != 'FAILED' THEN given.{column} "
        f"WHEN STRPOS(known.{column}, given.{column}) > 0 THEN known.{column} "
        f"ELSE CONCAT(known.{column}, '{separator}', given.{column}) END"
        for column, separator in (("failed_task", ", "), ("error", " "))
    )
    bigquery.query(
        f"MERGE {audit_table('pipeline_runs')} AS known "
        f"USING ({given('pipeline_runs', list(row))}) AS given ON known.run_id = given.run_id "
        f"WHEN MATCHED THEN UPDATE SET state = given.state, ended_at = given.ended_at, {also} "
        f"WHEN NOT MATCHED THEN INSERT ({', '.join(row)}) "
        f"VALUES ({', '.join(f'given.{column}' for column in row)})",
        bound([row]),
    )


def fail_abandoned(run_id: str, successor: Run) -> None:
    """Records that a run which another one takes over from was interrupted."""
    error = (
        f"The run was interrupted, and {successor.run_id} took over. "
        "Run its date again: it goes on where it stopped."
    )
    bigquery.query(
        f"UPDATE {audit_table('pipeline_runs')} SET state = 'FAILED', error = @error, "
        "ended_at = @ended_at WHERE run_id = @run_id AND state = 'RUNNING'",
        {"run_id": run_id, "error": error, "ended_at": now()},
    )


def _ended(state: str, task_id: str | None = None, error: str | None = None) -> dict[str, object]:
    return {"state": state, "failed_task": task_id, "error": error, "ended_at": now()}
