"""Counts what a state says while it goes on to change: a copy of the process keeps it."""

from __future__ import annotations

import os
import pickle
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")
NICENESS = 10  # whoever waits for the deliveries goes first


def count_beside(count: Callable[[], T], file: Path) -> Callable[[], T]:
    """Has a copy of this process count at a low priority; returns what waits for the result.

    The process must have one thread: a copy could inherit a lock that another thread holds.

    Args:
        count: what to count; everything that it reads stays as it is now.
        file: takes the result until it is asked for.

    Raises:
        ChildProcessError: by what is returned; the copy could not count, and printed why.
    """
    copy = os.fork()
    if not copy:
        os.nice(NICENESS)
        try:
            file.write_bytes(pickle.dumps(count(), pickle.HIGHEST_PROTOCOL))
        except BaseException:
            sys.excepthook(*sys.exc_info())
            os._exit(1)
        os._exit(0)

    def result() -> T:
        _, status = os.waitpid(copy, 0)
        if status:
            raise ChildProcessError(f"{file.name} could not be counted")
        counted: T = pickle.loads(file.read_bytes())  # noqa: S301 (written by our own process)
        file.unlink()
        return counted

    return result
