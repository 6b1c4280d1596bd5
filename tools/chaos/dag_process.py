"""Runs business dates like `local.dag_worker`, each in a process of its own that may be killed.

Importing Airflow takes ten seconds, so one process imports it once and forks for every date that it
reads from standard input. It prints `CHILD <pid>`, and after each run a line that begins with
`RESULT` and holds JSON.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys

import httpx
import pendulum
from airflow import settings as airflow_settings
from airflow.dag_processing.dagbag import DagBag
from airflow.sdk.execution_time.supervisor import in_process_api_server

import local.airflow.worker  # noqa: F401  (imports what a task needs)


def main(dag_id: str) -> int:
    """Serves dates until standard input ends."""
    bag = DagBag(os.environ["AIRFLOW__CORE__DAGS_FOLDER"])
    for file, error in bag.import_errors.items():
        _answer(state="failed", error=f"{file}: {error.strip().splitlines()[-1]}")
        return 1
    asyncio.run(_warm_up())
    if airflow_settings.engine:
        airflow_settings.engine.dispose()
    _answer(state="ready")
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            _run(bag.dags[dag_id], line.strip())
        print(f"CHILD {child}", flush=True)
        _, status = os.waitpid(child, 0)
        if status != 0:
            _answer(state="killed", status=status)
    return 0


async def _warm_up() -> None:
    """Lets Airflow build the server that its tasks talk to, which takes seconds, by asking once."""
    transport = httpx.ASGITransport(app=in_process_api_server().app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://in-process") as client:
        await client.get("/")


def _run(dag: object, day: str) -> None:
    """Runs a date and ends the process."""
    status = 1
    try:
        _test(dag, day)
        status = 0
    finally:
        sys.stdout.flush()
        os._exit(status)


def _test(dag: object, day: str) -> None:
    logical_date = pendulum.from_format(day, "YYYY-MM-DD", tz="UTC")
    # A fixed time gives a repeated run the id of the first one, as a cleared run keeps its id.
    run = dag.test(logical_date=logical_date, run_after=logical_date)  # type: ignore[attr-defined]
    _answer(state=str(run.state), run_id=run.run_id)


def _answer(**fields: object) -> None:
    print("RESULT " + json.dumps(fields), flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
