from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from functools import partial

import pytest
from rich.progress import Progress

from local.run.one_shot import Stages, run_each

DAYS = [date(2026, 1, 31), date(2026, 2, 1), date(2026, 2, 2)]
Show = Callable[[str, float | None], None]


class Worker:
    """Runs dates whose tasks are given, and notes what the hospitals looked like then."""

    def __init__(self, tasks: list[str], evenings: list[date]) -> None:
        self.tasks, self.evenings = tasks, evenings
        self.seen: list[tuple[date, date]] = []

    def run(self, day: date, show: Show) -> None:
        self.seen.append((day, self.evenings[-1]))
        for task in self.tasks:
            show(task, None)
            show(task, 1.0)


@pytest.mark.parametrize(
    "tasks",
    [
        ["land", "refresh_gold", "close_run"],
        ["land", "refresh_gold", "refresh_gold", "close_run"],  # tried twice
        ["land"],
    ],
)
def test_hospitals_are_at_the_evening_of_each_date_that_is_run(tasks: list[str]) -> None:
    evenings = [DAYS[0]]
    worker = Worker(tasks, evenings)
    dates = [(day, partial(evenings.append, day)) for day in DAYS]

    with ThreadPoolExecutor(1) as beside:
        run_each(dates, worker, Progress(disable=True), Stages(), beside)  # type: ignore[arg-type]

    assert worker.seen == [(day, day) for day in DAYS]
    assert evenings == DAYS
