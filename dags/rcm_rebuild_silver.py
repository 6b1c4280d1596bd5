"""Rebuilds silver from bronze, and gold from silver.

**What it does.** One Spark batch judges every load that was ever published by today's rules and
replays all observations. What it builds replaces silver in one transaction; gold follows. While no
rule has changed, nothing that is published changes: a difference is a fault. The same
transaction releases held rows that pass today's rules.

**When to run it.** After a change of a rule or of the common data model that earlier rows need
too, after any doubt about silver, and every few months: later batches begin from the rebuilt log
of observations instead of the log of every day.

**When it fails.** Silver and gold stay as they were. Mend what `audit.pipeline_runs` names and
clear the failed task. What has landed meanwhile waits for the next daily run.
"""

from __future__ import annotations

from airflow.sdk import chain, dag

from utils.orchestration.options import DAG_OPTIONS
from utils.orchestration.publish import close_run, open_run, publish_batch


@dag(schedule=None, doc_md=__doc__, tags=["rcm", "maintenance"], **DAG_OPTIONS)
def rcm_rebuild_silver() -> None:
    chain(open_run(), publish_batch(is_rebuild=True), close_run())


rcm_rebuild_silver()
