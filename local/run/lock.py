"""The lock that lets one command at a time run business dates on a state folder."""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

from local.errors import LocalError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local.paths import StateFolder


@contextmanager
def only_run(state: StateFolder) -> Iterator[None]:
    """Holds the lock while the caller runs; the kernel releases it when the process dies.

    Raises:
        LocalError: another process runs on this state; the message says which and since when.
    """
    state.create()
    with (state.path / "run.lock").open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise LocalError(
                f"{state.path} is in use by {file.read().strip() or 'another run'}: "
                "wait for its end, or take a state of its own with WORLD=<name>"
            ) from None
        file.truncate(0)
        since = datetime.now().astimezone().strftime("%Y-%m-%d %H:%M:%S %Z")
        file.write(f"a run with pid {os.getpid()} since {since}")
        file.flush()
        yield
