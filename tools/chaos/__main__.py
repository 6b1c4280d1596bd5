"""The kill test: `python -m tools.chaos --seed 1 --count 200`."""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

import simulator
from local.paths import state_folder
from local.run.landing import upload_landing
from local.run.one_shot import DAG
from local.stack.client import environment, hospital_parameters
from tools.chaos import plan, report
from tools.chaos.director import Director
from tools.chaos.faults import FAULTS
from tools.chaos.runner import Runner
from tools.chaos.stage import Stage, stage
from tools.chaos.trials import Clean, Theatre

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tools.chaos.faults import Fault

MOST_REPEATS = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the kill test and returns the exit code."""
    console = Console()
    # What was started is stopped again also when the test is.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with tempfile.TemporaryDirectory(prefix="rcm-chaos-") as folder:
        result = run(options(arguments), Path(folder), console)
    return report.show(console, result)


def options(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Reads the command line."""
    parser = argparse.ArgumentParser(prog="python -m tools.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=200, help="faults to inject")
    parser.add_argument("--trial", help="repeat one trial of this seed and count, as 1.3")
    parser.add_argument("--patients", type=int, default=60, help="people per hospital")
    parser.add_argument("--dates", type=int, default=2, help="business dates")
    parser.add_argument("--size", type=int, default=16, help="faults per trial")
    return parser.parse_args(arguments)


def run(chosen: argparse.Namespace, folder: Path, console: Console) -> report.Result:
    """Injects the faults date by date and returns what came of it."""
    state = state_folder(folder)
    state.log("").parent.mkdir(parents=True, exist_ok=True)
    director = Director()
    result = report.Result(is_whole=not chosen.trial)
    with (
        _until_stopped(result),
        stage(state, director.meet) as ready,
        director,
        Runner(DAG, ready.variables, state.log("chaos")) as runner,
    ):
        director.stage, director.runner = ready, runner
        theatre = Theatre(ready, director, runner)
        kinds = [kind for kind in FAULTS if ready.has_small_disks or not kind.needs_small_disks]
        if not ready.has_small_disks:
            console.print("disk full is left out: mounting a small disk needs root")
        for number, day in enumerate(_dates(chosen, ready), start=1):
            console.print(f"{day}: undisturbed run", highlight=False)
            clean = theatre.run_clean(f"before-{number}", day)
            ready.snapshot(f"after-{number}")
            share = -(-chosen.count // chosen.dates)
            drawn = plan.draw(clean.met, share, f"{chosen.seed}/{number}", kinds)
            durable = {point.name for point in clean.met if point.is_durable}
            result.durable_points |= durable
            result.is_whole &= share >= len(durable)
            _run_trials(theatre, clean, drawn, number, chosen, console, result)
            ready.restore(f"after-{number}")
    return result


@contextmanager
def _until_stopped(result: report.Result) -> Iterator[None]:
    """Keeps what is known when someone ends the test: its trials are good as far as they went."""
    try:
        yield
    except KeyboardInterrupt:
        result.is_whole, result.is_stopped = False, True


def _run_trials(
    theatre: Theatre,
    clean: Clean,
    drawn: Sequence[Fault],
    number: int,
    chosen: argparse.Namespace,
    console: Console,
    result: report.Result,
) -> None:
    """Runs all trials of a date; faults whose point was not met come again in later ones."""
    places = {point.name: point.place for point in clean.met}
    trials = list(enumerate(plan.spread(drawn, places, chosen.size), start=1))
    for repeat in range(MOST_REPEATS + 1):
        unmet: list[Fault] = []
        for index, planned in trials:
            name = f"{number}.{index}" + "r" * repeat
            if chosen.trial in (None, name):
                outcome = theatre.run_trial(clean, name, planned)
                unmet += outcome.unmet
                result.outcomes.append(outcome)
                report.show_trial(console, outcome)
        trials = list(enumerate(plan.spread(unmet, places, chosen.size), start=1))
    result.never_met += unmet


def _dates(chosen: argparse.Namespace, ready: Stage) -> Iterator[date]:
    """Brings hospitals and payers to each business date's evening, then gives the date."""
    direct = environment(ready.state)
    hospitals = hospital_parameters(direct)
    landing = ready.state.path / "landing"
    landing.mkdir()
    world = simulator.generate(
        chosen.seed,
        chosen.patients,
        chosen.dates - 1,
        folder=ready.state.path / "simulator",
        keeps_books=False,
    )
    for index, day in enumerate(world.business_dates):
        world.apply(index, hospitals, landing)
        upload_landing(landing, direct)
        yield day


if __name__ == "__main__":
    sys.exit(main())
