"""Simulates hospitals at the same time, each in a process of its own."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from simulator.assignment import Assignment
from simulator.daybook import DayBook

ROOT = Path(__file__).resolve().parent.parent
COMMAND = (sys.executable, "-m", "simulator.worker")


@dataclass(frozen=True)
class Simulation:
    """A hospital that is being simulated."""

    process: subprocess.Popen[bytes]

    def wait_for_deliveries(self) -> None:
        """Returns when everything that reaches the sources is written.

        Raises:
            subprocess.CalledProcessError: the hospital could not be simulated; its error was
                printed.
        """
        if not (self.process.stdout and self.process.stdout.readline()):
            raise subprocess.CalledProcessError(self.process.wait(), self.process.args)

    def books(self) -> list[DayBook]:
        """Waits for the books, date by date; they can be asked for once.

        Raises:
            subprocess.CalledProcessError: they could not be counted; the error was printed.
        """
        output, _ = self.process.communicate()
        if self.process.returncode:
            raise subprocess.CalledProcessError(self.process.returncode, self.process.args)
        books: list[DayBook] = pickle.loads(output)  # noqa: S301 (written by our own process)
        return books


def simulate_all(assignments: Sequence[Assignment]) -> list[Simulation]:
    """Simulates hospitals at the same time and returns when all deliveries are written.

    The processes start from nothing: a copy of this one could inherit a lock that another of its
    threads holds. They end with this one, if nobody has asked for their books.

    Raises:
        subprocess.CalledProcessError: a hospital could not be simulated; its error was printed.
    """
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    with ExitStack() as started:
        simulations = []
        for assignment in assignments:
            process = subprocess.Popen(
                [*COMMAND, pickle.dumps(assignment).hex()], env=environment, stdout=subprocess.PIPE
            )
            started.callback(process.kill)
            simulations.append(Simulation(process))
        for simulation in simulations:
            simulation.wait_for_deliveries()
        started.pop_all()
    return simulations
