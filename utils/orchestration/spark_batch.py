"""The task that runs a Spark batch: on Dataproc Serverless, or as a process beside the task."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from airflow.providers.google.cloud.operators.dataproc import DataprocCreateBatchOperator
from airflow.sdk import BaseOperator

from utils.errors import PipelineError
from utils.paths import SPARK_MAIN, code_version
from utils.settings import settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow.sdk import Context

    from utils.settings import DataprocSettings

# Where it is missing (it comes with Linux), a killed task's batch runs on to its end.
_SETPRIV = shutil.which("setpriv")
_DIES_WITH_PARENT = [_SETPRIV, "--pdeathsig", "KILL"] if _SETPRIV else []


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
