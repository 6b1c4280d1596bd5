"""One hospital's life, from its founding to the last business date.

Nothing is shared between hospitals: everything that both know comes from the seed. So it makes no
difference how many of them are simulated at the same time.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

from simulator.answer_key import write_histories
from simulator.beside import count_beside
from simulator.chance import Chance
from simulator.changes import Day, Pace
from simulator.codes import CodeSet, all_codes
from simulator.contracts import Contracts
from simulator.daybook import DayBook, standing
from simulator.defects import DefectRates
from simulator.deliveries import deliver_files, deliver_tables
from simulator.founding import open_contracts, open_departments, people_of_both, register_patients
from simulator.history import write_history
from simulator.hospital import Hospital
from simulator.leakage import leaks
from simulator.lifecycle import STEPS
from simulator.office import Office
from simulator.truth.books import Books
from simulator.truth.network_tables import contribution
from simulator.truth.published import Published
from simulator.truth.reconciling import deletions
from simulator.truth.tables import true_gold
from simulator.visits import Visits


@dataclass(frozen=True)
class Assignment:
    """A hospital to simulate.

    Attributes:
        patients: registered there before the first business date.
        patients_of_smallest: of the hospitals; some of them are patients of every hospital.
        deliveries: folder of what reaches the sources.
        histories: folder of what must be published of the records.
        keeps_books: whether to book what must be published, which takes as long as the rest.
        gold_dates: business dates for whose end gold is counted as well.
    """

    name: str
    seed: int
    patients: int
    patients_of_smallest: int
    dates: Sequence[date]
    rates: DefectRates
    deliveries: Path
    histories: Path
    keeps_books: bool
    gold_dates: Collection[date]


def simulate(assignment: Assignment, delivered: Callable[[], None]) -> list[DayBook]:
    """Writes the deliveries and histories of a hospital; returns its books, date by date.

    `delivered` is called as soon as all deliveries are written: the books take longer. There are
    none if the assignment asks for none.
    """
    assignment.histories.mkdir(parents=True, exist_ok=True)
    start, *later = assignment.dates
    codes, rates = CodeSet(assignment.seed), assignment.rates
    codes.release(start, 0)
    hospital = Hospital(assignment.name, assignment.seed, start, rates)
    shared = people_of_both(assignment.seed, assignment.patients_of_smallest, start)
    register_patients(hospital, assignment.patients, shared, rates)
    open_departments(hospital)
    terms = Chance(f"{assignment.seed}/{assignment.name}/contracts")
    contracts = Contracts(terms, start, all_codes(), rates)
    open_contracts(hospital, contracts)
    office = Office(hospital, contracts, STEPS)
    write_history(hospital, office, codes.codes, rates)
    books = [_close_day(assignment, hospital, contracts, codes)]
    for today in later:
        hospital.start_day(today)
        codes.release(today, hospital.day)
        Day(hospital, Visits(office, rates), codes.codes, Pace()).live()
        books.append(_close_day(assignment, hospital, contracts, codes))
    delivered()
    if not assignment.keeps_books:
        return []
    write_histories(assignment.histories, hospital.shelves.values())
    return [book() for book in books]


def _close_day(
    assignment: Assignment, hospital: Hospital, contracts: Contracts, codes: CodeSet
) -> Callable[[], DayBook]:
    """Delivers the day; returns what books, beside the next days, what must be published then."""
    overlap_from = hospital.today - timedelta(days=1)
    counted = [
        *deliver_tables(assignment.deliveries, hospital, overlap_from),
        *deliver_files(assignment.deliveries, hospital),
    ]

    def book() -> DayBook:
        return DayBook(
            source_system=hospital.name,
            business_date=hospital.today,
            loads=counted,
            standing=standing(hospital.shelves),
            events=dict(hospital.events[-1]),
            leaks=leaks(hospital, contracts),
            overlooked={key: one.address for key, one in hospital.patients.overlooked.items()},
        )

    def book_with_gold() -> DayBook:
        shelves = {**hospital.shelves, codes.shelf.entity: codes.shelf}
        truth = Books(Published(hospital.name, hospital.today, shelves, hospital.in_flight))
        return replace(
            book(),
            contribution=contribution(truth),
            gold=true_gold(truth),
            deletions=deletions(truth.published),
        )

    if not assignment.keeps_books:
        return book
    if hospital.today not in assignment.gold_dates:
        booked = book()
        return lambda: booked
    return count_beside(
        book_with_gold, assignment.histories / f"{hospital.name}-{hospital.today}.book"
    )
