"""Replays rows held in quarantine by today's rules, or rejects them for good.

**What it does.** It takes the open rows of `audit.quarantine` that the parameters mean, has Spark
judge them by today's rules, and writes what becomes of them, in rows and dollars, to the log of
`show_outcome` and to `audit.quarantine_replays`. Unless `dry_run` is off, that is all.

**Without `dry_run`.** `replay` merges the rows that pass into silver at their own event times and
marks them as released in the same transaction; the others stay open under the rule that holds them
today. `reject` marks the rows as never to be loaded. Gold follows in both cases.

**When it fails.** Mend what `audit.pipeline_runs` names and clear the failed task: a run replays
a row once.
"""

from __future__ import annotations

from typing import Any

from airflow.sdk import Param, chain, dag, get_current_context, task
from airflow.sdk.exceptions import AirflowSkipException

from utils.maintenance import replays
from utils.orchestration import runs
from utils.orchestration.options import DAG_OPTIONS
from utils.orchestration.publish import close_run, open_run, publish_batch
from utils.orchestration.spark_batch import build_batch
from utils.orchestration.task_names import (
    APPLY_REQUEST,
    BUILD_PREVIEW,
    CLOSE_RUN,
    PLAN_PREVIEW,
    REFRESH_GOLD,
)
from utils.schema import IDENTIFIER
from utils.silver.batch import Batch


def name(description: str) -> Param:
    """A parameter that holds a name, or nothing."""
    return Param(None, description, type=["null", "string"], pattern=IDENTIFIER)


PARAMS = {
    "action": Param("replay", enum=["replay", "reject"], description="What becomes of the rows."),
    "dry_run": Param(True, type="boolean", description="Only show what would happen."),
    "entity": name("Only rows of this entity."),
    "source_system": name("Only rows of this hospital."),
    "rule": name("Only rows that this rule holds."),
    "load_ids": Param(
        [],
        type="array",
        items={"type": "string", "pattern": replays.LOAD_ID},
        description="Only rows of these loads.",
    ),
}


@task(task_id=PLAN_PREVIEW)
def plan_preview() -> dict[str, Any]:
    """Writes the specification of the batch that judges the rows; skips when there is none."""
    context = get_current_context()
    wanted = replays.request(context["params"])
    if wanted.action == "reject":
        raise AirflowSkipException("A rejection asks no rule.")
    batch = replays.plan(wanted, runs.current(context))
    if not batch.load_ids:
        raise AirflowSkipException("No open row fits the request.")
    return batch.model_dump(mode="json")


@task.branch(trigger_rule="none_failed")
def show_outcome(preview: dict[str, Any] | None, output_uri: str | None) -> str:
    """Records and logs what becomes of the rows; goes on only if that is wanted."""
    context = get_current_context()
    wanted = replays.request(context["params"])
    batch = Batch.model_validate(preview).built(output_uri) if preview and output_uri else None
    lines = replays.show(wanted, runs.current(context), batch)
    for line in lines or ["No open row fits the request."]:
        print(line)
    return CLOSE_RUN if wanted.dry_run or not lines else APPLY_REQUEST


@task(task_id=APPLY_REQUEST)
def apply_request() -> None:
    """Rejects the rows, or lets their replay wait for the batch that follows."""
    context = get_current_context()
    replays.apply(replays.request(context["params"]), runs.current(context))


@dag(
    schedule=None,
    params=PARAMS,
    doc_md=__doc__,
    tags=["rcm", "quarantine"],
    **DAG_OPTIONS,
)
def rcm_replay_quarantine() -> None:
    preview: Any = plan_preview()
    published: Any = publish_batch()
    built: Any = build_batch(BUILD_PREVIEW, plan_task_id=PLAN_PREVIEW)
    outcome, closed = show_outcome(preview, built.output), close_run()
    chain(open_run(), preview, built, outcome)
    chain(outcome, apply_request(), published, closed)
    chain(outcome, [published.children[REFRESH_GOLD], closed])


rcm_replay_quarantine()
