"""How a seed draws faults and spreads them over fail points and trials."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from tools.chaos.faults import AT_RANDOM, Expected, Fault
from utils.orchestration import task_names

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tools.chaos.points import Met

_RANDOM_SHARE = 0.15
_READ_SHARE = 0.5
# What one task of a line did is done again as long as the line's last one did not succeed.
_LINES = (task_names.TO_SILVER, (task_names.REFRESH_GOLD, task_names.CLOSE_RUN))


def draw(points: Sequence[Met], count: int, seed: str, kinds: Sequence[type[Fault]]) -> list[Fault]:
    """Draws faults: every durable point once in an order of chance, then all points and moments.

    The same points, count, seed and kinds give the same faults. Each fault has dice of its own, so
    that one more or less answer to wait for in the undisturbed run changes no other fault.
    """
    durable = [point for point in points if point.is_durable]
    others = [point for point in points if not point.is_durable]
    order = random.Random(seed).sample(durable, len(durable))
    drawn = [_at(point, random.Random(f"{seed}/{point.name}"), kinds) for point in order]
    while len(drawn) < count:
        chance = random.Random(f"{seed}/{len(drawn)}")
        if chance.random() < _RANDOM_SHARE:
            drawn.append(_at_random(chance, kinds))
        else:
            group = others if others and chance.random() < _READ_SHARE else durable
            drawn.append(_at(chance.choice(group), chance, kinds))
    return drawn[:count]


def _at_random(chance: random.Random, kinds: Sequence[type[Fault]]) -> Fault:
    kind = chance.choice([kind for kind in kinds if kind.strikes_anytime])
    return kind(AT_RANDOM, moment=round(chance.uniform(0.05, 0.95), 2))


def _at(point: Met, chance: random.Random, kinds: Sequence[type[Fault]]) -> Fault:
    possible = [kind for kind in kinds if kind.weight(point)]
    kind = chance.choices(possible, [kind.weight(point) for kind in possible])[0]
    occurrence = chance.randint(1, point.times)
    if kind.strikes_anytime and chance.random() < 0.5:
        return kind(point.name, occurrence, is_after=True, task=point.task)
    return kind(point.name, occurrence, task=point.task)


def spread(faults: Sequence[Fault], places: Mapping[str, int], size: int) -> list[list[Fault]]:
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


def _fits(fault: Fault, trial: Sequence[Fault], places: Mapping[str, int]) -> bool:
    if fault.point == AT_RANDOM:
        return all(other.point != AT_RANDOM for other in trial)
    same_task = [other for other in trial if other.task == fault.task]
    together = sorted([*same_task, fault], key=lambda item: places[item.point])
    survived = sum(item.expected is not Expected.FAILED for item in together[:-1])
    return survived <= sum(_repeats(other, fault.task) for other in trial)


def _repeats(fault: Fault, task: str) -> bool:
    """Whether a fault ends a run so that the next one does the work of an earlier task again."""
    return fault.expected is Expected.FAILED and any(
        task in line and fault.task in line[line.index(task) + 1 :] for line in _LINES
    )
