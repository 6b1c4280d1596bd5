"""Starts background processes and stops them again, with everything that they started.

A process is known by its id and its start time, because ids are used again. Each one leads its
own session: whatever it starts stays in the session and is found there, even after it died.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from local.errors import LocalError
from local.paths import OWNER_ONLY

POLL_SECONDS = 0.05
STAT_STATE, STAT_SESSION, STAT_START_TIME = 0, 3, 19


@dataclass(frozen=True)
class ProcessRecord:
    """A started process.

    `start_ticks` counts clock ticks from the boot of the machine; `stop_signal` is the one on
    which the process ends its children and itself.
    """

    pid: int
    start_ticks: int
    stop_signal: int = signal.SIGTERM


def start(
    command: Sequence[str],
    environment: Mapping[str, str],
    folder: Path,
    log: Path,
    stop_signal: int = signal.SIGTERM,
) -> ProcessRecord:
    """Starts `command` in `folder` as the leader of a new session, its output appended to `log`.

    Raises:
        LocalError: The program does not exist or may not be executed.
    """
    with log.open("ab") as output:
        try:
            process = subprocess.Popen(
                command,
                cwd=folder,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                umask=OWNER_ONLY,
            )
        except OSError as error:
            message = f"cannot start {command[0]} ({error.strerror}): run `make setup`"
            raise LocalError(message) from error
    return ProcessRecord(process.pid, int(_stat(process.pid)[STAT_START_TIME]), stop_signal)


def is_running(record: ProcessRecord) -> bool:
    """Returns whether this very process still runs (a zombie does not)."""
    with suppress(ChildProcessError):
        os.waitpid(record.pid, os.WNOHANG)
    stat = _stat(record.pid)
    is_same = bool(stat) and int(stat[STAT_START_TIME]) == record.start_ticks
    return is_same and stat[STAT_STATE] != "Z"


def stop(record: ProcessRecord, grace_seconds: float = 15.0) -> None:
    """Ends the process and its whole session, with SIGKILL after the grace time.

    Raises:
        LocalError: A process survived both.
    """
    if is_running(record):
        _send(record.pid, record.stop_signal)
        _wait_until(lambda: not is_running(record), grace_seconds)
    for number in (signal.SIGTERM, signal.SIGKILL):
        for pid in _session(record):
            _send(pid, number)
        if _wait_until(lambda: not _session(record), grace_seconds):
            return
    raise LocalError(f"process {record.pid} cannot be stopped: try `kill -9 {record.pid}`")


def save(record: ProcessRecord, file: Path) -> None:
    """Writes the record, whole or not at all."""
    part = file.with_suffix(".part")
    part.write_text(json.dumps(asdict(record)))
    part.replace(file)


def load(file: Path) -> ProcessRecord | None:
    """Returns the saved record, None if there is none."""
    return ProcessRecord(**json.loads(file.read_text())) if file.exists() else None


def _wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not (is_met := condition()) and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
    return is_met


def _session(record: ProcessRecord) -> list[int]:
    """Returns the running processes of the session, none if its id belongs to somebody else now."""
    leader = _stat(record.pid)
    if leader and int(leader[STAT_START_TIME]) != record.start_ticks:
        return []
    return [pid for pid, stat in _processes() if _belongs(stat, record)]


def _belongs(stat: Sequence[str], record: ProcessRecord) -> bool:
    return (
        int(stat[STAT_SESSION]) == record.pid
        and int(stat[STAT_START_TIME]) >= record.start_ticks
        and stat[STAT_STATE] != "Z"
    )


def _processes() -> Iterator[tuple[int, list[str]]]:
    pids = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdecimal()]
    return ((pid, stat) for pid in pids if (stat := _stat(pid)))


def _stat(pid: int) -> list[str]:
    """Returns the fields of /proc/<pid>/stat from the state on, none if there is no process."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return []
    return text.rpartition(")")[2].split()


def _send(pid: int, number: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)
