"""Trials: the same business date with faults, again until it succeeds, and then the comparison."""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from tools.chaos import content, faults
from tools.chaos.faults import AT_RANDOM, FATAL, SERVICES, TRANSIENT, Fault
from utils.gcp import bigquery
from utils.settings import settings

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from tools.chaos.content import Content
    from tools.chaos.points import Point
    from tools.chaos.proxy import Toxic
    from tools.chaos.runner import Runner
    from tools.chaos.stage import Stage

MOST_ATTEMPTS = 30
ORPHAN_SECONDS = 3.0
PUBLISHED = ("silver", "gold")
# Tasks behind whose failure readers might see half of a layer; no task at a random moment.
_PUBLISHING = ("", "stage_silver", "publish_silver", "refresh_gold", "close_run")


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
    met: tuple[faults.Met, ...]
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


class Injected:
    """A fault at the request at which it strikes; see `proxy.Injection`."""

    def __init__(self, fault: Fault, director: Director) -> None:
        self._fault, self._director = fault, director
        kind = fault.kind
        self.toxic: Toxic | None = "pass" if kind == "disk full" else None
        if kind in TRANSIENT or kind == "403":
            self.toxic = kind  # type: ignore[assignment]
        self.is_after = fault.is_after or kind in ("lose", "cut")

    def strike(self) -> None:
        """Does the damage."""
        self._director.strike(self._fault)


class Director:
    """Decides at every fail point whether a fault strikes there.

    A task meets at most one fault in a run, so that a failure has one cause.
    """

    def __init__(self) -> None:
        self.stage: Stage | None = None
        self.runner: Runner | None = None
        self.recorded: list[tuple[Point, str]] = []
        self.injected: list[Fault] = []
        self._pending: list[Fault] = []
        self._lasting: list[Fault] = []
        self._counts = Counter[str]()
        self._struck_tasks: set[str] = set()
        self._is_running = False
        self._lock = threading.Lock()
        self._helpers: list[threading.Thread] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Lets nothing start a service again on a stage that is taken down."""
        self.end()

    def begin(self, pending: list[Fault]) -> None:
        """Begins a run; faults that strike leave the list."""
        with self._lock:
            self._pending = pending
            self.injected, self.recorded, self._lasting = [], [], []
            self._counts.clear()
            self._struck_tasks.clear()
            self._is_running = True

    def end(self) -> None:
        """Ends a run and waits for what was begun at its faults."""
        with self._lock:
            self._is_running = False
        for helper in self._helpers:
            helper.join()
        self._helpers.clear()

    def meet(self, point: Point) -> Injected | None:
        """The fault that strikes at a point that is being met."""
        with self._lock:
            if not self._is_running or self.runner is None:
                return None
            task = self.runner.task
            self.recorded.append((point, task))
            self._counts[point.name] += 1
            found = self._due(point.name, task)
            return Injected(found, self) if found else None

    def meet_moment(self, fault: Fault) -> None:
        """Strikes now, whatever is going on."""
        with self._lock:
            if not self._is_running or fault not in self._pending:
                return
            self._pending.remove(fault)
            self.injected.append(fault)
        self.strike(fault)

    def strike(self, fault: Fault) -> None:
        """Does a fault's damage, and begins to mend what a machine's supervisor would mend."""
        if self.stage is None or self.runner is None:
            raise RuntimeError("The director has no stage yet")
        if fault.kind == "kill task":
            self.runner.kill()
        elif fault.kind == "disk full":
            reads = fault.point.startswith(("storage: read", "storage: stat", "storage: list"))
            self.stage.fill_disk("tmp" if reads else "gcs")
        elif (service := fault.kind.removeprefix("kill ")) in SERVICES:
            self.stage.kill(service)
            helper = threading.Thread(target=self.stage.revive)
            helper.start()
            self._helpers.append(helper)

    def _due(self, name: str, task: str) -> Fault | None:
        for fault in self._lasting:
            if fault.point == name:
                return fault
        if task in self._struck_tasks:
            return None
        for fault in self._pending:
            if fault.point == name and self._counts[name] >= fault.occurrence:
                self._pending.remove(fault)
                self.injected.append(fault)
                self._struck_tasks.add(task)
                if fault.kind == "403":
                    self._lasting.append(fault)
                return fault
        return None


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
        met = tuple(faults.met(recorded))
        return Clean(name, day, before, self.everything(), met, seconds)

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
            outcome.wrong = content.differences(clean.after, self.everything())
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
        """What must not be after a run, whatever struck it."""
        kinds = {fault.kind for fault in injected}
        wrong = []
        if state == "hung":
            wrong.append("the run did not come to an end")
        if state == "killed" and "kill task" not in kinds:
            wrong.append("the process of the run ended by itself")
        if state == "failed" and kinds <= TRANSIENT:
            absorbed = "a passing fault was not absorbed by a retry"
            wrong.append(absorbed if kinds else "the run failed although no fault struck it")
        if state == "success" and kinds & FATAL:
            wrong.append("the run succeeded although a task was killed or refused")
        if state == "failed" and "kill bigquery" not in kinds:
            wrong += self._unrecorded(clean.day)
        # A source that did not land leaves the others published, and the layers in between.
        has_landed = not any(fault.step == "land" for fault in injected)
        if state != "success" and has_landed and any(f.step in _PUBLISHING for f in injected):
            wrong += self._torn(clean)
        if "kill task" in kinds:
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
                lines = content.differences(_layer(clean.after, layer), seen)
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
