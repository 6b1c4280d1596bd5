"""Small worlds in which nothing is wrong but what a test asks for."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from simulator.defects import DefectRates
from simulator.world import generate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from simulator import World

Tables = dict[str, list[dict[str, Any]]]


@contextmanager
def world(patients: int = 60, **rates: float) -> Iterator[World]:
    """A world of one increment in which nothing is wrong but what is asked for."""
    with TemporaryDirectory(prefix="troubles-") as folder:
        only = replace(DefectRates.at("none"), **rates)
        yield generate(5, patients, 1, date(2026, 1, 31), Path(folder) / "world", only)


def records(of: World) -> Tables:
    """The rows of the answer key after the first date."""
    return {name: table.to_pylist() for name, table in of.answer_key.tables(0).items()}
