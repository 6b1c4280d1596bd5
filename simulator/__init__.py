"""Two hospitals and their payers, day by day, seeded, with an answer key.

It stands in for the real sources and shares no code with the pipeline: what it expects to be
published comes from its own books.
"""

from __future__ import annotations

from simulator.defects import LEVELS, DefectRates
from simulator.mysql import SimulatorError
from simulator.schema import HOSPITAL_TABLES
from simulator.tutorial import check_tutorial, load_tutorial
from simulator.world import World, generate, generate_again

HOSPITALS = tuple(HOSPITAL_TABLES)

__all__ = [
    "HOSPITALS",
    "LEVELS",
    "DefectRates",
    "SimulatorError",
    "World",
    "check_tutorial",
    "generate",
    "generate_again",
    "load_tutorial",
]
