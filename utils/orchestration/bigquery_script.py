"""The operator that runs a script of GoogleSQL which a Python function writes."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from airflow.providers.google.cloud.operators.bigquery import BigQueryInsertJobOperator

from utils.settings import settings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from airflow.sdk import Context

    Script = tuple[str, Mapping[str, str | date]]


class BigQueryScriptOperator(BigQueryInsertJobOperator):
    """Runs the script that a function makes of the task's context when the task starts.

    Args:
        write_script: returns the script's text and its query parameters: a date is a DATE, a text
            a STRING. The parameter @run_id is there without being named.
    """

    template_fields = ()

    def __init__(self, *, write_script: Callable[[Context], Script], **kwargs: Any) -> None:
        super().__init__(
            project_id=settings().project,
            location=settings().location,
            configuration={},
            **kwargs,
        )
        self.write_script = write_script

    def execute(self, context: Context) -> Any:
        """Runs the script and waits for its end; raises what BigQuery says of a failure."""
        script, parameters = self.write_script(context)
        values = {"run_id": context["run_id"], **parameters}
        self.configuration = {
            "query": {
                "query": script,
                "useLegacySql": False,
                "queryParameters": [_bound(name, value) for name, value in values.items()],
            }
        }
        return super().execute(context)


def _bound(name: str, value: str | date) -> dict[str, Any]:
    kind = "DATE" if isinstance(value, date) else "STRING"
    return {
        "name": name,
        "parameterType": {"type": kind},
        "parameterValue": {"value": str(value)},
    }
