"""What simulator tests share: a small world, and its sources and answer key as Python values."""

from __future__ import annotations

import re
import tempfile
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from simulator.defects import DefectRates
from simulator.schema import HOSPITAL_TABLES
from simulator.world import generate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulator import World

SEED, PATIENTS, DAYS, START = 5, 1_200, 2, date(2026, 1, 31)
HOSPITALS = tuple(HOSPITAL_TABLES)
Record = dict[str, Any]
# Rows typed wrong and leaks, and nothing that sources and payers mean otherwise than they say.
MEANT_OTHERWISE = (
    "denied_as_processed", "reason_behind_contractual", "allowed_not_said", "crossover",
    "forwarded_as_not_ours", "priced_only", "corrected_on_one_day", "number_of_two_payers",
    "posted_while_read", "charge_held_later", "amount_without_zero",
    "invisible_in_amount", "time_in_another_spelling", "day_with_midnight", "rate_left_open",
    "end_that_never_comes", "start_since_ever", "limit_that_is_none",
    "posting_to_unknown_charge", "held_charge_with_journal", "charge_deleted", "evening_charge",
    "dst_night", "entry_on_placeholder_day", "key_spelled_alike",
    "stamp_set_back", "new_payer", "posting_on_placeholder_day",
)  # fmt: skip
PLAIN = replace(DefectRates(), **dict.fromkeys(MEANT_OTHERWISE, 0.0))


@dataclass(frozen=True)
class Simulated:
    """A world with the tables of its answer key, one dictionary per business date."""

    world: World
    keys: tuple[dict[str, pa.Table], ...]
    folder: tempfile.TemporaryDirectory[str]  # removed with the process

    def records(self, name: str, day: int = DAYS) -> list[Record]:
        """The rows of an answer-key table after a business date."""
        rows: list[Record] = self.keys[day][name].to_pylist()
        return rows

    def current(self, entity: str, day: int = DAYS) -> list[Record]:
        """The current versions of an entity after a business date."""
        return [row for row in self.records(f"silver.{entity}", day) if row["is_current"]]

    def material(self, day: int) -> Path:
        """The folder with what reached the sources on a business date."""
        return self.world.folder / self.world.business_dates[day].isoformat()

    def table_lines(self, hospital: str, table: str) -> list[str]:
        """The lines of a hospital's table after the last business date."""
        lines: list[str] = []
        for day in range(DAYS + 1):
            folder = self.material(day) / "mysql" / hospital
            gone = set(_lines(folder / f"{table}.replaced"))
            lines = [line for line in lines if line.split("\t")[0] not in gone]
            lines += _lines(folder / f"{table}.tsv")
        return lines


@cache
def simulated() -> Simulated:
    """The world that tests look at; they must not change it."""
    folder = tempfile.TemporaryDirectory(prefix="simulator-tests-")
    world = small_world(Path(folder.name))
    return Simulated(world, tuple(world.answer_key.tables(day) for day in range(DAYS + 1)), folder)


def small_world(folder: Path, seed: int = SEED, patients: int = PATIENTS) -> World:
    """A world of two increments."""
    return generate(seed, patients, DAYS, START, folder, PLAIN)


def code(typed: str) -> str:
    """An identifier as it was meant."""
    return re.sub(r"[\s\u200b\u00a0]", "", typed).upper()


def identities(records: Sequence[Record], key: str) -> list[tuple[str, str]]:
    """The source system and natural key of each record."""
    return [(record["source_system"], record[key]) for record in records]


def _lines(file: Path) -> list[str]:
    return file.read_text(encoding="utf-8").split("\n")[:-1]
