"""`make status`: shows which services run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local.stack import lifecycle as stack

if TYPE_CHECKING:
    import argparse

    from local.paths import StateFolder


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """There are no options."""


def main(state: StateFolder, options: argparse.Namespace) -> int:  # noqa: ARG001 (a command's signature)
    """Prints one line for each service; Airflow is optional, so a stack is up without it."""
    services = stack.status(state)
    for service in services:
        where = f"pid {service.pid:<8} port {service.port}" if service.pid else ""
        print(f"{service.name:<10} {'running' if service.pid else 'stopped':<8} {where}".rstrip())
    if not all(service.pid for service in services if service.name != "airflow"):
        print("`make up` starts the services, `make ui` Airflow too")
    return 0
