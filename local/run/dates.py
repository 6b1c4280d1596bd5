"""`make date` and `make backfill`: run business dates with the pipeline's own DAG.

Airflow's scheduler has no part in it: the DAG stays paused if it is, and no date runs but those
that are asked for.
"""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from rich.console import Console

from local.airflow.process import DagWorker
from local.errors import LocalError
from local.run.lock import only_run
from local.run.one_shot import DAG, Stages, run_date
from local.run.progress import shown
from local.stack import client
from local.stack import lifecycle as stack

if TYPE_CHECKING:
    import argparse

    from local.paths import StateFolder


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the options of `python -m local date`."""
    parser.add_argument("first", help="business date, YYYY-MM-DD")
    parser.add_argument("last", nargs="?", help="the last one of a range, which runs too")
    parser.add_argument("--engine", choices=stack.ENGINES, default="sail")


def main(state: StateFolder, options: argparse.Namespace) -> int:
    """Runs the dates, oldest first, and ends when all are published or one failed."""
    days = business_dates(options.first, options.last or options.first)
    console = Console()
    with only_run(state), shown(console) as progress:
        stack.up(state, lambda ready: None, options.engine)
        variables = client.environment(state)
        os.environ.update(variables)
        environment = client.client_process_environment(variables)
        with DagWorker(DAG, environment, state.log("date")) as worker:
            for day in days:
                run_date(day, worker, progress, Stages(), {})
    named = str(days[0]) if len(days) == 1 else f"{days[0]} to {days[-1]} ({len(days)} dates)"
    console.print(f"published: {named}", highlight=False)
    return 0


def business_dates(first: str, last: str) -> list[date]:
    """The dates from the first to the last, both included.

    Raises:
        LocalError: one is no date, the range is empty, or it reaches a day that is not over.
    """
    from utils.contracts.hospital_days import full_from, last_full_day

    begin, end = parse_date(first), parse_date(last)
    if end < begin:
        raise LocalError(f"FROM={begin} is later than TO={end}: exchange them")
    now = datetime.now(tz=UTC)
    over, zone = full_from(end)
    if over > now:
        raise LocalError(
            f"{end} is not over in {zone} before {over:%Y-%m-%d %H:%M} UTC: gold would stand on a "
            f"day whose data nobody has; ask for a date until {last_full_day(now)}"
        )
    return [begin + timedelta(days=number) for number in range((end - begin).days + 1)]


def parse_date(text: str) -> date:
    """The date that a person wrote.

    Raises:
        LocalError: it is none.
    """
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise LocalError(f"{text!r} is no date: write it like 2026-02-03") from error
