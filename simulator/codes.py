"""The public code set of procedures: a first release, and a second one that revises it.

Labels are the simulator's own; no text of a licensed code set is used.
"""

from __future__ import annotations

from datetime import date

from simulator.chance import Chance
from simulator.clock import PAYER_ZONE, end_of_day
from simulator.defects import DefectRates
from simulator.model import Procedure
from simulator.rows import csv_line, render
from simulator.schema import CODES
from simulator.scribe import Scribe
from simulator.shelf import Row, Shelf
from simulator.vocabulary import CODES_PER_CATEGORY, EMERGING_PROCEDURES, PROCEDURE_CATEGORIES

SOURCE_SYSTEM, CODES_TABLE = "reference_codes", CODES.name
SECOND_RELEASE_DAY = 1
ADDED_LATER = Procedure("0589T", "Emerging technology", "Emerging service 5, any site", "Added")


class CodeSet:
    """The code set's file and its books."""

    def __init__(self, seed: int) -> None:
        self.shelf: Shelf[Procedure] = Shelf(SOURCE_SYSTEM, "procedures")
        self._scribe = Scribe(Chance(f"{seed}/{SOURCE_SYSTEM}/scribe"), DefectRates.at("none"))

    @property
    def codes(self) -> list[str]:
        """All codes."""
        return list(self.shelf.current)

    def release(self, today: date, day: int) -> bytes | None:
        """Returns the file that the owner publishes on this business date, or None."""
        if day == 0:
            changed = _first_release()
        elif day == SECOND_RELEASE_DAY:
            changed = self._second_release()
        else:
            return None
        stamp = end_of_day(today, PAYER_ZONE)
        for procedure in changed:
            line = render("procedures", procedure, stamp.at, PAYER_ZONE, self._scribe)
            self.shelf.write(procedure, Row(line, stamp, day, opens_version=True))
        lines = [csv_line(CODES.columns), *(row.line for row in self.shelf.rows.values())]
        return "".join(f"{line}\n" for line in lines).encode()

    def _second_release(self) -> list[Procedure]:
        first, second, *_ = self.shelf.current.values()
        return [
            first._replace(code_status="Revised", description=f"{first.description}, revised"),
            second._replace(code_status="Moved to another category"),
            ADDED_LATER,
        ]


def all_codes() -> list[str]:
    """Returns the codes of both releases."""
    return [procedure.procedure_code for procedure in (*_first_release(), ADDED_LATER)]


def _first_release() -> list[Procedure]:
    listed = [
        Procedure(str(number + level), category, f"{category}, level {level + 1}", "No change")
        for category, number in PROCEDURE_CATEGORIES.items()
        for level in range(CODES_PER_CATEGORY)
    ]
    emerging = [
        Procedure(code, "Emerging technology", f"Emerging service {number}, any site", "Added")
        for number, code in enumerate(EMERGING_PROCEDURES, start=1)
    ]
    return listed + emerging
