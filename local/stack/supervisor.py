"""Starts services side by side, waits until they answer, and stops them."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from local.errors import LocalError, NoAnswer
from local.paths import StateFolder
from local.stack import processes
from local.stack.processes import ProcessRecord
from local.stack.services import Service

POLL_SECONDS = 0.1
SHOWN_LOG_LINES = 10


@dataclass(frozen=True)
class Ready:
    """A service that answers. `seconds` is None if it ran already."""

    name: str
    pid: int
    port: int
    seconds: float | None


def running(state: StateFolder, name: str) -> ProcessRecord | None:
    """Returns the record of the service's process if it runs."""
    record = processes.load(state.record(name))
    return record if record and processes.is_running(record) else None


def start_all(
    state: StateFolder, services: Sequence[Service], report: Callable[[Ready], None]
) -> None:
    """Starts what does not run yet, all at once, and reports each service when it answers.

    Raises:
        LocalError: A service did not start; the others are left as they are.
    """
    with ThreadPoolExecutor(len(services)) as pool:
        futures = [pool.submit(_start, state, service) for service in services]
        for future in futures:
            future.add_done_callback(lambda done: _report(done, report))
    for future in futures:
        future.result()


def stop(state: StateFolder, name: str) -> bool:
    """Stops the service with all its processes. Returns whether there was one to stop."""
    file = state.record(name)
    record = processes.load(file)
    if record is None:
        return False
    processes.stop(record)
    file.unlink()
    return True


def _report(future: Future[Ready], report: Callable[[Ready], None]) -> None:
    if future.exception() is None:
        report(future.result())


def _start(state: StateFolder, service: Service) -> Ready:
    begin = time.monotonic()
    log = state.log(service.name)
    offset = log.stat().st_size if log.exists() else 0
    record = running(state, service.name)
    is_new = record is None
    if record is None:
        record = _launch(state, service, log)
    try:
        _wait_for_answer(service, record)
    except NoAnswer as error:
        last_lines = _tail(log, offset)
        stop(state, service.name)
        raise LocalError(f"{error}; the end of {log}:\n{last_lines}") from error
    seconds = time.monotonic() - begin if is_new else None
    return Ready(service.name, record.pid, service.port, seconds)


def _launch(state: StateFolder, service: Service, log: Path) -> ProcessRecord:
    stop(state, service.name)  # What a killed service left behind.
    service.prepare()
    service.folder.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, **service.environment}
    record = processes.start(service.command, environment, service.folder, log, service.stop_signal)
    processes.save(record, state.record(service.name))
    return record


def _wait_for_answer(service: Service, record: ProcessRecord) -> None:
    """Returns when the service answers.

    Raises:
        NoAnswer: The process ended, or the deadline passed.
    """
    deadline = time.monotonic() + service.deadline_seconds
    while True:
        try:
            service.check()
            reason = ""
        except NoAnswer as error:
            reason = str(error)
        if not processes.is_running(record):
            raise NoAnswer(f"{service.name} stopped by itself")
        if not reason:
            return
        if time.monotonic() > deadline:
            seconds = f"{service.deadline_seconds:.0f} s"
            raise NoAnswer(f"{service.name} did not answer within {seconds} ({reason})")
        time.sleep(POLL_SECONDS)


def _tail(log: Path, offset: int) -> str:
    """Returns the last lines that were written after `offset`."""
    with log.open("rb") as file:
        file.seek(offset)
        lines = file.read().decode(errors="replace").splitlines()
    return "\n".join(f"  {line}" for line in lines[-SHOWN_LOG_LINES:])
