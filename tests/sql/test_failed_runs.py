"""What audit says about a run of which several tasks fail."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.given_tables import BUSINESS_DATE
from utils.audit.runs import Run, fail_run, start_run, succeed_run

if TYPE_CHECKING:
    from tests.given_tables import Row
    from tests.warehouse_support import Warehouse


def recorded(warehouse: Warehouse, run: Run) -> Row:
    [row] = warehouse.rows(
        "audit", "pipeline_runs", "state, failed_task, error", f"run_id = '{run.run_id}'"
    )
    return row


def test_every_task_that_failed_is_named_once_until_the_run_succeeds(warehouse: Warehouse) -> None:
    """H12: a source that is down does not end the run, so more can fail after it."""
    run = Run(run_id="several", dag_id="rcm_daily", business_date=BUSINESS_DATE)
    start_run(run, "v1")
    fail_run(run, "land", "A is down.")
    fail_run(run, "land", "B is down.")
    fail_run(run, "land", "B is down.")
    fail_run(run, "refresh_gold", "A check failed.")

    assert recorded(warehouse, run) == {
        "state": "FAILED",
        "failed_task": "land, refresh_gold",
        "error": "A is down. B is down. A check failed.",
    }

    succeed_run(run)
    assert recorded(warehouse, run) == {"state": "SUCCEEDED", "failed_task": None, "error": None}

    start_run(run, "v2")
    fail_run(run, "land", "A is down.")
    assert recorded(warehouse, run)["error"] == "A is down."


def test_runs_of_two_dags_with_one_id_are_recorded_apart(warehouse: Warehouse) -> None:
    """C1: what becomes of one says nothing of the other."""
    daily = Run(run_id="shared", dag_id="rcm_daily", business_date=BUSINESS_DATE)
    weekly = daily.model_copy(update={"dag_id": "rcm_reconcile_keys"})
    start_run(daily, "v1")
    start_run(weekly, "v1")
    fail_run(weekly, "compare_keys", "A is down.")
    succeed_run(daily)

    rows = warehouse.rows("audit", "pipeline_runs", "dag_id, state", "run_id = 'shared'")
    assert {row["dag_id"]: row["state"] for row in rows} == {
        "rcm_daily": "SUCCEEDED",
        "rcm_reconcile_keys": "FAILED",
    }


def test_a_run_that_did_not_get_as_far_as_starting_is_recorded(warehouse: Warehouse) -> None:
    run = Run(run_id="stillborn", dag_id="rcm_daily", business_date=BUSINESS_DATE)

    fail_run(run, "open_run", "A file is wrong.")

    assert recorded(warehouse, run)["failed_task"] == "open_run"
