"""Simulates hospitals at the same time, each in a process of its own."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from simulator.answer_key import DayBook
from simulator.assignment import Assignment

ROOT = Path(__file__).resolve().parent.parent
COMMAND = (sys.executable, "-m", "simulator.worker")


def simulate_all(assignments: Sequence[Assignment]) -> list[list[DayBook]]:
    """Simulates hospitals at the same time and returns the books of each.

    The processes start afresh: a copy of this one could inherit a lock that another of its threads
    holds.

    Raises:
        subprocess.CalledProcessError: a hospital could not be simulated; its error was printed.
    """
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    with ExitStack() as stack:
        processes = []
        for assignment in assignments:
            process = subprocess.Popen(
                [*COMMAND, pickle.dumps(assignment).hex()], env=environment, stdout=subprocess.PIPE
            )
            stack.enter_context(process)
            stack.callback(process.kill)
            processes.append(process)
        return [_books(process) for process in processes]


def _books(process: subprocess.Popen[bytes]) -> list[DayBook]:
    output, _ = process.communicate()
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, process.args)
    books: list[DayBook] = pickle.loads(output)  # noqa: S301 (written by our own process)
    return books
