"""The operator that runs a script of GoogleSQL which a Python function writes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator
from google.api_core.exceptions import GoogleAPICallError

from utils.errors import WarehouseError
from utils.gcp import bigquery
from utils.gcp.failures import in_words

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date

    from airflow.sdk import Context
    from google.cloud.bigquery import QueryJob

    Script = tuple[str, Mapping[str, str | date]]


class BigQueryScriptOperator(BaseOperator):
    """Runs the script that a function makes of the task's context when the task starts.

    The log names the job, in whose record the script and BigQuery's whole answer stand: the
    provider's operator writes the script there, hundreds of kilobytes, and messages that quote
    rows.

    Args:
        write_script: returns the script's text and its query parameters: a date is a DATE, a text
            a STRING. The parameters @dag_id and @run_id are there without being named.
    """

    def __init__(self, *, write_script: Callable[[Context], Script], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.write_script = write_script
        self._job: QueryJob | None = None

    def execute(self, context: Context) -> None:
        """Runs the script and waits for its end.

        Raises:
            WarehouseError: the script failed; the message has the text of its RAISE, if that ended
                it.
        """
        script, parameters = self.write_script(context)
        run = context["dag_run"]
        values = {"dag_id": run.dag_id, "run_id": run.run_id, **parameters}
        try:
            self._job = bigquery.start_script(script, values, self.task_id)
            self.log.info("BigQuery job %s in %s", self._job.job_id, self._job.location)
            self._job.result()
        except GoogleAPICallError as error:
            job = f"job {self._job.job_id}" if self._job else ""
            raise WarehouseError(in_words(error), where=job) from None

    def on_kill(self) -> None:
        """Cancels the job with the task."""
        if self._job:
            self._job.cancel(timeout=bigquery.REQUEST_TIMEOUT)
