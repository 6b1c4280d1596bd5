"""Which hospitals a state folder holds, and the refusal to erase them unasked."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from local.errors import LocalError
from local.stack import client
from local.stack import lifecycle as stack

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from local.paths import StateFolder

# What a run makes of a world. The databases' server stays: it may serve other hospitals too.
ERASED = {
    "bigquery": "the warehouse",
    "gcs": "the lake and the delivered files",
    "simulator": "the simulated world",
    "landing": "its files",
    "answer_key": "its answer key",
    "airflow": "Airflow's history",
}
_ERASING = {"erasing": True}


@dataclass(frozen=True)
class World:
    """What the hospitals of a run are: simulated from a seed, or loaded from exports.

    `trouble` is how often the simulated ones meet what sources and payers really send.
    """

    seed: int
    patients: int
    days: int
    data: str | None
    trouble: str = "default"

    def __str__(self) -> str:
        """The world as `make run` takes it."""
        if self.data:
            return f"DATA={self.data}"
        trouble = "" if self.trouble == "default" else f" TROUBLE={self.trouble}"
        return f"SEED={self.seed} PATIENTS={self.patients} DAYS={self.days}{trouble}"


def asked_for(
    seed: int, patients: int, days: int, data: str | None, trouble: str = "default"
) -> World:
    """The world that the command line names; exports are checked before anything is touched.

    Raises:
        SimulatorError: the exports lack a folder, a file or a column.
    """
    if data is None:
        return World(seed, patients, days, None, trouble)
    from simulator import check_tutorial

    folder = Path(data).expanduser().resolve()
    check_tutorial(folder)
    return World(seed, patients, 0, str(folder))


def claim(state: StateFolder, world: World, *, is_fresh: bool, say: Callable[[str], None]) -> bool:
    """Makes sure that the state folder is this world's, or empty.

    Returns:
        Whether a run filled it before, this world's.

    Raises:
        LocalError: it holds another world.
    """
    file = state.path / "world.json"
    known = json.loads(file.read_text(encoding="utf-8")) if file.exists() else None
    if is_fresh or known == _ERASING:
        erased = _erase(state)
        say(f"erased: {', '.join(erased) or 'nothing, as there was nothing'}")
        return True
    if known is not None and World(**known) != world:
        raise LocalError(
            f"{state.path} holds {World(**known)}, and you ask for {world}: "
            "FRESH=1 erases the first, WORLD=<name> keeps both"
        )
    return known is not None


def settle(state: StateFolder, world: World) -> None:
    """Notes whose state folder it is."""
    _write(state.path / "world.json", asdict(world))


def require_empty(state: StateFolder, hospitals: Mapping[str, Mapping[str, object]]) -> None:
    """Makes sure that a state which no run filled has nothing that a run would replace.

    Raises:
        LocalError: a hospital has tables, or a date was run there.
    """
    from simulator.mysql import transaction
    from utils.gcp import bigquery
    from utils.settings import settings

    found = []
    for name, parameters in hospitals.items():
        with transaction(parameters) as cursor:
            cursor.execute("SHOW TABLES")
            found += [f"{name}.{table}" for (table,) in cursor.fetchall()]
    datasets = {dataset.dataset_id for dataset in bigquery.client().list_datasets()}
    if settings().dataset("audit") in datasets:
        found.append("a warehouse")
    if found:
        raise LocalError(
            f"{state.path} has what no `make run` made ({', '.join(found[:3])}"
            f"{', …' if len(found) > 3 else ''}): FRESH=1 replaces it, WORLD=<name> keeps it"
        )


def _erase(state: StateFolder) -> list[str]:
    """Erases what runs made; if it is cut short, the next run ends it."""
    state.create()
    _write(state.path / "world.json", _ERASING)
    stack.down(state)
    (state.path / "evening.json").unlink(missing_ok=True)
    client.forget_end(state)
    found = [name for name in ERASED if (state.path / name).exists()]
    for name in found:
        shutil.rmtree(state.path / name)
    return [f"{ERASED[name]} ({state.path / name})" for name in found]


def _write(file: Path, content: Mapping[str, object]) -> None:
    part = file.with_suffix(".part")
    part.write_text(json.dumps(content), encoding="utf-8")
    part.replace(file)
