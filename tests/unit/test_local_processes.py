from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from local.errors import LocalError
from local.stack import processes
from local.stack.processes import ProcessRecord

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]
IGNORE_SIGTERM = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(15, signal.SIG_IGN); "
    "print('on', flush=True); time.sleep(60)",
]
PARENT_OF_ANOTHER_GROUP = [
    sys.executable,
    "-c",
    "import subprocess, time; "
    "child = subprocess.Popen(['sleep', '60'], process_group=0); "
    "print(child.pid, flush=True); time.sleep(60)",
]

Start = Callable[[list[str]], ProcessRecord]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "log"


@pytest.fixture
def start(tmp_path: Path, log: Path) -> Iterator[Start]:
    started: list[ProcessRecord] = []

    def start_and_remember(command: list[str]) -> ProcessRecord:
        started.append(processes.start(command, os.environ, tmp_path, log))
        return started[-1]

    yield start_and_remember
    for record in started:
        processes.stop(record, grace_seconds=2)


def _output(log: Path) -> str:
    deadline = time.monotonic() + 10
    while not (text := log.read_text()):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return text


def test_a_stopped_process_no_longer_runs(start: Start) -> None:
    record = start(SLEEP)
    assert processes.is_running(record)

    processes.stop(record)

    assert not processes.is_running(record)


def test_a_process_that_ignores_the_first_signal_is_killed(start: Start, log: Path) -> None:
    record = start(IGNORE_SIGTERM)
    _output(log)

    processes.stop(record, grace_seconds=0.3)

    assert not processes.is_running(record)


def test_children_of_a_killed_process_are_stopped_with_it(start: Start, log: Path) -> None:
    record = start(PARENT_OF_ANOTHER_GROUP)
    child = int(_output(log))
    os.kill(record.pid, signal.SIGKILL)

    processes.stop(record)

    assert not Path(f"/proc/{child}").exists() or " Z " in Path(f"/proc/{child}/stat").read_text()


def test_another_process_with_the_same_id_is_left_alone(start: Start) -> None:
    record = start(SLEEP)
    earlier = replace(record, start_ticks=record.start_ticks - 1)

    processes.stop(earlier)

    assert not processes.is_running(earlier)
    assert processes.is_running(record)


def test_a_process_that_ended_by_itself_does_not_run(start: Start) -> None:
    record = start([sys.executable, "-c", ""])
    deadline = time.monotonic() + 10

    while processes.is_running(record) and time.monotonic() < deadline:
        time.sleep(0.01)

    assert not processes.is_running(record)


def test_a_record_survives_saving(tmp_path: Path) -> None:
    record = ProcessRecord(pid=42, start_ticks=7)

    processes.save(record, tmp_path / "record")

    assert processes.load(tmp_path / "record") == record
    assert processes.load(tmp_path / "other") is None


def test_a_missing_program_says_what_to_do(tmp_path: Path, log: Path) -> None:
    with pytest.raises(LocalError, match="cannot start /no/such/program .* run `make setup`"):
        processes.start(["/no/such/program"], {}, tmp_path, log)
