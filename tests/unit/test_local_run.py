from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from rich.console import Console

from local.run.evenings import Evenings
from local.run.one_shot import Stages, first_to_run, run_dates
from local.run.progress import Lines

DAYS = [date(2026, 1, 31), date(2026, 2, 1), date(2026, 2, 2)]
Show = Callable[[str, float | None], None]


class Hospitals:
    """Hospitals that note each evening that they are brought to."""

    def __init__(self) -> None:
        self.dates = DAYS
        self.moves: list[int] = []

    def move(self, index: int, landing: Path) -> None:
        self.moves.append(index)
        (landing / f"{index}.csv").write_text("payer,paid\n")


class Worker:
    """Runs dates whose tasks are given, and notes what there was to read."""

    def __init__(self, tasks: list[str], hospitals: Hospitals, delivered: list[str]) -> None:
        self.tasks, self.hospitals, self.delivered = tasks, hospitals, delivered
        self.seen: list[tuple[date, int, list[str]]] = []

    def run(self, day: date, show: Show) -> None:
        self.seen.append((day, self.hospitals.moves[-1], list(self.delivered)))
        for task in self.tasks:
            show(task, None)
            show(task, 1.0)


@pytest.fixture
def delivered(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the files that are delivered, in their order."""
    names: list[str] = []

    def deliver(folder: Path, variables: object) -> None:
        names.extend(sorted(file.name for file in folder.iterdir()))

    monkeypatch.setattr("local.run.evenings.deliver", deliver)
    return names


def evenings(folder: Path, hospitals: Hospitals) -> Evenings:
    from local.paths import StateFolder

    return Evenings(StateFolder(folder), hospitals, {})


@pytest.mark.parametrize(
    "tasks",
    [
        ["land", "refresh_gold", "close_run"],
        ["land", "refresh_gold", "refresh_gold", "close_run"],  # tried twice
        ["land"],
    ],
)
def test_each_date_reads_its_own_evening_and_no_later_file(
    tasks: list[str], tmp_path: Path, delivered: list[str]
) -> None:
    hospitals = Hospitals()
    worker = Worker(tasks, hospitals, delivered)

    run_dates(evenings(tmp_path, hospitals), 0, worker, Lines(Console(quiet=True)), Stages())  # type: ignore[arg-type]

    assert worker.seen == [
        (DAYS[0], 0, ["0.csv"]),
        (DAYS[1], 1, ["0.csv", "1.csv"]),
        (DAYS[2], 2, ["0.csv", "1.csv", "2.csv"]),
    ]


def test_databases_that_are_ahead_of_the_date_are_made_again(
    tmp_path: Path, delivered: list[str]
) -> None:
    """As after an interruption while gold was built."""
    before = Hospitals()
    interrupted = evenings(tmp_path, before)
    interrupted.move(0)
    interrupted.deliver(0)
    interrupted.move(1)
    again = Hospitals()

    goes_on = evenings(tmp_path, again)
    goes_on.move(0)
    goes_on.deliver(0)
    goes_on.move(1)
    goes_on.deliver(1)

    assert (before.moves, again.moves) == ([0, 1], [0, 1])
    assert delivered == ["0.csv", "1.csv"], "each file once"


def test_databases_that_are_where_they_must_be_are_left_alone(
    tmp_path: Path, delivered: list[str]
) -> None:
    evenings(tmp_path, Hospitals()).move(1)
    again = Hospitals()

    evenings(tmp_path, again).move(1)

    assert again.moves == []


def test_databases_that_were_left_on_their_way_are_made_again(
    tmp_path: Path, delivered: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = Hospitals()
    evenings(tmp_path, broken).move(0)

    def break_off(index: int, landing: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(broken, "move", break_off)
    with pytest.raises(KeyboardInterrupt):
        evenings(tmp_path, broken).move(1)
    again = Hospitals()

    evenings(tmp_path, again).move(1)

    assert again.moves == [0, 1]


@pytest.mark.parametrize(
    ("published", "first"),
    [([], 0), ([0], 1), ([0, 1], 2), ([0, 1, 2], 2), ([1], 0)],
    ids=["none", "first", "all-but-last", "all", "out-of-order"],
)
def test_a_run_goes_on_with_the_first_date_that_is_not_published(
    published: list[int], first: int
) -> None:
    assert first_to_run(DAYS, {DAYS[index] for index in published}) == first
