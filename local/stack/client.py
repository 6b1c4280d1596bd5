"""The variables by which clients find the local stack; the same names work on GCP."""

from __future__ import annotations

import json
import os
import secrets
import shlex
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from urllib.parse import unquote, urlsplit

from local.errors import LocalError
from local.paths import ROOT, StateFolder, state_folder, write_private
from local.stack import databases
from local.stack.ports import HOST
from local.stack.services import PROJECT


def environment(state: StateFolder | str | Path | None = None) -> dict[str, str]:
    """Returns the client variables of the stack that was started in the state folder.

    Raises:
        LocalError: No stack was started there.
    """
    file = state_folder(state).env_file
    if not file.exists():
        raise LocalError("the local services were never started: run `make up`")
    words = shlex.split(file.read_text())
    return dict(word.split("=", 1) for word in words)


def note_end(state: StateFolder, day: date) -> None:
    """Notes the last day of a world that does not go on.

    Airflow's scheduler knows today's date only: unpaused, it would bring gold to a day that no
    hospital of the world has.
    """
    _end_file(state).write_text(day.isoformat())


def forget_end(state: StateFolder) -> None:
    """Forgets the last day of a world that is erased."""
    _end_file(state).unlink(missing_ok=True)


def _end_file(state: StateFolder) -> Path:
    return state.path / "sources_end"


def write(state: StateFolder, variables: Mapping[str, str]) -> None:
    """Writes the variables as lines that a shell can source, readable by their owner only."""
    lines = [f"{name}={shlex.quote(value)}\n" for name, value in sorted(variables.items())]
    write_private(state.env_file, "".join(lines))


def client_variables(
    state: StateFolder, ports: Mapping[str, int], password: str, engine: str
) -> dict[str, str]:
    """Returns the variables for a stack; with the engine `jvm` Spark runs in its client."""
    variables = {
        "RCM_ENVIRONMENT": "local",
        "RCM_STATE_DIR": str(state.path),
        "RCM_LAKE_MOUNT": str(state.lake_mount),
        "PYTHONPATH": str(ROOT),
        "GOOGLE_CLOUD_PROJECT": PROJECT,
        "STORAGE_EMULATOR_HOST": f"http://{HOST}:{ports['storage']}",
        "BIGQUERY_EMULATOR_HOST": f"http://{HOST}:{ports['bigquery']}",
        "SPARK_CONF_DIR": str(state.spark_conf),
        **_airflow_variables(state),
        **databases.connections(ports["mariadb"], password),
    }
    if (end := _end_file(state)).exists():
        variables["RCM_SOURCES_END"] = end.read_text()
    if engine == "sail":
        variables["SPARK_REMOTE"] = f"sc://{HOST}:{ports['spark']}"
    return variables


def client_process_environment(variables: Mapping[str, str]) -> dict[str, str]:
    """Returns this process's environment with the stack's variables over it.

    A process that has used Spark carries its engine in variables; they are not passed on.
    """
    inherited = {name: value for name, value in os.environ.items() if not _is_sparks(name)}
    return {**inherited, **variables}


def hospital_parameters(variables: Mapping[str, str]) -> dict[str, dict[str, object]]:
    """Connection parameters of the databases that the simulator fills.

    Raises:
        LocalError: one of them is not the local stack's own.
    """
    import simulator

    names = {name: f"AIRFLOW_CONN_{name.upper()}_DB" for name in simulator.HOSPITALS}
    if foreign := [name for name, variable in names.items() if variable not in variables]:
        raise LocalError(
            f"the simulator fills local databases only, and {', '.join(foreign)} has none: unset "
            "its AIRFLOW_CONN_… variable, or restore its file in configs/sources, then `make up`"
        )
    return {name: mysql_parameters(variables[variable]) for name, variable in names.items()}


def local_databases(variables: Mapping[str, str]) -> dict[str, dict[str, object]]:
    """Connection parameters of the stack's own databases by hospital."""
    return {
        name: mysql_parameters(variables[variable])
        for connection, name in databases.databases().items()
        if (variable := databases.variable(connection)) in variables
    }


def mysql_parameters(uri: str) -> dict[str, object]:
    """Connection parameters of a `mysql://` address."""
    parts = urlsplit(uri)
    return {
        "host": parts.hostname,
        "port": parts.port,
        "user": unquote(parts.username or ""),
        "password": unquote(parts.password or ""),
        "database": parts.path.lstrip("/"),
    }


def _is_sparks(name: str) -> bool:
    return name.startswith(("SPARK_", "PYSPARK_"))


def database_password(state: StateFolder) -> str:
    """Returns the password of the database user; the first call makes one."""
    if not state.password_file.exists():
        write_private(state.password_file, secrets.token_urlsafe(24))
    return state.password_file.read_text()


def _airflow_variables(state: StateFolder) -> dict[str, str]:
    connection = {
        "conn_type": "google_cloud_platform",
        "extra": {"project": PROJECT, "is_anonymous": True},
    }
    return {
        "AIRFLOW_HOME": str(state.airflow_home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
        # Every task reads its DAG; on a busy laptop that takes longer than the usual 30 s.
        "AIRFLOW__CORE__DAGBAG_IMPORT_TIMEOUT": "120",
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
        "AIRFLOW_CONN_GOOGLE_CLOUD_DEFAULT": json.dumps(connection),
    }
