"""What tests of the local stack share: its command line, its processes, its database."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import duckdb
import MySQLdb

from local.paths import ROOT, StateFolder
from local.stack import client, databases, processes, supervisor
from local.stack import lifecycle as stack


def ignore(ready: supervisor.Ready) -> None:
    """Takes a report and says nothing."""


def run_command(
    *words: str, options: tuple[str, ...] = (), **variables: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *options, "-m", "local", *words],
        cwd=ROOT,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def processes_of(folder: Path) -> list[str]:
    """The command lines of running processes that name the folder."""
    lines = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            lines.append(file.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
        except (FileNotFoundError, ProcessLookupError):
            continue
    return [line for line in lines if str(folder) in line]


def pids(state: StateFolder) -> dict[str, int | None]:
    return {service.name: service.pid for service in stack.status(state)}


def kill(state: StateFolder, name: str) -> None:
    record = supervisor.running(state, name)
    assert record
    os.kill(record.pid, signal.SIGKILL)
    while processes.is_running(record):
        time.sleep(0.01)


def unlocked(file: Path) -> duckdb.DuckDBPyConnection:
    """Opens a database; the lock of a killed process goes a moment after the process."""
    for _ in range(100):
        with suppress(duckdb.IOException):
            return duckdb.connect(file)
        time.sleep(0.05)
    return duckdb.connect(file)


def sql(state: StateFolder, statement: str) -> list[tuple[object, ...]]:
    connection = MySQLdb.connect(
        host="127.0.0.1",
        port=next(service.port for service in stack.status(state) if service.name == "mariadb"),
        user=databases.USER,
        password=client.database_password(state),
        database="hospital_a",
    )
    cursor = connection.cursor()
    cursor.execute(statement)
    rows = list(cursor.fetchall())
    connection.commit()
    connection.close()
    return rows
