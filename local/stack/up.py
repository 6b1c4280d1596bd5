"""`make up`: starts the services that do not run yet."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from local.stack import lifecycle as stack

if TYPE_CHECKING:
    import argparse

    from local.paths import StateFolder
    from local.stack.supervisor import Ready


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    parser.add_argument("--engine", choices=stack.ENGINES, default="sail")


def main(state: StateFolder, options: argparse.Namespace) -> int:
    """Starts the services and returns the exit code."""
    begin = time.monotonic()
    stack.up(state, print_ready, options.engine)
    print(f"services are up ({time.monotonic() - begin:.1f} s)")
    return 0


def print_ready(ready: Ready) -> None:
    """Prints the line of a service that answers."""
    duration = "was running" if ready.seconds is None else f"ready in {ready.seconds:4.1f} s"
    print(f"{ready.name:<10} {duration:<15} pid {ready.pid:<8} port {ready.port}", flush=True)
