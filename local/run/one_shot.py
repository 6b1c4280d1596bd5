"""The one-shot run: two hospitals' books, from MySQL and files to gold, with a report at the end.

The real DAG runs with the real operators, one business date after the other, while the simulator
moves the hospitals on by a day in between. Started again after it was interrupted, it goes on with
the first date that is not published.
"""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from local.airflow.process import DagWorker
from local.run import report, worlds
from local.run.evenings import Evenings, Exported, Simulated
from local.run.lock import only_run
from local.run.progress import Progress, shown
from local.stack import client
from local.stack import lifecycle as stack
from utils.orchestration.task_names import REFRESH_GOLD

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Container, Iterator, Mapping
    from datetime import date

    from local.paths import StateFolder
    from local.run.worlds import World

DAG = "rcm_daily"
TASKS_PER_RUN = 10
READS_NO_SOURCE = REFRESH_GOLD  # nor does a task after it


@dataclass
class Stages:
    """Seconds spent per stage, in the order in which the stages began."""

    seconds: dict[str, float] = field(default_factory=dict)

    def add(self, stage: str, seconds: float) -> None:
        """Adds time to a stage."""
        self.seconds[stage] = self.seconds.get(stage, 0.0) + seconds

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """Adds the time spent inside to a stage."""
        begin = time.monotonic()
        yield
        self.add(stage, time.monotonic() - begin)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the options of `python -m local run`."""
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--patients", type=int, default=10_000)
    parser.add_argument("--trouble", choices=("none", "default", "high"), default="default")
    parser.add_argument("--days", type=int, default=2, help="daily increments after the first load")
    parser.add_argument("--engine", choices=stack.ENGINES, default="sail")
    parser.add_argument("--data", help="folder of CSV exports to load instead of simulating")
    parser.add_argument("--fresh", action="store_true", help="erase what earlier runs made")


def main(state: StateFolder, options: argparse.Namespace) -> int:
    """Runs everything and returns the exit code."""
    begin = time.monotonic()
    console = Console()
    stages = Stages()
    world = worlds.asked_for(
        options.seed, options.patients, options.days, options.data, options.trouble
    )
    with only_run(state), shown(console) as progress:
        is_known = worlds.claim(
            state, world, is_fresh=options.fresh, say=lambda text: console.print(text, markup=False)
        )
        progress.begin("services")
        with stages.timed("services"):
            stack.up(state, lambda ready: None, options.engine)
        progress.end("are up")
        variables = client.environment(state.path)
        os.environ.update(variables)
        hospitals = client.hospital_parameters(variables)
        if not is_known:
            worlds.require_empty(state, hospitals)
        worlds.settle(state, world)
        environment = client.client_process_environment(variables)
        with DagWorker(DAG, environment, state.log("run")) as worker:
            run_world(world, state, variables, worker, progress, stages)
    stages.add("in all", time.monotonic() - begin)
    return report.show(console, state, stages.seconds, worker.peak_memory_mb)


def run_world(
    world: World,
    state: StateFolder,
    variables: dict[str, str],
    worker: DagWorker,
    progress: Progress,
    stages: Stages,
) -> None:
    """Makes the hospitals and runs their business dates that are not published."""
    progress.begin("hospitals")
    hospitals = client.hospital_parameters(variables)
    with ThreadPoolExecutor(1) as beside:
        with stages.timed("simulator"):
            tables = beside.submit(_create_tables)
            sources = (
                Exported(Path(world.data), hospitals)
                if world.data
                else Simulated(world, state.path / "simulator", hospitals)
            )
            evenings = Evenings(state, sources, variables)
            client.note_end(state, evenings.dates[-1])
            tables.result()
        published = report.published_dates(DAG)
        run_dates(evenings, first_to_run(evenings.dates, published), worker, progress, stages)


def first_to_run(dates: list[date], published: Container[date]) -> int:
    """Where to go on: the first date that is not published.

    If all are, the last one runs again: it brings what came meanwhile and changes nothing else.
    """
    waiting = (index for index, day in enumerate(dates) if day not in published)
    return next(waiting, len(dates) - 1)


def run_dates(
    evenings: Evenings, first: int, worker: DagWorker, progress: Progress, stages: Stages
) -> None:
    """Runs date after date; the databases move on once no task reads a date's evening.

    The files of the next evening are delivered when the date is published: until then its run
    may be repeated.
    """
    with ThreadPoolExecutor(1) as beside:
        moved = beside.submit(evenings.move, first)
        for index, day in enumerate(evenings.dates[first:], start=first):
            with stages.timed("simulator"):
                moved.result()
                evenings.deliver(index)
            move_on = cache(partial(beside.submit, evenings.move, index + 1))
            run_date(day, worker, progress, stages, {READS_NO_SOURCE: move_on})
            moved = move_on()


def run_date(
    day: date,
    worker: DagWorker,
    progress: Progress,
    stages: Stages,
    at_tasks: Mapping[str, Callable[[], object]],
) -> None:
    """Runs one business date; calls what is given for a task when the task begins."""
    progress.begin(str(day), TASKS_PER_RUN)

    def show(task: str, seconds: float | None) -> None:
        if seconds is not None:
            stages.add(task, seconds)
            progress.advance()
            return
        progress.step(task)
        at_tasks.get(task, lambda: None)()

    worker.run(day, show)
    progress.end("published")


def _create_tables() -> None:
    """Creates the warehouse's tables as the first task would, while the hospitals are filled."""
    from utils.audit.tables import create_audit_tables
    from utils.errors import PipelineError
    from utils.orchestration.warehouse import create_all
    from utils.settings import settings

    with suppress(PipelineError):  # the first task finds the same and reports it
        create_audit_tables()
        create_all(settings())
