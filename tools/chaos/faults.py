"""Which faults there are, and how a seed spreads them over fail points and trials."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, get_args

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tools.chaos.points import Point

Kind = Literal[
    "latency",
    "refuse",
    "cut",
    "lose",
    "409",
    "412",
    "429",
    "503",
    "403",
    "kill task",
    "kill spark",
    "kill mariadb",
    "kill storage",
    "kill bigquery",
    "disk full",
]
KINDS: tuple[Kind, ...] = get_args(Kind)
# Retries have to absorb these: a run with no more than one of them in a task succeeds.
TRANSIENT: frozenset[Kind] = frozenset(
    {"latency", "refuse", "cut", "lose", "409", "412", "429", "503"}
)
# After these nothing of the run goes on.
FATAL: frozenset[Kind] = frozenset({"kill task", "403"})
# What one task of a line did is done again as long as the line's last one did not succeed.
_LINES = (
    ("plan_silver", "build_silver", "stage_silver", "publish_silver"),
    ("refresh_gold", "close_run"),
)
SERVICES = ("spark", "mariadb", "storage", "bigquery")
AT_RANDOM = "a random moment"

_EVERYWHERE: dict[Kind, int] = {"kill task": 4}
_AT_SERVICE: dict[str, dict[Kind, int]] = {
    "storage": {"kill storage": 2, "disk full": 1},
    "bigquery": {"kill bigquery": 2},
    "mysql": {"kill mariadb": 3, "refuse": 2, "cut": 2},
    "spark": {"kill spark": 4, "disk full": 2},
}
_AT_REQUEST: dict[Kind, int] = {"latency": 1, "refuse": 1, "cut": 1, "429": 1, "503": 1, "lose": 2}
_AT_CHANGE: dict[Kind, int] = {"lose": 2, "409": 1, "412": 1, "403": 1}
_RANDOM_SHARE = 0.15
_READ_SHARE = 0.5


@dataclass(frozen=True)
class Met:
    """A fail point of an undisturbed run: its task, how often it is met, and its place in line."""

    name: str
    task: str
    is_durable: bool
    times: int
    place: int


@dataclass(frozen=True)
class Fault:
    """One fault at a fail point.

    Attributes:
        occurrence: which meeting of the point within a run, from 1.
        is_after: a kill strikes when the request was carried out, instead of before it.
        moment: for `AT_RANDOM` the share of an undisturbed run's time.
    """

    kind: Kind
    point: str
    occurrence: int = 1
    is_after: bool = False
    moment: float = 0.0
    task: str = ""

    @property
    def step(self) -> str:
        """The task, whichever source it works for."""
        return self.task.partition("[")[0]

    def __str__(self) -> str:
        """Names kind and place, as the report does."""
        if self.point == AT_RANDOM:
            return f"{self.kind} at {self.moment:.0%} of the run"
        when = ("after" if self.is_after else "before") if self.kind.startswith("kill") else "at"
        return f"{self.kind} {when} [{self.point}] ({self.task}, meeting {self.occurrence})"


def met(recorded: Iterable[tuple[Point, str]]) -> list[Met]:
    """The fail points of an undisturbed run, by name.

    What a task reads or loads side by side comes in an order of chance: it shares a place.
    """
    found: dict[str, Met] = {}
    beside: dict[tuple[str, str], int] = {}
    for order, (point, task) in enumerate(recorded):
        known = found.get(point.name)
        if known:
            found[point.name] = replace(known, times=known.times + 1)
            continue
        service = point.name.partition(":")[0]
        is_read = task.startswith("land[") and service != "bigquery"
        if is_read or point.name.startswith("bigquery: load "):
            place = beside.setdefault((task, "reads" if is_read else "loads"), order)
        else:
            place = order
        found[point.name] = Met(point.name, task, point.is_durable, 1, place)
    return [found[name] for name in sorted(found)]


def draw(points: Sequence[Met], count: int, seed: str, kinds: Iterable[Kind]) -> list[Fault]:
    """Draws faults: every durable point once in an order of chance, then all points and moments.

    The same points, count, seed and kinds give the same faults. Each fault has dice of its own, so
    that one more or less answer to wait for in the undisturbed run changes no other fault.
    """
    allowed = set(kinds)
    durable = [point for point in points if point.is_durable]
    others = [point for point in points if not point.is_durable]
    order = random.Random(seed).sample(durable, len(durable))
    drawn = [_fault(point, random.Random(f"{seed}/{point.name}"), allowed) for point in order]
    while len(drawn) < count:
        chance = random.Random(f"{seed}/{len(drawn)}")
        if chance.random() < _RANDOM_SHARE:
            drawn.append(_at_random(chance, allowed))
        else:
            group = others if others and chance.random() < _READ_SHARE else durable
            drawn.append(_fault(chance.choice(group), chance, allowed))
    return drawn[:count]


def _at_random(chance: random.Random, allowed: set[Kind]) -> Fault:
    victims = [kind for kind in KINDS if kind.startswith("kill") and kind in allowed]
    return Fault(chance.choice(victims), AT_RANDOM, moment=round(chance.uniform(0.05, 0.95), 2))


def _fault(point: Met, chance: random.Random, allowed: set[Kind]) -> Fault:
    weights = {kind: weight for kind, weight in _weights(point).items() if kind in allowed}
    kind = chance.choices(list(weights), list(weights.values()))[0]
    return Fault(
        kind=kind,
        point=point.name,
        occurrence=chance.randint(1, point.times),
        is_after=kind.startswith("kill") and chance.random() < 0.5,
        task=point.task,
    )


def _weights(point: Met) -> dict[Kind, int]:
    service = point.name.partition(":")[0]
    weights = Counter(_EVERYWHERE) + Counter(_AT_SERVICE[service])
    if service in ("storage", "bigquery"):
        weights += Counter(_AT_REQUEST)
        if point.is_durable:
            weights += Counter(_AT_CHANGE)
    return dict(weights)


def spread(faults: Sequence[Fault], places: dict[str, int], size: int) -> list[list[Fault]]:
    """Spreads faults over trials of about `size` faults each.

    A fault at a point that another one of the trial ends for good (the load is landed then) would
    never be met, so a task takes a second fault behind one that leaves it to succeed only if a
    later task has a fault that makes the trial run it again.
    """
    trials: list[list[Fault]] = []
    for fault in faults:
        fitting = (trial for trial in trials if len(trial) < size and _fits(fault, trial, places))
        trial = next(fitting, None)
        if trial is None:
            trials.append([fault])
        else:
            trial.append(fault)
    return trials


def _fits(fault: Fault, trial: Sequence[Fault], places: dict[str, int]) -> bool:
    if fault.point == AT_RANDOM:
        return all(other.point != AT_RANDOM for other in trial)
    same_task = [other for other in trial if other.task == fault.task]
    together = sorted([*same_task, fault], key=lambda item: places[item.point])
    survived = sum(item.kind not in FATAL for item in together[:-1])
    return survived <= sum(_repeats(other, fault.task) for other in trial)


def _repeats(fault: Fault, task: str) -> bool:
    """Whether a fault ends a run so that the next one does the work of an earlier task again."""
    return fault.kind in FATAL and any(
        task in line and fault.task in line[line.index(task) + 1 :] for line in _LINES
    )
