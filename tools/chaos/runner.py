"""Runs business dates in a process that may be killed, and notes which task runs.

A mapped task is noted as `land[2]`: its instances do different work and fail alone.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Self

from local.paths import ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date
    from pathlib import Path

RUN_SECONDS = 420.0
_STARTING = re.compile(r"\[DAG TEST\] starting task_id=(\S+) map_index=(\S+)")


class Runner:
    """Runs one business date after the other; `task` is the one that runs."""

    def __init__(self, dag_id: str, environment: Mapping[str, str], log: Path) -> None:
        self.task = ""
        self._child: int | None = None
        self._is_hung = False
        self._log = log.open("a", encoding="utf-8")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tools.chaos.dag_process", dag_id],
            cwd=ROOT,
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def __enter__(self) -> Self:
        if (result := self._await_result())["state"] != "ready":
            raise RuntimeError(f"The DAG cannot be loaded: {result.get('error')}")
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        self._process.kill()
        self._process.wait()
        self._log.close()

    def run(self, day: date) -> str:
        """Runs a date to its end: `success`, `failed`, `killed`, or `hung` after seven minutes."""
        self._is_hung = False
        watchdog = threading.Timer(RUN_SECONDS, self._end_hung)
        watchdog.start()
        try:
            print(day.isoformat(), file=self._process.stdin, flush=True)
            state = str(self._await_result()["state"])
        finally:
            watchdog.cancel()
        self._child, self.task = None, ""
        return "hung" if self._is_hung else state

    def kill(self) -> None:
        """Ends the process of the running date, as the kernel does when memory is short."""
        if self._child:
            with suppress(ProcessLookupError):
                os.kill(self._child, signal.SIGKILL)

    def _end_hung(self) -> None:
        self._is_hung = True
        self.kill()

    def _await_result(self) -> dict[str, Any]:
        for line in self._process.stdout or ():
            self._log.write(line)
            if line.startswith("CHILD "):
                self._child = int(line.split()[1])
            if found := _STARTING.search(line):
                self.task = found[1] if found[2] == "-1" else f"{found[1]}[{found[2]}]"
            if line.startswith("RESULT "):
                self._log.flush()
                return dict(json.loads(line.removeprefix("RESULT ")))
        raise RuntimeError(f"The Airflow process ended by itself (log: {self._log.name})")
