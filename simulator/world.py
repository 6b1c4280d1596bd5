"""Two hospitals and their payers, day by day: what happens, what reaches the sources, what is true.

Everything is made up front from the seed; `World.apply` then brings one business date after the
other to the databases and the landing folder.
"""

from __future__ import annotations

import gc
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import chain
from pathlib import Path
from typing import Any

from simulator.answer_key import AnswerKey, DayBook, fact_totals
from simulator.changes import Day, Pace
from simulator.codes import CodeSet
from simulator.defects import DefectRates
from simulator.deliveries import day_folder, deliver_claims, deliver_codes, deliver_tables
from simulator.founding import open_departments, register_patients
from simulator.history import write_history
from simulator.hospital import Hospital
from simulator.kpis import true_kpis
from simulator.mysql import Parameters, apply_day
from simulator.schema import HOSPITAL_TABLES

DEFAULT_START = date(2026, 1, 31)


@dataclass(frozen=True)
class World:
    """A generated world: its business dates, its deliveries on disk, and the answer key."""

    business_dates: list[date]
    folder: Path
    answer_key: AnswerKey

    def apply(self, day_index: int, hospitals: Mapping[str, Parameters], landing: Path) -> None:
        """Brings the sources to their state at the end of a business date.

        Dates are applied in order; each brings only its changes. The first creates the tables.

        Args:
            day_index: index into `business_dates`.
            hospitals: MySQL host, port, user, password and database of each hospital.
            landing: folder of the payers' files: `claims/<hospital>/*.csv`, `codes/*.csv`.
        """
        today = self.business_dates[day_index]
        deliveries = day_folder(self.folder, today)
        for name, tables in HOSPITAL_TABLES.items():
            apply_day(hospitals[name], tables, deliveries / "mysql" / name, today, day_index == 0)
        shutil.copytree(deliveries / "landing", landing, dirs_exist_ok=True)

    def write_answer_key(self, folder: Path) -> None:
        """Writes what must be published after each business date, one subfolder per date."""
        self.answer_key.write(folder)


def generate(
    seed: int,
    patients: int,
    days: int,
    start: date = DEFAULT_START,
    folder: Path = Path("simulated"),
    rates: DefectRates | None = None,
) -> World:
    """Makes a world; the same arguments make the same bytes.

    Args:
        seed: of all randomness.
        patients: registered in the two hospitals together before the first business date; five
            transactions each on average.
        days: business dates after the first.
        start: the first business date. It brings about 14 months of history.
        folder: where the deliveries are written, replaced if it exists.
        rates: how often each defect is planted.
    """
    shutil.rmtree(folder, ignore_errors=True)
    with _without_garbage_collection():
        return _generate(seed, patients, days, start, folder, rates or DefectRates())


def _generate(
    seed: int, patients: int, days: int, start: date, folder: Path, rates: DefectRates
) -> World:
    dates = [start + timedelta(days=day) for day in range(days + 1)]
    codes = CodeSet(seed)
    first_loads = list(deliver_codes(folder, codes, start, 0))
    hospitals = _found(seed, patients, start, codes, rates)
    books = [_close_day(folder, hospitals, first_loads)]
    for today in dates[1:]:
        for hospital in hospitals:
            hospital.start_day(today)
            Day(hospital, codes.codes, Pace()).live()
        releases = list(deliver_codes(folder, codes, today, hospitals[0].day))
        books.append(_close_day(folder, hospitals, releases))
    shelves = [*chain(*(hospital.shelves.values() for hospital in hospitals)), codes.shelf]
    return World(dates, folder, AnswerKey(shelves, books))


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """A million small records have no cycle: looking for one would take a fifth of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _found(
    seed: int, patients: int, start: date, codes: CodeSet, rates: DefectRates
) -> list[Hospital]:
    first, second = (Hospital(name, seed, start) for name in HOSPITAL_TABLES)
    register_patients(first, patients - patients // 2, [], rates)
    register_patients(second, patients // 2, list(first.patients.current.values()), rates)
    for hospital in (first, second):
        open_departments(hospital)
        write_history(hospital, codes.codes, rates)
    return [first, second]


def _close_day(folder: Path, hospitals: list[Hospital], loads: list[Any]) -> DayBook:
    """Delivers the day and books what must be published at its end."""
    counted = list(loads)
    for hospital in hospitals:
        overlap_from = hospital.today - timedelta(days=1)
        counted += deliver_tables(folder, hospital, overlap_from)
        counted += deliver_claims(folder, hospital)
    return DayBook(
        business_date=hospitals[0].today,
        loads=[load for load, _ in counted],
        held=[row for _, rows in counted for row in rows],
        kpis=[true_kpis(hospital) for hospital in hospitals],
        facts=[fact_totals(hospital) for hospital in hospitals],
        events={hospital.name: dict(hospital.events[-1]) for hospital in hospitals},
    )
