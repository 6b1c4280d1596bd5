"""The task that runs a Spark batch, on Dataproc Serverless or on the task's own machine."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from airflow.providers.google.cloud.operators.dataproc import DataprocCreateBatchOperator
from airflow.sdk import BaseOperator
from google.api_core.exceptions import NotFound
from google.cloud.dataproc_v1 import Batch

from utils.errors import PipelineError
from utils.paths import SPARK_MAIN, code_version
from utils.settings import settings

if TYPE_CHECKING:
    from airflow.sdk import Context

    from utils.settings import DataprocSettings

# Where it is missing (it comes with Linux), a killed task's batch runs on to its end.
_SETPRIV = shutil.which("setpriv")
_DIES_WITH_PARENT = [_SETPRIV, "--pdeathsig", "KILL"] if _SETPRIV else []


def build_batch(task_id: str, plan_task_id: str) -> BaseOperator:
    """A task that builds the silver batch that another task planned.

    Its result is the address of what it built. Every try writes to a folder of its own: the try
    before it may go on unseen, and would write into the same folder.
    """
    plan = f"ti.xcom_pull('{plan_task_id}')"
    return spark_batch(
        task_id,
        spec_uri=f"{{{{ {plan}['spec_uri'] }}}}",
        output_uri=f"{{{{ {plan}['output_uri'] }}}}/{{{{ ti.try_number }}}}",
        batch_id=f"silver-{{{{ {plan}['batch_id'] }}}}-{{{{ ti.try_number }}}}",
    )


def spark_batch(task_id: str, spec_uri: str, output_uri: str, batch_id: str) -> BaseOperator:
    """A task that runs `spark_jobs/main.py` with templated arguments and waits for its end.

    Args:
        task_id: the task's name.
        spec_uri: address of the batch's specification. No argument is a secret or a row's value:
            Dataproc shows them.
        output_uri: address of the folder to write, which is the task's result.
        batch_id: ends with the number of the try, because a failed batch uses up its id.
    """
    environment = settings()
    if environment.dataproc is None:
        return SparkProcessOperator(task_id=task_id, spec_uri=spec_uri, output_uri=output_uri)
    return DataprocBatchOperator(
        task_id=task_id,
        project_id=environment.project,
        region=environment.dataproc.region,
        batch=_batch(environment.dataproc, _arguments(spec_uri, output_uri)),
        batch_id=batch_id,
        output_uri=output_uri,
        deferrable=True,
    )


def _arguments(spec_uri: str, output_uri: str) -> list[str]:
    return ["--spec", spec_uri, "--output", output_uri]


def _batch(dataproc: DataprocSettings, args: list[str]) -> dict[str, Any]:
    code = f"{dataproc.artefacts}/{code_version()}"
    execution = {
        "service_account": dataproc.service_account,
        "subnetwork_uri": dataproc.subnetwork,
        # Without it, Dataproc 3.0 runs the batch with the rights of who asked for it.
        "authentication_config": {"user_workload_authentication_type": "SERVICE_ACCOUNT"},
        # A batch that nobody waits for ends by itself.
        "ttl": {"seconds": int(dataproc.time_to_live.total_seconds())},
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


class DataprocBatchOperator(DataprocCreateBatchOperator):
    """Runs a Spark batch on Dataproc Serverless, after it ended those of earlier tries.

    A task that died while it waited leaves its batch running; the provider cancels it only if the
    task is alive to do so.
    """

    template_fields = (*DataprocCreateBatchOperator.template_fields, "output_uri")

    def __init__(self, *, output_uri: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.output_uri = output_uri

    def execute(self, context: Context) -> str:
        """Returns the address of what was built; raises PipelineError when the batch fails."""
        name, _, number = (self.batch_id or "").rpartition("-")
        for earlier in range(1, int(number)):
            self._end(f"{name}-{earlier}")
        super().execute(context)
        return self.output_uri

    def execute_complete(self, context: Context, event: dict[str, Any] | None = None) -> Any:
        """Returns the address of what was built; raises PipelineError when the batch failed."""
        super().execute_complete(context, event)
        return self.output_uri

    def handle_batch_status(
        self, context: Context, state: str, batch_id: str, state_message: str | None = None
    ) -> None:
        """Raises PipelineError unless the batch succeeded; the provider's quotes the driver."""
        if state != "SUCCEEDED":
            raise PipelineError(
                f"The Spark batch ended as {state}",
                where=f"Dataproc batch {batch_id} in {self.region}",
                remedy="Read its driver's log",
            )
        super().handle_batch_status(context, state, batch_id, state_message)

    def _end(self, batch_id: str) -> None:
        """Cancels a batch that still waits or runs."""
        try:
            batch = self.hook.get_batch(
                batch_id=batch_id, region=self.region, project_id=self.project_id
            )
        except NotFound:
            return
        if batch.state in (Batch.State.PENDING, Batch.State.RUNNING):
            self.log.info("Cancels batch %s of an earlier try", batch_id)
            self.hook.get_operations_client(self.region).cancel_operation(batch.operation)


class SparkProcessOperator(BaseOperator):
    """Runs a Spark batch as a process on the task's machine.

    The Spark client's own variables choose the engine: `SPARK_REMOTE` names a Spark Connect
    server, without it the batch starts a JVM. The process dies with the task, also when the task
    is killed and cannot say so: a batch that goes on would write beside the next attempt's.
    """

    template_fields = ("spec_uri", "output_uri")

    def __init__(self, *, spec_uri: str, output_uri: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.spec_uri, self.output_uri = spec_uri, output_uri
        self._process: subprocess.Popen[str] | None = None

    def execute(self, context: Context) -> str:
        """Returns the address of what was built; raises PipelineError when the batch fails."""
        arguments = _arguments(self.spec_uri, self.output_uri)
        command = [*_DIES_WITH_PARENT, sys.executable, str(SPARK_MAIN), *arguments]
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
        return self.output_uri

    def on_kill(self) -> None:
        """Ends the batch with the task."""
        if self._process and self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
