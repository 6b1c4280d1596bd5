"""What the kill test prints: how many faults struck, at which step, and what came of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from tools.chaos.faults import FAULTS
from utils.orchestration import task_names

if TYPE_CHECKING:
    from rich.console import Console

    from tools.chaos.faults import Fault
    from tools.chaos.trials import Outcome

_STEPS = (*task_names.DAILY, "")


@dataclass
class Result:
    """All trials of a seed.

    Attributes:
        is_whole: whether there were faults enough for every durable fail point.
        is_stopped: whether someone ended the test before its last trial.
        durable_points: those of the undisturbed runs.
        never_met: faults whose point no run of their trials came to.
    """

    is_whole: bool
    is_stopped: bool = False
    durable_points: set[str] = field(default_factory=set)
    outcomes: list[Outcome] = field(default_factory=list)
    never_met: list[Fault] = field(default_factory=list)

    @property
    def injected(self) -> list[Fault]:
        """Every fault that struck."""
        return [fault for outcome in self.outcomes for fault in outcome.injected]

    @property
    def wrong(self) -> list[Outcome]:
        """The trials with something wrong."""
        return [outcome for outcome in self.outcomes if outcome.wrong]

    @property
    def missed_points(self) -> list[str]:
        """Durable fail points at which nothing struck."""
        struck = {fault.point for fault in self.injected}
        return sorted(self.durable_points - struck)


def show_trial(console: Console, outcome: Outcome) -> None:
    """One line for a trial; all of its faults and what is wrong, if something is."""
    console.print(
        f"trial {outcome.name}: {len(outcome.injected)} faults in {outcome.runs} runs: "
        + ("[bold red]different[/]" if outcome.wrong else "equal"),
        highlight=False,
    )
    if outcome.wrong:
        for line in [f"after {fault}" for fault in outcome.injected] + outcome.wrong:
            console.print(f"  {escape(line)}", highlight=False)


def show(console: Console, result: Result) -> int:
    """Prints the summary and returns the exit code."""
    counts = Counter((fault.name, fault.step) for fault in result.injected)
    steps = [step for step in _STEPS if any(task == step for _, task in counts)]
    table = Table(title="Faults that struck", title_justify="left", box=SIMPLE_HEAD)
    table.add_column("fault", no_wrap=True)
    for step in [*steps, "all"]:
        table.add_column(step.replace("_", "\n") or "random\nmoment", justify="right")
    for kind in FAULTS:
        row = [counts[kind.name, step] for step in steps]
        if any(row):
            table.add_row(kind.name, *(str(number or "") for number in row), str(sum(row)))
    console.print(table)
    missed = result.missed_points
    durable = result.durable_points
    runs = sum(outcome.runs for outcome in result.outcomes)
    console.print(
        f"{len(result.injected)} faults struck in {len(result.outcomes)} trials and {runs} runs; "
        f"{len(durable) - len(missed)} of {len(durable)} durable steps were hit; "
        f"{len(result.never_met)} faults found their point gone.",
        highlight=False,
    )
    return _verdict(console, result, missed)


def _verdict(console: Console, result: Result, missed: list[str]) -> int:
    for outcome in result.wrong:
        console.print(f"[bold red]trial {outcome.name} differs[/]; see above", highlight=False)
    if result.is_whole and missed:
        console.print(f"[bold red]never struck:[/] {escape(', '.join(missed))}", highlight=False)
    if result.wrong or not result.injected or (result.is_whole and missed):
        return 1
    console.print("Every table equals the undisturbed run's: nothing was lost, nothing doubled.")
    if result.is_stopped:
        console.print("[bold red]stopped[/] before its last trial", highlight=False)
    return int(result.is_stopped)
