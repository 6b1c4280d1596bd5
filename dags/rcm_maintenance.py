"""Removes unreferenced objects from the lake.

**What it does.** Lists, and without `dry_run` removes, what is older than `min_age_days`: rows in
bronze of loads that audit does not know, batches of silver that were never published or that a
rebuild of that age replaced, previews of quarantine replays, and the keys of old comparisons. The
log of `sweep` says how much of each. Delivered files and the rows of every load stay.

**When to run it.** After every rebuild, and a few times a year; look at the dry run first.

**When it fails.** What was removed is gone, the rest is still there: clear the failed task.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from airflow.sdk import Param, chain, dag, get_current_context, task

from utils.maintenance import sweep as lake
from utils.orchestration.options import DAG_OPTIONS
from utils.orchestration.publish import close_run, open_run

PARAMS = {
    "dry_run": Param(True, type="boolean", description="Only show what would be removed."),
    "min_age_days": Param(30, type="integer", minimum=7, description="Younger objects stay."),
}


@task
def sweep() -> None:
    """Removes or lists old objects that nothing refers to."""
    params = get_current_context()["params"]
    before = datetime.now(tz=UTC) - timedelta(days=params["min_age_days"])
    for line in lake.sweep(before, is_dry_run=params["dry_run"]):
        print(line)


@dag(schedule=None, params=PARAMS, doc_md=__doc__, tags=["rcm", "maintenance"], **DAG_OPTIONS)
def rcm_maintenance() -> None:
    chain(open_run(), sweep(), close_run())


rcm_maintenance()
