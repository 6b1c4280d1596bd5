"""`make airflow`: Airflow's command line with the stack's variables."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from local.paths import ROOT
from local.stack import client

if TYPE_CHECKING:
    import argparse

    from local.paths import StateFolder


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the options of `python -m local airflow`."""
    parser.add_argument("words", help="arguments of `airflow`, as one text")


def main(state: StateFolder, options: argparse.Namespace) -> int:
    """Becomes the `airflow` process."""
    environment = client.client_process_environment(client.environment(state))
    program = str(Path(sys.executable).parent / "airflow")
    os.chdir(ROOT)
    os.execve(program, [program, *shlex.split(options.words)], environment)  # noqa: S606 (no shell is wanted)
    return 1
