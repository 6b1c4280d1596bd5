"""Command line of the local environment: `python -m local <command>`."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import traceback
from collections.abc import Sequence
from importlib import import_module
from types import FrameType

from local.errors import LocalError

# A command is a module with `add_arguments(parser)` and `main(state, options)`.
COMMANDS = {
    "up": ("local.stack.up", "start the services that do not run yet"),
    "down": ("local.stack.down", "stop all services"),
    "status": ("local.stack.status", "show which services run"),
    "ui": ("local.stack.ui", "start Airflow with its scheduler and web page"),
    "run": ("local.run.one_shot", "run the pipeline from two hospitals to gold"),
    "date": ("local.run.dates", "run one business date, or all of a range"),
    "sql": ("local.run.sql", "ask the warehouse"),
    "airflow": ("local.airflow.command", "Airflow's command line with the stack's variables"),
    "deliver": ("local.run.deliver", "put a payer's file into the landing bucket"),
    "check": ("local.run.check", "try configuration, connections and sources; write nothing"),
    "case": ("local.run.case", "run a folder of SQL and files on an empty stack"),
}
REPEATABLE = ("run", "date")
INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and returns the exit code; every failure is one line."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    name = next((word for word in words if word in COMMANDS), "")
    try:
        return _run(name, words)
    except KeyboardInterrupt:
        goes_on = "the same command, without FRESH=1, goes on where it stopped"
        print(f"\ninterrupted: {goes_on if name in REPEATABLE else name}", file=sys.stderr)
        return INTERRUPTED
    except Exception as error:
        if os.environ.get("VERBOSE"):
            traceback.print_exc()
        print(f"error: {_message(error)}", file=sys.stderr)
        return 1


def _run(name: str, words: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m local", description=__doc__)
    parser.add_argument("--state", help="folder of the stack (default: $RCM_STATE_DIR or .local)")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for known, (module, text) in COMMANDS.items():
        command = commands.add_parser(known, help=text, description=text)
        if known == name:
            chosen = import_module(module)
            chosen.add_arguments(command)
    options = parser.parse_args(words)
    from local.paths import OWNER_ONLY, state_folder

    os.umask(OWNER_ONLY)
    return int(chosen.main(state_folder(options.state), options))


def _message(error: Exception) -> str:
    """What is wrong, for the person at the keyboard."""
    if isinstance(error, LocalError):
        # It may say that the packages are missing which the imports below need.
        return str(error)
    from local.airflow.process import RunFailed
    from local.run import report
    from simulator import SimulatorError
    from utils.errors import PipelineError

    if isinstance(error, RunFailed):
        reason = report.failure(error.run_id) if error.run_id else ""
        return f"{error}: {reason}" if reason else str(error)
    if isinstance(error, PipelineError | SimulatorError):
        return str(error)
    first_line = next(iter(str(error).splitlines()), "")
    return f"{type(error).__name__}: {first_line} (VERBOSE=1 shows where)"


def _interrupt(number: int, frame: FrameType | None) -> None:
    """Ends the command in an orderly way; a second signal does not disturb its end."""
    for same in (signal.SIGINT, signal.SIGTERM):
        signal.signal(same, signal.SIG_IGN)
    raise KeyboardInterrupt


if __name__ == "__main__":
    signal.signal(signal.SIGINT, _interrupt)
    signal.signal(signal.SIGTERM, _interrupt)
    sys.exit(main())
