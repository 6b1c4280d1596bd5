"""Interrupts `make run` at its stages and lets it go on; compares all tables with a whole run."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from local.paths import ROOT, StateFolder
from local.stack import client
from tools.chaos import content
from utils.gcp import bigquery
from utils.orchestration.task_names import DAILY

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pytest

WORLD = ("--patients", "20", "--days", "1")
DAYS = ("2026-01-31", "2026-02-01")
STAGES = ("services", "hospitals", *(f"{day} {task}" for day in DAYS for task in DAILY))
LONGEST_DELAY = 2.0
_LINE = re.compile(r"^ *[\d.]+ s  (.+)$")
# A file has the time of its upload, from which the histories without dates of their own begin.
_CLOCK = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d[.\d]*(?:\+00(?::00)?|Z)?")
_BATCH = re.compile(r"\b\d{8}-[0-9a-f]{8,}\b")
_UPLOADED = {
    *("generation", "fee_schedule_version_key"),
    *("payer_term_version_key", "procedure_version_key"),
}


@dataclass(frozen=True)
class Interruption:
    """Where a run is interrupted, and how."""

    stage: str
    signal: signal.Signals


class Runs:
    """Runs of one world on one state folder."""

    def __init__(self, state: StateFolder) -> None:
        self.state = state
        self.since = datetime.now(tz=UTC).strftime("%Y-%m-%d %H:%M:%S")

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Starts a run, whose output is the process's."""
        return subprocess.Popen(
            [sys.executable, "-m", "local", "--state", str(self.state.path), "run", *WORLD, *words],
            cwd=ROOT,
            env=client.client_process_environment({"PYTHONPATH": str(ROOT)}),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def finish(self, *words: str) -> str:
        """Runs to the end and returns the output."""
        process = self.start(*words)
        output, _ = process.communicate(timeout=900)
        assert process.returncode == 0, output
        return output

    def interrupt(self, planned: Interruption, chance: random.Random, *words: str) -> None:
        """Starts a run and ends it at a stage, or at the first one behind it."""
        process = self.start(*words)
        output = process.stdout
        assert output is not None
        place = STAGES.index(planned.stage)
        seen = []
        for line in output:
            seen.append(line)
            found = _LINE.match(line.rstrip())
            if found and found[1] in STAGES[place:]:
                break
        else:
            raise AssertionError(f"{planned.stage} was not met: {''.join(seen)}")
        time.sleep(chance.uniform(0, LONGEST_DELAY))
        if planned.signal == signal.SIGINT:
            os.killpg(process.pid, signal.SIGINT)
        else:
            process.send_signal(planned.signal)
        rest, _ = process.communicate(timeout=300)
        if planned.signal == signal.SIGINT:
            assert process.returncode == 130, (planned, rest)
            assert "goes on where it stopped" in rest
            assert "Traceback" not in rest

    def content(self, monkeypatch: pytest.MonkeyPatch) -> dict[str, Counter[str]]:
        """Every row of every table, without what tells the time of day of the run."""
        for name, value in client.environment(self.state).items():
            monkeypatch.setenv(name, value)
        bigquery.client.cache_clear()
        found = content.content()
        return {
            table: Counter(self._timeless(row) for row in rows.elements())
            for table, rows in found.items()
        }

    def _timeless(self, row: str) -> str:
        """A row without times of this test, ids of batches, and keys that upload times are in."""
        text = _CLOCK.sub(lambda time: self._named(time[0]), row)
        fields = json.loads(_BATCH.sub("a batch", text))
        return json.dumps({name: value for name, value in fields.items() if name not in _UPLOADED})

    def _named(self, moment: str) -> str:
        is_now = self.since <= moment.replace("T", " ") < "9999"
        return "the test's time" if is_now else moment


def differences(expected: dict[str, Counter[str]], found: dict[str, Counter[str]]) -> list[str]:
    """The tables that differ, each with a row of either side."""
    lines = []
    for table in sorted(expected.keys() | found.keys()):
        before, after = expected.get(table, Counter()), found.get(table, Counter())
        if before != after:
            lines.append(f"{table}: {list(before - after)[:1]} became {list(after - before)[:1]}")
    return lines


def of_all_stages(number: signal.Signals) -> Sequence[Interruption]:
    """An interruption at every stage."""
    return [Interruption(stage, number) for stage in STAGES]
