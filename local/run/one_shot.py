"""The one-shot run: two hospitals' books, from MySQL and files to gold, with a report at the end.

The real DAG runs with the real operators, one business date after the other, while the simulator
moves the hospitals on by a day in between. Started again after it was killed, it goes on where it
stopped: what is published is not published twice.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)

from local.airflow.process import DagWorker, RunFailed
from local.errors import LocalError
from local.paths import StateFolder, state_folder
from local.run import report
from local.stack import client
from local.stack import lifecycle as stack

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    # A day, and what brings hospitals and payers to its evening.
    BusinessDate = tuple[date, Callable[[], None]]

DAG = "rcm_daily"
TASKS_PER_RUN = 10
READS_NO_SOURCE = "refresh_gold"  # nor does a task after it


@dataclass(frozen=True)
class World:
    """What the hospitals of a run are: simulated from a seed, or loaded from exports."""

    seed: int
    patients: int
    days: int
    data: str | None


@dataclass
class Stages:
    """Seconds spent per stage, in the order in which the stages began."""

    seconds: dict[str, float] = field(default_factory=dict)

    def add(self, stage: str, seconds: float) -> None:
        """Adds time to a stage."""
        self.seconds[stage] = self.seconds.get(stage, 0.0) + seconds


def main(arguments: Sequence[str]) -> int:
    """Runs everything and returns the exit code."""
    options = _parser().parse_args(arguments)
    console = Console()
    try:
        return _run(console, options)
    except RunFailed as failure:
        reason = report.failure(failure.run_id) if failure.run_id else ""
        console.print(f"[bold red]error:[/] {failure}\n{reason}", highlight=False)
    except LocalError as error:
        console.print(f"[bold red]error:[/] {error}", highlight=False)
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local run", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--patients", type=int, default=10_000)
    parser.add_argument("--days", type=int, default=2, help="daily increments after the first load")
    parser.add_argument("--engine", choices=stack.ENGINES, default="sail")
    parser.add_argument("--data", help="folder of CSV exports to load instead of simulating")
    parser.add_argument("--state", help="folder of the local stack (default: .local)")
    return parser


def _run(console: Console, options: argparse.Namespace) -> int:
    begin = time.monotonic()
    state = state_folder(options.state)
    data = str(Path(options.data).resolve()) if options.data else None
    world = World(options.seed, options.patients, 0 if data else options.days, data)
    stages = Stages()
    if _is_another_world(state, world):
        console.print("Another set of hospitals than last time: starting with empty tables.")
        _empty(state)
    state.path.mkdir(parents=True, exist_ok=True)
    (state.path / "world.json").write_text(json.dumps(asdict(world)), encoding="utf-8")
    with _timed(stages, "services"):
        stack.up(state, lambda ready: None, options.engine)
    variables = client.environment(state.path)
    os.environ.update(variables)
    environment = client.client_process_environment(variables)
    with DagWorker(DAG, environment, state.log("run")) as worker, _progress(console) as progress:
        run_dates(world, state, variables, worker, progress, stages)
    stages.add("in all", time.monotonic() - begin)
    return report.show(console, state, stages.seconds, worker.peak_memory_mb)


def run_dates(
    world: World,
    state: StateFolder,
    variables: dict[str, str],
    worker: DagWorker,
    progress: Progress,
    stages: Stages,
) -> None:
    """Brings the hospitals to each business date in turn and runs the DAG for it."""
    bar = progress.add_task("hospitals", total=None)
    with ThreadPoolExecutor(1) as beside:
        with _timed(stages, "simulator"):
            tables = beside.submit(_create_tables)
            dates = _prepare(world, state, variables)
            _, reach_first_evening = dates[0]
            reach_first_evening()
            tables.result()
        progress.update(bar, visible=False)
        run_each(dates, worker, progress, stages, beside)


def run_each(
    dates: Sequence[BusinessDate],
    worker: DagWorker,
    progress: Progress,
    stages: Stages,
    beside: ThreadPoolExecutor,
) -> None:
    """Runs date after date; the hospitals move on when nobody reads a date's evening any more."""
    coming = iter(dates[1:])
    evening: Future[None] | None = None

    def move_on() -> None:
        nonlocal evening
        if not evening and (following := next(coming, None)):
            evening = beside.submit(following[1])

    for day, _ in dates:
        if evening:
            with _timed(stages, "simulator"):
                evening.result()
            evening = None
        bar = progress.add_task(f"{day} starting", total=TASKS_PER_RUN)

        def show(task: str, seconds: float | None, bar: TaskID = bar, day: date = day) -> None:
            if seconds is not None:
                stages.add(task, seconds)
                progress.advance(bar)
                return
            progress.update(bar, description=f"{day} {task}")
            if task == READS_NO_SOURCE:
                move_on()

        worker.run(day, show)
        move_on()
        progress.update(bar, description=f"{day} published", completed=TASKS_PER_RUN)


def _create_tables() -> None:
    """Creates the warehouse's tables as the first task would, while the hospitals are filled."""
    from utils.audit.tables import create_audit_tables
    from utils.errors import PipelineError
    from utils.orchestration.warehouse import create_all
    from utils.settings import settings

    with suppress(PipelineError):  # the first task finds the same and reports it
        create_audit_tables()
        create_all(settings())


def _prepare(world: World, state: StateFolder, variables: dict[str, str]) -> list[BusinessDate]:
    """Makes what happens on each business date, without the truth: `make verify` works it out."""
    import simulator

    hospitals = simulated_databases(variables)
    landing = state.path / "landing"
    shutil.rmtree(landing, ignore_errors=True)
    landing.mkdir(parents=True)
    if world.data:
        day = simulator.load_tutorial(Path(world.data), hospitals, landing)
        return [(day, lambda: upload_landing(landing, variables))]
    simulated = simulator.generate(
        world.seed, world.patients, world.days, folder=state.path / "simulator", keeps_books=False
    )

    def advance(index: int) -> None:
        simulated.apply(index, hospitals, landing)
        upload_landing(landing, variables)

    return [(day, partial(advance, index)) for index, day in enumerate(simulated.business_dates)]


def upload_landing(folder: Path, variables: dict[str, str]) -> None:
    """Delivers the payers' files: puts what is in the folder into the landing bucket."""
    import google.cloud.storage as storage
    from google.auth.credentials import AnonymousCredentials

    bucket = storage.Client(
        project=variables["GOOGLE_CLOUD_PROJECT"],
        credentials=AnonymousCredentials(),
        client_options={"api_endpoint": variables["STORAGE_EMULATOR_HOST"]},
    ).bucket("rcm-landing")
    for path in sorted(folder.rglob("*.csv")):
        bucket.blob(str(path.relative_to(folder))).upload_from_filename(str(path))
        path.unlink()


def simulated_databases(variables: dict[str, str]) -> dict[str, dict[str, object]]:
    """Connection parameters of the databases that the simulator fills.

    Raises:
        LocalError: one of them is not the local stack's own.
    """
    import simulator

    names = {name: f"AIRFLOW_CONN_{name.upper()}_DB" for name in simulator.HOSPITALS}
    if foreign := [name for name, variable in names.items() if variable not in variables]:
        raise LocalError(
            f"the simulator fills local databases only, and {', '.join(foreign)} has none: unset "
            "its AIRFLOW_CONN_… variable, or restore its file in configs/sources, then `make up`"
        )
    return {name: mysql_parameters(variables[variable]) for name, variable in names.items()}


def mysql_parameters(uri: str) -> dict[str, object]:
    """Connection parameters of a `mysql://` address."""
    parts = urlsplit(uri)
    return {
        "host": parts.hostname,
        "port": parts.port,
        "user": unquote(parts.username or ""),
        "password": unquote(parts.password or ""),
        "database": parts.path.lstrip("/"),
    }


def _is_another_world(state: StateFolder, world: World) -> bool:
    known = state.path / "world.json"
    return known.exists() and json.loads(known.read_text()) != asdict(world)


def _empty(state: StateFolder) -> None:
    stack.down(state)
    for folder in ("gcs", "bigquery", "simulator", "answer_key"):
        shutil.rmtree(state.path / folder, ignore_errors=True)
    (state.path / "world.json").unlink()


def _progress(console: Console) -> Progress:
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description:<40}"),
        BarColumn(),
        TimeElapsedColumn(),
        console=console,
    )


class _timed:
    """Adds the time spent inside to a stage."""

    def __init__(self, stages: Stages, stage: str) -> None:
        self._stages, self._stage = stages, stage

    def __enter__(self) -> None:
        self._begin = time.monotonic()

    def __exit__(self, *_: object) -> None:
        self._stages.add(self._stage, time.monotonic() - self._begin)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
