"""Trials: the same business date with faults, again until it succeeds, and then the comparison."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tools.chaos import content
from tools.chaos.differences import differences
from tools.chaos.faults import AT_RANDOM, Expected, Fault
from tools.chaos.points import Met, met
from utils.gcp import bigquery
from utils.orchestration.task_names import (
    CLOSE_RUN,
    LAND,
    PUBLISH_SILVER,
    REFRESH_GOLD,
    STAGE_SILVER,
)
from utils.settings import settings

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from tools.chaos.content import Content
    from tools.chaos.director import Director
    from tools.chaos.runner import Runner
    from tools.chaos.stage import Stage

MOST_ATTEMPTS = 30
ORPHAN_SECONDS = 3.0
PUBLISHED = ("silver", "gold")
# Tasks behind whose failure readers might see half of a layer; no task at a random moment.
_PUBLISHING = ("", STAGE_SILVER, PUBLISH_SILVER, REFRESH_GOLD, CLOSE_RUN)


@dataclass(frozen=True)
class Clean:
    """An undisturbed run of a business date, from the state that the snapshot `name` keeps.

    Attributes:
        before: what readers see before the run.
        after: every table after it.
        met: its fail points.
    """

    name: str
    day: date
    before: Content
    after: Content
    met: tuple[Met, ...]
    seconds: float


@dataclass
class Outcome:
    """What came of a trial: faults that struck, faults whose point was not met, what is wrong."""

    name: str
    planned: tuple[Fault, ...]
    injected: list[Fault] = field(default_factory=list)
    unmet: list[Fault] = field(default_factory=list)
    runs: int = 0
    wrong: list[str] = field(default_factory=list)


@dataclass
class Theatre:
    """Everything that trials need."""

    stage: Stage
    director: Director
    runner: Runner

    def everything(self) -> Content:
        """All tables and the lake's log."""
        return {**content.content(), **content.lake_log(self.stage.state.lake_mount)}

    def run_clean(self, name: str, day: date) -> Clean:
        """Runs a date undisturbed from the present state, which it keeps under a name."""
        self.stage.snapshot(name)
        before = content.content(PUBLISHED)
        begin = time.monotonic()
        self.director.begin([])
        state = self.runner.run(day)
        recorded = list(self.director.recorded)
        self.director.end()
        if state != "success":
            raise RuntimeError(f"The undisturbed run of {day} ended as {state}")
        seconds = time.monotonic() - begin
        return Clean(name, day, before, self.everything(), tuple(met(recorded)), seconds)

    def run_trial(self, clean: Clean, name: str, planned: Sequence[Fault]) -> Outcome:
        """Runs a date from its snapshot with faults until it succeeds, and compares."""
        self.stage.restore(clean.name)
        outcome = Outcome(name, tuple(planned))
        pending = list(planned)
        while outcome.runs < MOST_ATTEMPTS and not outcome.wrong:
            outcome.runs += 1
            state, injected = self._attempt(clean, pending)
            outcome.injected += injected
            outcome.wrong += self._complaints(clean, state, injected)
            if state == "success":
                break
        outcome.unmet = pending
        if not outcome.wrong:
            outcome.wrong = differences(clean.after, self.everything())
        return outcome

    def _attempt(self, clean: Clean, pending: list[Fault]) -> tuple[str, list[Fault]]:
        self.director.begin(pending)
        moments = [
            threading.Timer(fault.moment * clean.seconds, self.director.meet_moment, [fault])
            for fault in pending
            if fault.point == AT_RANDOM
        ]
        for moment in moments:
            moment.start()
        try:
            state = self.runner.run(clean.day)
        finally:
            for moment in moments:
                moment.cancel()
        self.director.end()
        self.stage.free_disks()
        self.stage.revive()
        return state, list(self.director.injected)

    def _complaints(self, clean: Clean, state: str, injected: Sequence[Fault]) -> list[str]:
        """What is wrong after a run: nothing, in a sound pipeline."""
        expected = {fault.expected for fault in injected}
        has_killed = any(fault.ends_process for fault in injected)
        wrong = []
        if state == "hung":
            wrong.append("the run did not come to an end")
        if state == "killed" and not has_killed:
            wrong.append("the process of the run ended by itself")
        if state == "failed" and expected <= {Expected.ABSORBED}:
            absorbed = "a passing fault was not absorbed by a retry"
            wrong.append(absorbed if injected else "the run failed although no fault struck it")
        if state == "success" and Expected.FAILED in expected:
            wrong.append("the run succeeded although a task was killed or refused")
        if state == "failed" and all(fault.is_recorded for fault in injected):
            wrong += self._unrecorded(clean.day)
        # A source that did not land leaves the others published, and the layers in between.
        has_landed = not any(fault.step == LAND for fault in injected)
        if state != "success" and has_landed and any(f.step in _PUBLISHING for f in injected):
            wrong += self._torn(clean)
        if has_killed:
            wrong += self._orphans()
        return wrong

    def _unrecorded(self, day: date) -> list[str]:
        runs = bigquery.query(
            f"SELECT state, failed_task FROM `{settings().table('audit', 'pipeline_runs')}` "
            "WHERE business_date = @day",
            {"day": day},
        )
        is_recorded = any(run["state"] == "FAILED" and run["failed_task"] for run in runs)
        return [] if is_recorded else [f"audit does not say that the run failed: {runs}"]

    def _torn(self, clean: Clean) -> list[str]:
        """Layers that are neither what they were nor what they will be."""
        present = content.content(PUBLISHED)
        wrong = []
        for layer in PUBLISHED:
            seen = _layer(present, layer)
            if seen not in (_layer(clean.before, layer), _layer(clean.after, layer)):
                lines = differences(_layer(clean.after, layer), seen)
                wrong.append(f"{layer} was half published: {'; '.join(lines)}")
        return wrong

    def _orphans(self) -> list[str]:
        deadline = time.monotonic() + ORPHAN_SECONDS
        while (left := self.stage.orphans()) and time.monotonic() < deadline:
            time.sleep(0.1)
        return [f"Spark batches outlived their task: {left}"] if left else []


def _layer(whole: Content, layer: str) -> Content:
    """The tables of a layer that have rows: a run creates empty ones before it publishes."""
    return {name: rows for name, rows in whole.items() if name.startswith(f"{layer}.") and rows}
