"""A backfill under Airflow's own scheduler, with a worker and a service killed in the middle.

`RCM_BACKFILL_DATES` says how many business dates; the default keeps CI short.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

import simulator
from local.paths import ROOT
from local.stack import lifecycle
from tests.pipeline_support import Pipeline, pipeline, rows
from utils.gcp import bigquery

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from simulator.world import World

pytestmark = pytest.mark.long
DATES = int(os.environ.get("RCM_BACKFILL_DATES", "2"))
SECONDS_PER_DATE = 1200
EXECUTOR = "airflow worker -- LocalExecutor: "
AIRFLOW = {
    # A killed worker is noticed in seconds instead of minutes.
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "40",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "5",
    # Only the backfill runs: an unpaused DAG would take today's business date between its dates.
    "AIRFLOW__SCHEDULER__USE_JOB_SCHEDULE": "False",
}


class Scheduler:
    """Airflow's command line and processes beside a stack."""

    def __init__(self, running: Pipeline) -> None:
        self.running = running

    def command(self, *words: str) -> str:
        result = subprocess.run(
            [str(Path(sys.executable).parent / "airflow"), *words],
            cwd=ROOT,
            env={**os.environ, **self.running.variables, **AIRFLOW},
            check=False,
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert result.returncode == 0, result.stderr[-2000:]
        return result.stdout

    def backfill(self, dates: list[date]) -> None:
        wait("the DAG", lambda: "rcm_daily" in self.command("dags", "list"), 120)
        self.command(
            *["backfill", "create", "--dag-id", "rcm_daily"],
            *["--from-date", dates[0].isoformat(), "--to-date", f"{dates[-1]}T23:59:59"],
            *["--max-active-runs", "1", "--reprocess-behavior", "completed"],
        )
        self.command("dags", "unpause", "rcm_daily")

    def clear(self, task: str, day: date) -> None:
        self.command(
            *["tasks", "clear", "rcm_daily", "--yes", "-t", f"^{task}$"],
            *["--start-date", day.isoformat(), "--end-date", f"{day}T23:59:59"],
        )

    def busy_workers(self) -> list[psutil.Process]:
        """Workers of the executor that run a task at this moment."""
        [record] = [s for s in lifecycle.status(self.running.state) if s.name == "airflow"]
        return [
            process
            for process in psutil.Process(record.pid).children(recursive=True)
            if EXECUTOR in _title(process) and "<idle>" not in _title(process)
        ]

    def kill_busy_worker(self) -> None:
        """Kills a worker together with the task that it runs."""
        wait("a busy worker", lambda: bool(self.busy_workers()), SECONDS_PER_DATE)
        worker = self.busy_workers()[0]
        for process in (worker, *worker.children(recursive=True)):
            process.send_signal(signal.SIGKILL)


def _title(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.NoSuchProcess:
        return ""


def states() -> dict[date, str]:
    return {run["business_date"]: run["state"] for run in rows("audit", "pipeline_runs")}


def wait(what: str, holds: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"{what}: not after {seconds:.0f} s; runs: {states()}"
        time.sleep(1)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    folder = tmp_path_factory.mktemp("world")
    return simulator.generate(11, 60, DATES - 1, folder=folder / "simulator", keeps_books=False)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, world: World) -> Iterator[Pipeline]:
    folder = tmp_path_factory.mktemp("scheduled")
    with pytest.MonkeyPatch.context() as patch, pipeline(folder, patch) as stack:
        for name, value in AIRFLOW.items():
            patch.setenv(name, value)
        for index in range(DATES):
            world.apply(index, stack.hospitals, stack.landing)
        yield stack


@pytest.fixture(scope="module")
def clean(running: Pipeline, world: World) -> dict[str, str]:
    """Every table after runs that nothing disturbed; afterwards files are delivered, no more.

    They are delivered once: reference codes are in force from the time of their upload.
    """
    running.deliver()
    delivered = running.state.path / "delivered"
    shutil.copytree(running.state.path / "gcs", delivered)
    with running.worker() as worker:
        for day in world.business_dates:
            worker.run(day, lambda task, seconds: None)
    content = running.content()
    lifecycle.down(running.state)
    for folder in ("gcs", "bigquery", "airflow"):
        shutil.rmtree(running.state.path / folder)
    delivered.rename(running.state.path / "gcs")
    return content


def test_a_disturbed_backfill_gives_the_tables_of_a_clean_run(
    running: Pipeline, world: World, clean: dict[str, str]
) -> None:
    """H01, H02, H05, H07: a worker and the warehouse are killed; a task is cleared afterwards."""
    lifecycle.up(running.state, report=lambda ready: None, with_airflow=True)
    bigquery.client.cache_clear()
    scheduler = Scheduler(running)
    days = world.business_dates

    scheduler.backfill(days)
    wait("first date begins", lambda: _is_landing(days[0]), SECONDS_PER_DATE)
    scheduler.kill_busy_worker()
    wait("first date", lambda: states().get(days[0]) == "SUCCEEDED", SECONDS_PER_DATE)
    record = next(s for s in lifecycle.status(running.state) if s.name == "bigquery")
    os.kill(record.pid or 0, signal.SIGKILL)
    lifecycle.up(running.state, report=lambda ready: None)
    bigquery.client.cache_clear()
    wait(
        "all dates",
        lambda: [states().get(day) for day in days] == ["SUCCEEDED"] * DATES,
        SECONDS_PER_DATE * DATES,
    )
    assert running.content() == clean

    scheduler.clear("stage_silver", days[0])
    wait("the cleared task", lambda: _has_ended(scheduler, days[0]), SECONDS_PER_DATE)
    assert running.content() == clean


def _is_landing(day: date) -> bool:
    return bool(_tables_exist() and rows("audit", "table_loads", where=f"business_date = '{day}'"))


def _tables_exist() -> bool:
    try:
        rows("audit", "table_loads", "1", "FALSE")
    except Exception:  # the dataset comes with the first run
        return False
    return True


def _has_ended(scheduler: Scheduler, day: date) -> bool:
    listing = scheduler.command(
        *["dags", "list-runs", "rcm_daily", "--output", "plain"],
        *["--start-date", day.isoformat(), "--end-date", f"{day}T23:59:59"],
    )
    return "success" in listing
