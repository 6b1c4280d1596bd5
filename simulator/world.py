"""Two hospitals and their payers, day by day: what happens, what reaches the sources, what is true.

Everything is made up front from the seed; `World.apply` then brings one business date after the
other to the databases and the landing folder.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path

from simulator.answer_key import AnswerKey, write_histories
from simulator.assignment import Assignment
from simulator.codes import SOURCE_SYSTEM, CodeSet
from simulator.daybook import DayBook, standing
from simulator.defects import DefectRates
from simulator.deliveries import day_folder, deliver_codes
from simulator.mysql import Parameters, apply_day, widen_amounts
from simulator.processes import Simulation, simulate_all
from simulator.schema import HOSPITAL_TABLES
from simulator.truth.books import Books
from simulator.truth.published import Published
from simulator.truth.tables import true_gold

DEFAULT_START = date(2026, 1, 31)
HISTORIES = "histories"
MADE_FROM = "made_from.json"
RETYPED_DAY = 1
Rates = DefectRates | Mapping[str, DefectRates]


@dataclass(frozen=True)
class World:
    """A generated world: its business dates, its deliveries on disk, and the answer key."""

    business_dates: list[date]
    folder: Path
    _simulations: Sequence[Simulation]
    _code_books: Sequence[DayBook]
    _keeps_books: bool
    _retyped: Collection[str]

    @cached_property
    def answer_key(self) -> AnswerKey:
        """What must be published after each business date; waits until it is counted.

        Raises:
            ValueError: the world was made without books.
        """
        if not self._keeps_books:
            raise ValueError("This world keeps no books: make it again with them")
        books = [*(simulation.books() for simulation in self._simulations), self._code_books]
        return AnswerKey(self.folder / HISTORIES, list(zip(*books, strict=True)))

    def apply(self, day_index: int, hospitals: Mapping[str, Parameters], landing: Path) -> None:
        """Brings the sources to their state at the end of a business date.

        Dates are applied in order; each brings only its changes. The first creates the tables.

        Args:
            day_index: index into `business_dates`.
            hospitals: MySQL host, port, user, password and database of each hospital.
            landing: folder of the payers' files: `claims/<hospital>/*.csv`, `remits/…`, `plb/…`,
                `fee_schedules/…`, `payer_terms/…` and `codes/*.csv`.
        """
        today = self.business_dates[day_index]
        deliveries = day_folder(self.folder, today)

        def bring(name: str) -> None:
            folder, tables = deliveries / "mysql" / name, HOSPITAL_TABLES[name]
            if day_index == RETYPED_DAY and name in self._retyped:
                widen_amounts(hospitals[name])
            apply_day(hospitals[name], tables, folder, today, day_index == 0)

        with ThreadPoolExecutor() as pool:
            for brought in [pool.submit(bring, name) for name in HOSPITAL_TABLES]:
                brought.result()
        shutil.copytree(deliveries / "landing", landing, dirs_exist_ok=True)

    def write_answer_key(self, folder: Path, dates: Collection[date] | None = None) -> None:
        """Writes what must be published after business dates, all unless given: a folder each."""
        self.answer_key.write(folder, self.business_dates if dates is None else dates)


def generate(
    seed: int,
    patients: int,
    days: int,
    start: date = DEFAULT_START,
    folder: Path = Path("simulated"),
    rates: Rates | None = None,
    *,
    keeps_books: bool = True,
    gold_dates: Collection[date] | None = None,
) -> World:
    """Makes a world; the same arguments make the same bytes.

    Args:
        seed: of all randomness.
        patients: registered in the two hospitals together before the first business date; five
            transactions each on average.
        days: business dates after the first.
        start: the first business date. It brings about 14 months of history.
        folder: where the deliveries are written, replaced if it exists.
        rates: how often each trouble is met, in all hospitals or in each of them.
        keeps_books: whether there is an answer key, which takes as long as the world;
            `generate_again` makes one later.
        gold_dates: the business dates for which the answer key has gold; all unless given.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    each = _rates_of_each(rates or DefectRates())
    made_from = {"seed": seed, "patients": patients, "days": days, "start": start.isoformat()}
    content = json.dumps({**made_from, "rates": {name: asdict(of) for name, of in each.items()}})
    (folder / MADE_FROM).write_text(content, encoding="utf-8")
    dates = [start + timedelta(days=day) for day in range(days + 1)]
    gold_dates = dates if gold_dates is None else gold_dates
    assignments = _assignments(seed, patients, dates, folder, each, keeps_books, gold_dates)
    simulations = simulate_all(assignments)
    retyped = [name for name, of in each.items() if of.column_retyped]
    code_books = _publish_codes(seed, dates, folder)
    return World(dates, folder, simulations, code_books, keeps_books, retyped)


def generate_again(made: Path, folder: Path, gold_dates: Collection[date] | None = None) -> World:
    """Makes the world of a folder once more, with its books, in another folder.

    `gold_dates` are the business dates whose gold is asked for; all unless given.

    Raises:
        FileNotFoundError: no world was made in the folder.
    """
    made_from = json.loads((made / MADE_FROM).read_text(encoding="utf-8"))
    start = date.fromisoformat(made_from.pop("start"))
    rates = {name: DefectRates(**of) for name, of in made_from.pop("rates").items()}
    return generate(**made_from, start=start, rates=rates, folder=folder, gold_dates=gold_dates)


def _rates_of_each(rates: Rates) -> dict[str, DefectRates]:
    if isinstance(rates, DefectRates):
        return dict.fromkeys(HOSPITAL_TABLES, rates)
    return dict(rates)


def _assignments(
    seed: int,
    patients: int,
    dates: Sequence[date],
    folder: Path,
    rates: Mapping[str, DefectRates],
    keeps_books: bool,
    gold_dates: Collection[date],
) -> list[Assignment]:
    half = patients // 2
    counts = zip(HOSPITAL_TABLES, (patients - half, half), strict=True)
    return [
        Assignment(
            name,
            seed,
            count,
            half,
            dates,
            rates[name],
            folder,
            folder / HISTORIES,
            keeps_books,
            gold_dates,
        )  # fmt: skip
        for name, count in counts
    ]


def _publish_codes(seed: int, dates: Sequence[date], folder: Path) -> list[DayBook]:
    """Delivers the releases of the code set and returns its books, date by date."""
    codes, books = CodeSet(seed), []
    for day, today in enumerate(dates):
        counted = list(deliver_codes(folder, codes, today, day))
        shelves = {codes.shelf.entity: codes.shelf}
        gold = true_gold(Books(Published(SOURCE_SYSTEM, today, shelves)), of_codes=True)
        books.append(DayBook(SOURCE_SYSTEM, today, counted, standing(shelves), gold=gold))
    write_histories(folder / HISTORIES, [codes.shelf])
    return books
