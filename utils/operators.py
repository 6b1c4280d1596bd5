"""What DAGs share: defaults, BigQuery scripts, who runs a Spark batch, and its publication.

The only module of `utils` that imports Airflow.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pendulum
from airflow.providers.google.cloud.operators.bigquery import BigQueryInsertJobOperator
from airflow.providers.google.cloud.operators.dataproc import DataprocCreateBatchOperator
from airflow.sdk import BaseOperator, PokeReturnValue, chain, get_current_context, task, task_group
from airflow.sdk.exceptions import AirflowSkipException

from utils import gold, runs, silver
from utils.errors import PipelineError
from utils.paths import SPARK_MAIN, code_version
from utils.settings import settings
from utils.sources import sources

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from airflow.sdk import Context

    from utils.settings import DataprocSettings


# Where it is missing (it comes with Linux), a killed task's batch runs on to its end.
_SETPRIV = shutil.which("setpriv")
_DIES_WITH_PARENT = [_SETPRIV, "--pdeathsig", "KILL"] if _SETPRIV else []
DEFAULT_ARGS = {
    "owner": "revenue-cycle-data",
    "retries": settings().retries,
    "retry_delay": settings().retry_delay,
    "execution_timeout": timedelta(hours=1),
    "on_failure_callback": runs.record_failure,
}
DAG_OPTIONS: dict[str, Any] = {
    "start_date": pendulum.datetime(2020, 1, 1, tz="UTC"),
    "catchup": False,
    "max_active_runs": 1,
    "default_args": DEFAULT_ARGS,
    "user_defined_macros": {
        "gold": gold,
        "runs": runs,
        "settings": settings,
        "silver": silver,
    },
}
_PLAN = "ti.xcom_pull('plan_silver')"


@task.sensor(mode="reschedule", poke_interval=30, timeout=timedelta(hours=6).total_seconds())
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
    published, and replaces silver. A DAG that uses the group passes DAG_OPTIONS, whose macros the
    scripts name.
    """
    plan: Any = plan_silver(is_rebuild=is_rebuild)
    chain(
        plan,
        build_batch("build_silver", "plan_silver"),
        stage_silver(plan),
        bigquery_script(
            "publish_silver",
            f"{{{{ silver.publish_sql({_PLAN}['entities'], is_rebuild={_PLAN}['is_rebuild']) }}}}",
            parameters={
                "batch_id": f"{{{{ {_PLAN}['batch_id'] }}}}",
                "batch_uri": f"{{{{ {_PLAN}['output_uri'] }}}}",
            },
        ),
        bigquery_script(
            "refresh_gold",
            "{{ gold.refresh_script(settings()) }}",
            business_date="{{ runs.gold_date(dag_run) }}",
            trigger_rule="none_failed",
        ),
    )


@task(trigger_rule="all_done_min_one_success")
def plan_silver(*, is_rebuild: bool) -> dict[str, Any]:
    """Writes the specification of the batch that merges what landed; skips when nothing did."""
    run = runs.current(get_current_context())
    batch = silver.plan_rebuild(run) if is_rebuild else silver.plan(run)
    if not batch.load_ids:
        raise AirflowSkipException("Nothing new landed: silver stays as it is.")
    return batch.model_dump(mode="json")


@task
def stage_silver(batch: dict[str, Any]) -> None:
    """Brings the finished batch into the staging tables."""
    run = runs.current(get_current_context())
    silver.stage(silver.Batch.model_validate(batch), run)


@task(trigger_rule="none_failed")
def close_run() -> None:
    """Records that the run did all its work."""
    runs.close_run(get_current_context())


def bigquery_script(
    task_id: str,
    script: str,
    parameters: Mapping[str, str] | None = None,
    business_date: str = "{{ ds }}",
    **options: Any,
) -> BigQueryInsertJobOperator:
    """A task that runs a script of GoogleSQL; its text is rendered when the task starts.

    Args:
        task_id: the task's name.
        script: a template of the script.
        parameters: templates of STRING query parameters, besides @business_date and @run_id.
        business_date: template of @business_date.
        options: further arguments of the operator.
    """
    values = {"run_id": "{{ run_id }}", **(parameters or {})}
    bound = [_bound("business_date", "DATE", business_date)]
    bound += [_bound(name, "STRING", value) for name, value in values.items()]
    return BigQueryInsertJobOperator(
        task_id=task_id,
        project_id=settings().project,
        location=settings().location,
        configuration={"query": {"query": script, "useLegacySql": False, "queryParameters": bound}},
        **options,
    )


def build_batch(task_id: str, plan_task_id: str) -> BaseOperator:
    """A task that builds the silver batch that another task planned."""
    plan = f"ti.xcom_pull('{plan_task_id}')"
    return spark_batch(
        task_id,
        args=[
            "--spec",
            f"{{{{ {plan}['spec_uri'] }}}}",
            "--output",
            f"{{{{ {plan}['output_uri'] }}}}",
        ],
        batch_id=f"silver-{{{{ {plan}['batch_id'] }}}}-{{{{ ti.try_number }}}}",
    )


def _bound(name: str, kind: str, value: str) -> dict[str, Any]:
    return {"name": name, "parameterType": {"type": kind}, "parameterValue": {"value": value}}


def spark_batch(task_id: str, args: Sequence[str], batch_id: str) -> BaseOperator:
    """A task that runs `spark_jobs/main.py` with templated arguments and waits for its end.

    Args:
        task_id: the task's name.
        args: arguments of `main.py`; no secret and no row value, as Dataproc shows them.
        batch_id: templated; must differ between tries, because a failed batch uses up its id.
    """
    environment = settings()
    if environment.dataproc is None:
        return SparkProcessOperator(task_id=task_id, args=list(args))
    return DataprocCreateBatchOperator(
        task_id=task_id,
        project_id=environment.project,
        region=environment.dataproc.region,
        batch=_batch(environment.dataproc, list(args)),
        batch_id=batch_id,
        deferrable=True,
    )


def _batch(dataproc: DataprocSettings, args: list[str]) -> dict[str, Any]:
    code = f"{dataproc.artefacts}/{code_version()}"
    execution = {
        "service_account": dataproc.service_account,
        "subnetwork_uri": dataproc.subnetwork,
    }
    return {
        "pyspark_batch": {
            "main_python_file_uri": f"{code}/main.py",
            "python_file_uris": [f"{code}/spark_jobs.zip"],
            "args": args,
        },
        "runtime_config": {
            "version": dataproc.runtime_version,
            "properties": dataproc.properties,
        },
        "environment_config": {
            "execution_config": {name: value for name, value in execution.items() if value}
        },
    }


class SparkProcessOperator(BaseOperator):
    """Runs a Spark batch as a process beside the task.

    The Spark client's own variables choose the engine: `SPARK_REMOTE` names a Spark Connect
    server, without it the batch starts a JVM. The process dies with the task, also when the task
    is killed and cannot say so: a batch that goes on would write beside the next attempt's.
    """

    template_fields = ("args",)

    def __init__(self, *, args: list[str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.args = args
        self._process: subprocess.Popen[str] | None = None

    def execute(self, context: Context) -> None:
        """Raises PipelineError when the batch fails."""
        command = [*_DIES_WITH_PARENT, sys.executable, str(SPARK_MAIN), *self.args]
        self._process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        for line in self._process.stdout or ():
            self.log.info(line.rstrip())
        if self._process.wait() != 0:
            raise PipelineError(
                "The Spark batch failed",
                where=f"task {self.task_id}, exit code {self._process.returncode}",
                remedy="Read the task's log",
            )

    def on_kill(self) -> None:
        """Ends the batch with the task."""
        if self._process and self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
