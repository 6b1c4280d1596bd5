"""`make ui`: starts Airflow with its scheduler and web page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local.stack import lifecycle as stack
from local.stack.up import add_arguments, print_ready

if TYPE_CHECKING:
    import argparse

    from local.paths import StateFolder

__all__ = ["add_arguments", "main"]


def main(state: StateFolder, options: argparse.Namespace) -> int:
    """Starts everything and prints the page's address."""
    stack.up(state, print_ready, options.engine, with_airflow=True)
    port = next(service.port for service in stack.status(state) if service.name == "airflow")
    print(f"Airflow: http://127.0.0.1:{port} (no login: everybody on this machine is admin)")
    return 0
