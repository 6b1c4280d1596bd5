"""The warm Airflow process of a one-shot run, and what can be read from its log."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any, Self

from local.paths import OWNER_ONLY, ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date
    from pathlib import Path

# Without it (it comes with Linux) the worker of a killed run goes on to the end of its date.
_SETPRIV = shutil.which("setpriv")
_DIES_WITH_PARENT = [_SETPRIV, "--pdeathsig", "KILL"] if _SETPRIV else []
_TASK = re.compile(r"\[DAG TEST\] (starting|end task).*? task_id=(\S+)")


class RunFailed(Exception):
    """A business date did not publish; audit says why under `run_id`."""

    def __init__(self, what: str, run_id: str, log: Path) -> None:
        super().__init__(f"{what} (log: {log})")
        self.run_id = run_id


class DagWorker:
    """Runs business dates of one DAG, one after the other, with the code below `root`."""

    def __init__(
        self, dag_id: str, environment: Mapping[str, str], log: Path, root: Path = ROOT
    ) -> None:
        self.peak_memory_mb: dict[str, int] = {}
        self._log_path = log
        log.parent.mkdir(parents=True, exist_ok=True)
        self._log = log.open("w", encoding="utf-8")
        self._process = subprocess.Popen(
            [*_DIES_WITH_PARENT, sys.executable, "-m", "local.airflow.worker", dag_id],
            cwd=root,
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            umask=OWNER_ONLY,
            start_new_session=True,  # Ctrl-C is for the run, which ends this process.
        )
        self._is_ready = False
        self._finished_tasks = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        self._log.close()

    def run(
        self,
        day: date,
        show: Callable[[str, float | None], None],
        params: Mapping[str, Any] | None = None,
    ) -> None:
        """Runs one business date; `show` hears of each task's start, then of its seconds.

        Args:
            day: the logical date; two runs of one date differ in their time of day.
            show: hears of a task that begins (None) or ended.
            params: the run's parameters where they differ from the DAG's own.

        Raises:
            RunFailed: the run failed; the message says in which task and why.
        """
        if not self._is_ready:
            show("waiting for Airflow", None)
            started = self._await_result(show)
            if started["state"] != "ready":
                why = f"Airflow cannot load the DAG: {started['error']}"
                raise RunFailed(why, "", self._log_path)
            self._is_ready = True
        wanted = {"logical_date": day.isoformat(), "params": params or {}}
        print(json.dumps(wanted), file=self._process.stdin, flush=True)
        result = self._await_result(show)
        self.peak_memory_mb = result.get("peak_memory_mb", {})
        if result["state"] != "success" or not self._finished_tasks:
            raise RunFailed(f"{day}: the run failed", str(result.get("run_id", "")), self._log_path)

    def _await_result(self, show: Callable[[str, float | None], None]) -> dict[str, Any]:
        begun = 0.0
        self._finished_tasks = 0
        for line in self._process.stdout or ():
            self._log.write(line)
            if line.startswith("RESULT "):
                self._log.flush()
                return dict(json.loads(line.removeprefix("RESULT ")))
            if found := _TASK.search(line):
                if found.group(1) == "starting":
                    begun = time.monotonic()
                    show(found.group(2), None)
                else:
                    self._finished_tasks += 1
                    show(found.group(2), time.monotonic() - begun)
        raise RunFailed("Airflow ended early", "", self._log_path)
