"""Command line of the local environment: `python -m local up|down|status|ui|run`."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence

from local.errors import LocalError
from local.paths import StateFolder, state_folder
from local.stack import lifecycle as stack
from local.stack.supervisor import Ready


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and returns the exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words[:1] == ["run"]:
        from local.run.one_shot import main as run

        return run(words[1:])
    options = _parser().parse_args(words)
    try:
        return int(options.command(state_folder(options.state), options))
    except LocalError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local", description=__doc__)
    parser.add_argument("--state", help="folder of the stack (default: $RCM_STATE_DIR or .local)")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, command, text in (
        ("up", _up, "start the services that do not run yet"),
        ("down", _down, "stop all services"),
        ("status", _status, "show which services run"),
        ("ui", _ui, "start Airflow with its scheduler and web page"),
        ("run", None, "the one-shot run; see `run --help`"),
    ):
        subparser = commands.add_parser(name, help=text, description=text)
        subparser.add_argument("--engine", choices=stack.ENGINES, default="sail")
        subparser.set_defaults(command=command)
    return parser


def _up(state: StateFolder, options: argparse.Namespace) -> int:
    begin = time.monotonic()
    stack.up(state, _print_ready, options.engine)
    print(f"services are up ({time.monotonic() - begin:.1f} s)")
    return 0


def _ui(state: StateFolder, options: argparse.Namespace) -> int:
    stack.up(state, _print_ready, options.engine, with_airflow=True)
    port = next(service.port for service in stack.status(state) if service.name == "airflow")
    print(f"Airflow: http://127.0.0.1:{port} (no login: everybody on this machine is admin)")
    return 0


def _down(state: StateFolder, options: argparse.Namespace) -> int:
    stopped = stack.down(state)
    print(f"stopped: {', '.join(stopped)}" if stopped else "nothing was running")
    return 0


def _status(state: StateFolder, options: argparse.Namespace) -> int:
    """Prints one line for each service; Airflow is optional, so it does not count."""
    services = stack.status(state)
    for service in services:
        where = f"pid {service.pid:<8} port {service.port}" if service.pid else ""
        print(f"{service.name:<10} {'running' if service.pid else 'stopped':<8} {where}".rstrip())
    return 0 if all(service.pid for service in services if service.name != "airflow") else 1


def _print_ready(ready: Ready) -> None:
    duration = "was running" if ready.seconds is None else f"ready in {ready.seconds:4.1f} s"
    print(f"{ready.name:<10} {duration:<15} pid {ready.pid:<8} port {ready.port}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
