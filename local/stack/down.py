"""`make down`: stops every service."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local.paths import StateFolder
from local.stack import lifecycle as stack

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    parser.add_argument("--all", action="store_true", help="also the services of the other worlds")


def main(state: StateFolder, options: argparse.Namespace) -> int:
    """Stops the services and says which ran."""
    worlds = sorted((state.path / "worlds").glob("*/")) if options.all else []
    for one in [state, *(StateFolder(path) for path in worlds)]:
        stopped = stack.down(one)
        where = "" if one == state else f"{one.path.name}: "
        print(f"{where}stopped: {', '.join(stopped)}" if stopped else f"{where}nothing was running")
    return 0
