"""Decides at every fail point whether a fault strikes there, and has it strike."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self, TypeVar

if TYPE_CHECKING:
    from tools.chaos.faults import Effect, Fault
    from tools.chaos.points import Point
    from tools.chaos.runner import Runner
    from tools.chaos.stage import Stage

PartT = TypeVar("PartT")


@dataclass(frozen=True)
class Injected:
    """A fault at the request at which it strikes; see `proxy.Injection`."""

    fault: Fault
    director: Director

    @property
    def status(self) -> int | None:
        """The error that is answered in place of the service's response."""
        return self.fault.status

    @property
    def effect(self) -> Effect:
        """What the client sees if there is no such error."""
        return self.fault.effect

    @property
    def is_after(self) -> bool:
        """Whether the request is carried out first."""
        return self.fault.is_after

    def strike(self) -> None:
        """Does the damage."""
        self.fault.strike(self.director)


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
        """Strikes at once."""
        with self._lock:
            if not self._is_running or fault not in self._pending:
                return
            self._pending.remove(fault)
            self.injected.append(fault)
        fault.strike(self)

    def kill_task(self) -> None:
        """Ends the process of the running date."""
        _present(self.runner).kill()

    def kill_service(self, name: str) -> None:
        """Ends a service, and begins to start it again as a machine's supervisor would."""
        stage = _present(self.stage)
        stage.kill(name)
        helper = threading.Thread(target=stage.revive)
        helper.start()
        self._helpers.append(helper)

    def fill_disk(self, name: str) -> None:
        """Leaves no byte on a small disk."""
        _present(self.stage).fill_disk(name)

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
                if fault.is_lasting:
                    self._lasting.append(fault)
                return fault
        return None


def _present(part: PartT | None) -> PartT:
    if part is None:
        raise RuntimeError("The director has no stage yet")
    return part
