"""`make case`: lays SQL and files on an empty stack of its own, runs dates, prints what came of it.

What a folder holds is described in docs/field-cases.md.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from local.airflow.process import DagWorker, RunFailed
from local.errors import LocalError
from local.paths import StateFolder
from local.run import case_report, case_sources
from local.run.dates import parse_date
from local.run.landing import landing_bucket, upload_landing
from local.run.one_shot import DAG
from local.stack import client
from local.stack import lifecycle as stack
from local.stack.services import database_socket

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping, Sequence

DATES = (date(2024, 3, 4), date(2024, 3, 5))
BASE = "base"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the options of `python -m local case`."""
    parser.add_argument("folder", type=Path)
    parser.add_argument("--dates", help="comma-separated; default: 2024-03-04, and 2024-03-05")
    parser.add_argument("--engine", choices=stack.ENGINES, default="sail")
    parser.add_argument("--keep", action="store_true", help="leave the stack running")


def main(state: StateFolder, options: argparse.Namespace) -> int:  # noqa: ARG001
    """Runs the case; returns 1 if its last date failed."""
    case = options.folder.resolve()
    if not case.is_dir():
        raise LocalError(f"FOLDER={options.folder}: there is no such folder")
    origins = _origins(case)
    hospitals = case_sources.hospitals_of(origins)
    asked = [parse_date(day) for day in (options.dates or "").split(",") if day]
    own = Path(tempfile.mkdtemp(prefix="rcm-case-"))
    stack_of_case = StateFolder(own / "state")
    try:
        variables = stack.up(stack_of_case, lambda ready: None, options.engine)
        os.environ.update(variables)
        if foreign := hospitals - client.local_databases(variables).keys():
            raise LocalError(
                f"a case fills local databases only, and {min(foreign)} is read from your own "
                "server: unset its AIRFLOW_CONN_… variable"
            )
        log = stack_of_case.log("case")
        configs = case_sources.lay_configs(hospitals, own / "configs")
        environment = {**client.client_process_environment(variables), "RCM_CONFIGS": str(configs)}
        print(f"==== {case.name}", flush=True)
        with DagWorker(DAG, environment, log) as worker:
            is_published = _run(case, origins, asked, variables, worker)
        case_report.show(case / "queries.sql", log)
    finally:
        if options.keep:
            print(f"the stack goes on: RCM_STATE_DIR={stack_of_case.path}")
        else:
            stack.down(stack_of_case)
            shutil.rmtree(own, ignore_errors=True)
    return 0 if is_published else 1


def _origins(case: Path) -> list[Path]:
    """The folders to lay, in order: what the cases share, then the case."""
    base = case.parent / BASE
    return [base, case] if base.is_dir() and base != case else [case]


def _run(
    case: Path,
    origins: Sequence[Path],
    asked: Sequence[date],
    variables: Mapping[str, str],
    worker: DagWorker,
) -> bool:
    """Runs the dates asked for; else the first, and the second if it has files or the first failed.

    Returns whether the last one was published.
    """
    has_second = any(
        path.name.startswith("day2") for path in (*case.glob("*"), *case.glob("landing/*"))
    )
    is_published = False
    for number, day in enumerate(asked or DATES, start=1):
        lay(case, origins, number, variables)
        try:
            worker.run(day, lambda task, seconds: None)
        except RunFailed as failure:
            print(f"== {day}: FAILED ({failure})", flush=True)
            is_published = False
            continue
        print(f"== {day}: published", flush=True)
        is_published = True
        if not (asked or has_second):
            break
    return is_published


def lay(case: Path, origins: Sequence[Path], number: int, variables: Mapping[str, str]) -> None:
    """Brings the sources to a date's evening: first the base's files, then the case's."""
    databases = client.local_databases(variables)
    for name, parameters in databases.items():
        for origin in origins:
            _execute(parameters, origin / f"day{number}.{name}.sql")
    with tempfile.TemporaryDirectory() as folder:
        for origin in origins:
            if (delivered := origin / "landing" / f"day{number}").is_dir():
                shutil.copytree(delivered, folder, dirs_exist_ok=True)
        upload_landing(Path(folder), variables)
    _put_markers(case / f"markers.day{number}.txt", variables)
    if number == 1:
        socket = database_socket(StateFolder(Path(variables["RCM_STATE_DIR"])))
        root = {"unix_socket": str(socket), "user": "root", "database": next(iter(databases))}
        _execute(root, case / "as_root.sql")


def _put_markers(file: Path, variables: Mapping[str, str]) -> None:
    """Creates the empty objects that a file lists."""
    if not file.exists():
        return
    bucket = landing_bucket(variables)
    for name in file.read_text(encoding="utf-8").split():
        try:
            bucket.blob(name).upload_from_string(b"")
        except Exception as error:  # the emulator keeps objects as files, and folders are real
            print(f"   marker {name}: {type(error).__name__}: {str(error)[:200]}", flush=True)


def _execute(parameters: Mapping[str, object], file: Path) -> None:
    """Runs a file's statements, each of which ends with a semicolon at the end of a line."""
    import MySQLdb

    if not file.exists():
        return
    connection = MySQLdb.connect(**parameters, charset="utf8mb4", autocommit=True)
    try:
        with connection.cursor() as cursor:
            cursor.execute("SET SESSION sql_mode = 'ALLOW_INVALID_DATES', time_zone = '+00:00'")
            for statement in case_report.statements(file):
                try:
                    cursor.execute(statement)
                except MySQLdb.Error as error:
                    raise LocalError(f"{file}: {statement[:80]}: {error.args[-1]}") from error
    finally:
        connection.close()
