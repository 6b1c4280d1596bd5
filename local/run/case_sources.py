"""Which hospitals take part in a case: those for which it has SQL or files."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING

from local.errors import LocalError

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

STATEMENTS = re.compile(r"day\d+\.(\w+)\.sql")


def hospitals_of(origins: Sequence[Path]) -> set[str]:
    """The hospitals for which one of the folders has statements or delivered files.

    Raises:
        LocalError: statements are for a hospital that `configs/sources/` does not have.
    """
    from utils.contracts.sources import hospital_sources

    files = [file for origin in origins for file in origin.iterdir()]
    filled = {named[1]: file for file in files if (named := STATEMENTS.fullmatch(file.name))}
    if unknown := filled.keys() - hospital_sources().keys():
        name = min(unknown)
        raise LocalError(
            f"{filled[name]}: there is no hospital {name}; write one of "
            f"{', '.join(hospital_sources())}, or make its source file first"
        )
    delivered = {
        folder.name for origin in origins for folder in origin.glob("landing/day*/*/*/")
    } & hospital_sources().keys()
    return filled.keys() | delivered


def lay_configs(hospitals: Collection[str], folder: Path) -> Path:
    """Copies the configuration without the other hospitals, whose databases are empty."""
    from utils.contracts.sources import hospital_sources
    from utils.paths import CONFIGS

    shutil.copytree(CONFIGS, folder)
    for name in hospital_sources().keys() - set(hospitals):
        (folder / "sources" / f"{name}.yaml").unlink()
    return folder
