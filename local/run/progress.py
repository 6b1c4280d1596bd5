"""What a run shows while it works: bars at a terminal, a line a step anywhere else."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from rich.progress import BarColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as RichProgress

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console


class Progress(Protocol):
    """Stages, each with a number of steps."""

    def begin(self, stage: str, steps: int | None = None) -> None:
        """A stage begins; the one before it has ended."""

    def step(self, name: str) -> None:
        """A step of the stage begins."""

    def advance(self) -> None:
        """A step of the stage has ended."""

    def end(self, outcome: str) -> None:
        """The stage has ended."""


@contextmanager
def shown(console: Console) -> Iterator[Progress]:
    """Shows progress on the console while the caller works."""
    if not console.is_terminal:
        yield Lines(console)
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description:<40}"),
        BarColumn(),
        TimeElapsedColumn(),
    )
    with RichProgress(*columns, console=console) as bars:
        yield Bars(bars)


class Bars:
    """A bar for each stage."""

    def __init__(self, bars: RichProgress) -> None:
        self._bars = bars

    def begin(self, stage: str, steps: int | None = None) -> None:
        """See `Progress`."""
        self._stage, self._steps = stage, steps
        self._bar = self._bars.add_task(stage, total=steps)

    def step(self, name: str) -> None:
        """See `Progress`."""
        self._bars.update(self._bar, description=f"{self._stage} {name}")

    def advance(self) -> None:
        """See `Progress`."""
        self._bars.advance(self._bar)

    def end(self, outcome: str) -> None:
        """See `Progress`."""
        done = self._steps or 1
        text = f"{self._stage} {outcome}"
        self._bars.update(self._bar, description=text, completed=done, total=done)


class Lines:
    """A line for each step, for a file or a build's log."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._begun = time.monotonic()

    def begin(self, stage: str, steps: int | None = None) -> None:  # noqa: ARG002 (a bar's length)
        """See `Progress`."""
        self._stage, self._last = stage, ""
        self._say("")

    def step(self, name: str) -> None:
        """See `Progress`; the instances of a mapped task are one line."""
        if name != self._last:
            self._say(name)
        self._last = name

    def advance(self) -> None:
        """See `Progress`."""

    def end(self, outcome: str) -> None:
        """See `Progress`."""
        self._say(outcome)

    def _say(self, text: str) -> None:
        seconds = time.monotonic() - self._begun
        line = f"{seconds:6.1f} s  {self._stage} {text}".rstrip()
        self._console.print(line, highlight=False, markup=False, soft_wrap=True)
        self._console.file.flush()
