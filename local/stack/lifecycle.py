"""The local stack as a whole: up, down and status."""

from __future__ import annotations

import fcntl
import importlib.metadata
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from local.errors import LocalError
from local.paths import VENVS, StateFolder
from local.stack import client, databases, ports, services, supervisor
from local.stack.supervisor import Ready

SERVICE_NAMES = ("mariadb", "storage", "bigquery", "spark", "airflow")
PORT_OWNERS = {
    "mariadb": "mariadb",
    "storage": "storage",
    "bigquery": "bigquery",
    "bigquery_grpc": "bigquery",
    "spark": "spark",
    "airflow": "airflow",
    "airflow_worker_log": "airflow",
    "airflow_trigger_log": "airflow",
}
ENGINES = ("sail", "jvm")
LEAST_FREE_BYTES = 1_000_000_000
SPARK_CONF = Path(__file__).with_name("spark")

Report = Callable[[Ready], None]


@dataclass(frozen=True)
class ServiceStatus:
    """Whether a service runs, and where. `pid` is None if it does not run."""

    name: str
    pid: int | None
    port: int | None


def up(
    state: StateFolder, report: Report, engine: str = "sail", with_airflow: bool = False
) -> dict[str, str]:
    """Starts what does not run yet and returns the variables for the stack's clients.

    Args:
        state: Folder of the stack.
        report: Called once for each service, when it answers.
        engine: `sail` starts the Spark Connect server; with `jvm` Spark runs in its client.
        with_airflow: Starts Airflow's scheduler and web page too.

    Raises:
        LocalError: Something is missing on the machine, or a service did not start.
    """
    with _locked(state):
        _check_machine(state, engine)
        running = {name for name in SERVICE_NAMES if supervisor.running(state, name)}
        kept = [port for port, owner in PORT_OWNERS.items() if owner in running]
        assigned = ports.assign(PORT_OWNERS, state.ports_file, kept)
        password = client.database_password(state)
        variables = client.client_variables(state, assigned, password, engine)
        client.write(state, variables)
        _write_spark_conf(state)
        started = [
            services.mariadb(state, assigned, password),
            services.storage(state, assigned),
            services.bigquery(state, assigned),
        ]
        if engine == "sail":
            started.append(services.spark(state, assigned))
        with ThreadPoolExecutor(1) as pool:
            metadata = pool.submit(_prepare_airflow, state, variables)
            supervisor.start_all(state, started, report)
            if "mariadb" in running:
                databases.create(services.database_socket(state), password)
            metadata.result()
        if with_airflow:
            supervisor.start_all(state, [services.airflow(state, assigned, variables)], report)
        return variables


def down(state: StateFolder) -> list[str]:
    """Stops every service of the stack and returns the names of those that ran."""
    with _locked(state), ThreadPoolExecutor(len(SERVICE_NAMES)) as pool:
        # Airflow's tasks use the others, so it goes first.
        ended = {"airflow": supervisor.stop(state, "airflow")}
        others = [name for name in SERVICE_NAMES if name != "airflow"]
        was_there = pool.map(lambda name: supervisor.stop(state, name), others)
        ended |= dict(zip(others, was_there, strict=True))
    return [name for name, was_running in ended.items() if was_running]


def status(state: StateFolder) -> list[ServiceStatus]:
    """Returns the state of every service."""
    recorded = ports.read(state.ports_file)
    records = {name: supervisor.running(state, name) for name in SERVICE_NAMES}
    return [
        ServiceStatus(name, record.pid if record else None, recorded.get(name))
        for name, record in records.items()
    ]


@contextmanager
def _locked(state: StateFolder) -> Iterator[None]:
    """Lets one command at a time change the stack."""
    state.create()
    for folder in (state.log("").parent, state.record("").parent):
        folder.mkdir(parents=True, exist_ok=True)
    with (state.path / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _check_machine(state: StateFolder, engine: str) -> None:
    missing = [name for name in ("MySQLdb", "airflow", "grpc") if find_spec(name) is None]
    if missing:
        raise LocalError(
            f"{sys.executable} does not have the project's packages ({', '.join(missing)}): run "
            f"`make setup`, then use `make` or {VENVS / 'main' / 'bin' / 'python'}"
        )
    free = shutil.disk_usage(state.path).free
    if free < LEAST_FREE_BYTES:
        raise LocalError(
            f"only {free // 1_000_000} MB are free on the disk of {state.path}: free at least "
            f"{LEAST_FREE_BYTES // 1_000_000} MB, or set RCM_STATE_DIR to a folder on another disk"
        )
    if not (VENVS / "bigquery" / "bin" / "local-bigquery").exists():
        raise LocalError("the BigQuery emulator is not installed: run `make setup`")
    if engine == "jvm" and not (shutil.which("java") or os.environ.get("JAVA_HOME")):
        raise LocalError("ENGINE=jvm needs Java 17: run `make setup ENGINE=jvm`")


def _write_spark_conf(state: StateFolder) -> None:
    """Writes Spark's configuration with the folder of the buckets filled in."""
    state.spark_conf.mkdir(exist_ok=True)
    for file in SPARK_CONF.iterdir():
        text = file.read_text().replace("$LAKE_MOUNT", state.lake_mount.as_uri())
        (state.spark_conf / file.name).write_text(text)


def _prepare_airflow(state: StateFolder, variables: dict[str, str]) -> None:
    """Brings the metadata database to the installed version; set-up left an empty one to copy."""
    version = importlib.metadata.version("apache-airflow")
    stamp, database = state.airflow_home / "version", state.airflow_home / "airflow.db"
    if stamp.exists() and stamp.read_text() == version:
        return
    state.airflow_home.mkdir(exist_ok=True)
    template = VENVS / f"airflow-{version}.db"
    if template.exists() and not database.exists():
        part = database.with_suffix(".part")
        shutil.copyfile(template, part)
        part.replace(database)
    else:
        _migrate_airflow(state, variables)
    stamp.write_text(version)


def _migrate_airflow(state: StateFolder, variables: dict[str, str]) -> None:
    log = state.log("airflow")
    command = [str(Path(sys.executable).parent / "airflow"), "db", "migrate"]
    with log.open("ab") as output:
        result = subprocess.run(
            command, env={**os.environ, **variables}, stdout=output, stderr=output, check=False
        )
    if result.returncode != 0:
        raise LocalError(f"Airflow's metadata database could not be created: see {log}")
