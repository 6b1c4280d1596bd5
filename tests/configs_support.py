"""The tests' own sources, independent of what stands in `configs/sources/`."""

from __future__ import annotations

from pathlib import Path

from local.paths import ROOT
from tools.shipped import SHIPPED


def lay_configs(folder: Path) -> Path:
    """A folder of configuration files with the shipped sources only."""
    (folder / "sources").mkdir(parents=True)
    for path in (ROOT / "configs").iterdir():
        if path.name != "sources":
            (folder / path.name).symlink_to(path)
    for name in SHIPPED:
        (folder / "sources" / f"{name}.yaml").symlink_to(
            ROOT / "configs" / "sources" / f"{name}.yaml"
        )
    return folder
