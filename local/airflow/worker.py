"""Runs business dates of a DAG as `airflow dags test` does, in one warm process.

Reads one run a line from standard input, a logical date and the run's parameters as JSON, and
after each run writes a line that begins with
`RESULT` and holds JSON. Importing Airflow and building its API takes fifteen seconds, running a
date only a few: so the one-shot run pays for it once, while the simulator still fills the
hospitals.
"""

from __future__ import annotations

import gc

gc.disable()  # Nothing that is imported is garbage: looking for it takes a fifth of the start.

import json
import os
import resource
import sys
import time
from datetime import datetime
from typing import TYPE_CHECKING, Any

import httpx
import pendulum

# A task needs these; imported here, they load while the simulator still works.
from airflow.dag_processing.dagbag import DagBag
from airflow.models import dagrun
from airflow.models.dagrun import DagRun
from airflow.sdk.execution_time import task_runner  # noqa: F401
from airflow.sdk.execution_time.supervisor import in_process_api_server
from airflow.utils.session import create_session
from airflow.utils.state import DagRunState
from airflow.utils.types import DagRunTriggeredByType
from sqlalchemy import update

from utils.orchestration.business_dates import DAILY

if TYPE_CHECKING:
    from airflow.serialization.definitions.dag import SerializedDAG


def main(dag_id: str) -> int:
    """Serves runs until standard input ends."""
    bag = DagBag(os.environ["AIRFLOW__CORE__DAGS_FOLDER"])
    for file, error in bag.import_errors.items():
        _answer(state="failed", error=f"{file}: {error.strip().splitlines()[-1]}")
        return 1
    _end_abandoned_runs()
    _name_runs()
    _build_api()
    gc.freeze()
    gc.enable()
    _answer(state="ready")
    dag = bag.dags[dag_id]
    for line in sys.stdin:
        begin = time.monotonic()
        wanted = json.loads(line)
        day = pendulum.instance(datetime.fromisoformat(wanted["logical_date"]), tz="UTC")
        run = dag.test(logical_date=day, run_after=pendulum.now("UTC"), run_conf=wanted["params"])
        _answer(
            state=str(run.state),
            run_id=run.run_id,
            seconds=round(time.monotonic() - begin, 2),
            peak_memory_mb=_peak_memory_mb(),
        )
    return 0


def _end_abandoned_runs() -> None:
    """Marks runs of an earlier process that was killed as failed: nobody goes on with them."""
    with create_session() as session:
        session.execute(
            update(DagRun)
            .where(
                DagRun.triggered_by == DagRunTriggeredByType.TEST,
                DagRun.state.in_([DagRunState.RUNNING, DagRunState.QUEUED]),
            )
            .values(state=DagRunState.FAILED, end_date=pendulum.now("UTC"))
        )


def _name_runs() -> None:
    """Makes `DAG.test` name a run by DAG and business date, and begin it now.

    It would name it by the time of day, and begin it at its logical date, so that Airflow's page
    shows months as its duration.
    """
    create = dagrun.get_or_create_dagrun

    def named(*, dag: SerializedDAG, logical_date: datetime, **options: Any) -> DagRun:
        begun = pendulum.now("UTC")
        options["run_id"] = run_name(dag.dag_id, logical_date, begun)
        options["start_date"] = begun
        return create(dag=dag, logical_date=logical_date, **options)

    dagrun.get_or_create_dagrun = named  # type: ignore[assignment]


def run_name(dag_id: str, logical_date: datetime, begun: datetime) -> str:
    """The id of a run.

    A daily date that runs again takes the place of its run that was interrupted, in Airflow and in
    audit. A comparison or a replay is about now: each is a run of its own.
    """
    name = f"{dag_id}__{logical_date.date().isoformat()}"
    return name if dag_id == DAILY else f"{name}__{begun:%Y-%m-%dT%H:%M:%S.%f}"


def _build_api() -> None:
    """Makes the API that tasks talk to answer once, as it is built at the first request."""
    with httpx.Client(transport=in_process_api_server().transport) as client:
        client.get("http://in-process.invalid./health")


def _peak_memory_mb() -> dict[str, int]:
    return {
        "airflow": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "spark client": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024,
    }


def _answer(**fields: object) -> None:
    print("RESULT " + json.dumps(fields), flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
