"""Lands, conforms and publishes one business date.

**What it does.** Every source is landed in bronze (a task per source), one Spark batch merges all
that landed into silver, and BigQuery builds gold from it. Silver and gold are each published in
one transaction, so readers see a whole date or the one before it.

**When it fails.** Audit says which task failed and why: `SELECT * FROM audit.pipeline_runs`, and
for a load `audit.table_loads`. Mend the cause and clear the failed task: nothing that landed is
read again, and nothing that was published is published twice.

**Backfill.** Create it from the Airflow page or with `airflow backfill create`; one run is one
business date, in any order, as often as you like.
"""

from __future__ import annotations

from typing import Any

import pendulum
from airflow.sdk import Connection, chain, dag, get_current_context, task
from airflow.sdk.exceptions import AirflowSkipException

from utils import audit, gold, loads, runs, silver
from utils.operators import DEFAULT_ARGS, bigquery_script, spark_batch
from utils.settings import settings
from utils.sources import sources

PLAN = "ti.xcom_pull('plan_silver')"


@task
def open_run() -> list[str]:
    """Records the run, checks the configuration and names the sources to land."""
    runs.open_run(get_current_context())
    return list(sources())


@task(map_index_template="{{ task.op_kwargs['source_name'] }}")
def land(source_name: str) -> int:
    """Brings what a source has for the business date to bronze; returns how many loads landed."""
    source = sources()[source_name]
    uri = Connection.get(source.connection).get_uri() if source.kind == "mysql" else None
    return loads.land(source, runs.current(get_current_context()), uri)


@task
def plan_silver() -> dict[str, Any]:
    """Writes the specification of the batch that merges what landed; skips when nothing did."""
    context = get_current_context()
    batch = silver.plan(runs.current(context), runs.token(context))
    if not batch.load_ids:
        raise AirflowSkipException("Nothing new landed: silver stays as it is.")
    return batch.model_dump(mode="json")


@task
def stage_silver(batch: dict[str, Any]) -> None:
    """Brings the finished batch into the staging tables."""
    silver.stage(silver.Batch.model_validate(batch))


@task(trigger_rule="none_failed")
def close_run() -> None:
    """Records that the run did all its work."""
    audit.succeed_run(runs.current(get_current_context()))


@dag(
    schedule="0 6 * * *",
    start_date=pendulum.datetime(2020, 1, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULT_ARGS,
    doc_md=__doc__,
    tags=["rcm", "daily"],
    user_defined_macros={"gold": gold, "silver": silver, "settings": settings},
)
def rcm_daily() -> None:
    plan = plan_silver()
    build_silver = spark_batch(
        "build_silver",
        args=[
            "--spec", f"{{{{ {PLAN}['spec_uri'] }}}}",
            "--output", f"{{{{ {PLAN}['output_uri'] }}}}",
        ],
        batch_id=f"silver-{{{{ {PLAN}['batch_id'] }}}}-{{{{ ti.try_number }}}}",
    )  # fmt: skip
    publish_silver = bigquery_script(
        "publish_silver",
        f"{{{{ silver.publish_sql({PLAN}['entities']) }}}}",
        parameters={
            "batch_id": f"{{{{ {PLAN}['batch_id'] }}}}",
            "batch_uri": f"{{{{ {PLAN}['output_uri'] }}}}",
        },
    )
    refresh_gold = bigquery_script(
        "refresh_gold", "{{ gold.refresh_script(settings()) }}", trigger_rule="none_failed"
    )
    chain(
        land.expand(source_name=open_run()),
        plan,
        build_silver,
        stage_silver(plan),
        publish_silver,
        refresh_gold,
        close_run(),
    )


rcm_daily()
