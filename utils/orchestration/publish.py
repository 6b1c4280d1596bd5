"""The tasks that every DAG shares: open a run, publish what landed, close the run."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk import PokeReturnValue, chain, get_current_context, task, task_group
from airflow.sdk.exceptions import AirflowSkipException

from utils.contracts.sources import hospital_sources, sources
from utils.gold.isolation import unbuilt_hospitals
from utils.gold.script import refresh_script
from utils.orchestration import runs
from utils.orchestration.bigquery_script import BigQueryScriptOperator
from utils.orchestration.spark_batch import build_batch
from utils.orchestration.task_names import (
    BUILD_SILVER,
    CLOSE_RUN,
    OPEN_RUN,
    PLAN_SILVER,
    PUBLISH_SILVER,
    REFRESH_GOLD,
    STAGE_SILVER,
)
from utils.orchestration.warehouse import create_views
from utils.settings import settings
from utils.silver.batch import Batch, plan_batch, plan_rebuild
from utils.silver.publication import publish_sql
from utils.silver.staging import stage_batch

if TYPE_CHECKING:
    from airflow.sdk import Context

    from utils.orchestration.bigquery_script import Script


@task.sensor(
    task_id=OPEN_RUN,
    mode="reschedule",
    poke_interval=30,
    timeout=timedelta(hours=6).total_seconds(),
)
def open_run() -> PokeReturnValue:
    """Waits for the lease, records the run, checks the configuration and names the sources."""
    is_open = runs.open_run(get_current_context())
    return PokeReturnValue(is_open, xcom_value=list(sources()) if is_open else None)


@task_group(prefix_group_id=False)
def publish_batch(*, is_rebuild: bool = False) -> Any:
    """Merges every load that waits in bronze into silver, and builds gold from it.

    Goes on if one of the tasks before it succeeded, so that a source that is down does not stop
    the others; `close_run`, which follows all of them, then fails the run. Silver stays as it is
    when no load waits; gold is built either way. A rebuild merges all loads that were ever
    published, and replaces silver.
    """
    plan: Any = plan_silver(is_rebuild=is_rebuild)
    built: Any = build_batch(BUILD_SILVER, plan_task_id=PLAN_SILVER)
    chain(
        plan,
        built,
        stage_silver(plan, built.output),
        BigQueryScriptOperator(task_id=PUBLISH_SILVER, write_script=publication_script),
        BigQueryScriptOperator(
            task_id=REFRESH_GOLD, write_script=gold_script, trigger_rule="none_failed"
        ),
    )


def publication_script(context: Context) -> Script:
    """The script that publishes the batch which `plan_silver` planned, with its parameters."""
    plan, output_uri = context["ti"].xcom_pull([PLAN_SILVER, BUILD_SILVER])
    batch = Batch.model_validate(plan).built(output_uri)
    return publish_sql(batch.batch_id, batch.entities, is_rebuild=batch.is_rebuild), {
        "business_date": runs.current(context).business_date,
        "batch_id": batch.batch_id,
        "batch_uri": batch.output_uri,
    }


def gold_script(context: Context) -> Script:
    """The script that builds, checks and publishes gold, with its parameters.

    A further try finds out first whether the rows of single hospitals ended the one before.
    """
    day, hospitals = runs.gold_date(context["dag_run"]), list(hospital_sources())
    is_retry = context["ti"].try_number > 1
    unbuilt = unbuilt_hospitals(settings(), hospitals, day) if is_retry else {}
    reasons = [{"source_system": name, "reason": reason} for name, reason in unbuilt.items()]
    return refresh_script(settings(), unbuilt=unbuilt), {
        "business_date": day,
        "unbuilt": json.dumps(reasons),
    }


@task(task_id=PLAN_SILVER, trigger_rule="all_done_min_one_success")
def plan_silver(*, is_rebuild: bool) -> dict[str, Any]:
    """Writes the specification of the batch that merges what landed; skips when nothing did."""
    run = runs.current(get_current_context())
    batch = plan_rebuild(run) if is_rebuild else plan_batch(run)
    if not batch.load_ids:
        raise AirflowSkipException("Nothing new landed: silver stays as it is.")
    return batch.model_dump(mode="json")


@task(task_id=STAGE_SILVER)
def stage_silver(plan: dict[str, Any], output_uri: str) -> None:
    """Brings the finished batch into its staging tables."""
    batch = Batch.model_validate(plan).built(output_uri)
    stage_batch(batch, runs.current(get_current_context()))
    create_views(settings())


@task(task_id=CLOSE_RUN, trigger_rule="none_failed")
def close_run() -> None:
    """Records that the run did all its work."""
    runs.close_run(get_current_context())
