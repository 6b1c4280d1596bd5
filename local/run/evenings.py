"""Brings hospitals and payers to the evening of a business date, and notes how far they are.

A date's files are delivered once, after the date before it is published, so that no earlier date
can read them. The hospitals' databases may move on before: a database that is ahead of the date
that runs next is made again up to that date.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Protocol

from local.run.landing import deliver

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local.paths import StateFolder
    from local.run.worlds import World

    Hospitals = Mapping[str, Mapping[str, object]]


class Sources(Protocol):
    """The hospitals of a world, evening by evening."""

    @property
    def dates(self) -> list[date]:
        """The business dates."""

    def move(self, index: int, landing: Path) -> None:
        """Brings the databases from one evening to the next; writes the payers' files."""


@dataclass
class Note:
    """How far the sources are; None: the databases are on their way or not made yet."""

    databases: int | None = None
    delivered: int = -1


class Evenings:
    """The evenings of a world's business dates, recorded in the state folder."""

    def __init__(self, state: StateFolder, sources: Sources, variables: Mapping[str, str]) -> None:
        self.dates = sources.dates
        self._sources, self._variables = sources, variables
        self._landing = state.path / "landing"
        self._file = state.path / "evening.json"
        self._note = Note(**json.loads(self._file.read_text())) if self._file.exists() else Note()

    def move(self, index: int) -> None:
        """Brings the databases to an evening: on from where they are, or again from the first.

        There is nothing behind the last evening to bring.
        """
        index = min(index, len(self.dates) - 1)
        reached = self._note.databases
        start = 0 if reached is None or reached > index else reached + 1
        for evening in range(start, index + 1):
            self._write(databases=None)
            self._landing.mkdir(parents=True, exist_ok=True)
            with TemporaryDirectory(dir=self._landing) as made:
                self._sources.move(evening, Path(made))
                self._keep(evening, Path(made))
            self._write(databases=evening)

    def deliver(self, index: int) -> None:
        """Delivers the files of an evening and of those before it, each once."""
        for evening in range(self._note.delivered + 1, index + 1):
            deliver(self._landing / str(evening), self._variables)
            self._write(delivered=evening)

    def _keep(self, evening: int, made: Path) -> None:
        """Keeps the files of an evening until they are delivered."""
        kept = self._landing / str(evening)
        if not kept.exists():
            made.rename(kept)
            made.mkdir()

    def _write(self, **changes: int | None) -> None:
        self._note = Note(**{**asdict(self._note), **changes})
        part = self._file.with_suffix(".part")
        part.write_text(json.dumps(asdict(self._note)))
        part.replace(self._file)


class Simulated:
    """Hospitals that the simulator makes; without the truth, which `make verify` works out."""

    def __init__(self, world: World, folder: Path, hospitals: Hospitals) -> None:
        import simulator

        self._hospitals = hospitals
        self._world = simulator.generate(
            world.seed,
            world.patients,
            world.days,
            folder=folder,
            rates=simulator.DefectRates.at(world.trouble),
            keeps_books=False,
        )
        self.dates = list(self._world.business_dates)

    def move(self, index: int, landing: Path) -> None:
        """See `Sources`."""
        self._world.apply(index, self._hospitals, landing)


class Exported:
    """Hospitals whose CSV exports are loaded; all of them belong to one business date."""

    def __init__(self, folder: Path, hospitals: Hospitals) -> None:
        import simulator

        self._folder, self._hospitals = folder, hospitals
        self.dates = [simulator.check_tutorial(folder)]

    def move(self, index: int, landing: Path) -> None:  # noqa: ARG002 (there is one evening)
        """See `Sources`."""
        import simulator

        simulator.load_tutorial(self._folder, self._hospitals, landing)
