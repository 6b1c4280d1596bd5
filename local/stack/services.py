"""The services of the local stack: what starts each one, and how it shows that it is ready."""

from __future__ import annotations

import getpass
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from local.errors import LocalError
from local.paths import OWNER_ONLY, ROOT, VENVS, StateFolder, write_private
from local.stack import databases, health
from local.stack.ports import HOST

PROJECT = "rcm-local"
BUCKETS = ("rcm-lake", "rcm-landing")
SOCKET_PATH_LIMIT = 100
ANY_DATABASE = "information_schema"


# MariaDB sets a umask of its own, from these.
_OWNERS_FILES = {"UMASK": "0600", "UMASK_DIR": "0700"}


@dataclass(frozen=True)
class Service:
    """One background process.

    `check` raises until the service answers; `prepare` runs before every start and must be
    repeatable. A service has `deadline_seconds` from its start to its first answer.
    """

    name: str
    command: tuple[str, ...]
    folder: Path
    port: int
    check: Callable[[], None]
    environment: Mapping[str, str] = field(default_factory=dict)
    prepare: Callable[[], None] = lambda: None
    deadline_seconds: float = 90.0
    stop_signal: int = signal.SIGTERM


def mariadb(state: StateFolder, ports: Mapping[str, int], password: str) -> Service:
    """The hospitals' MySQL servers: one server with a database for each hospital."""
    folder = state.path / "mariadb"
    options = {
        "user": getpass.getuser(),
        "datadir": folder,
        "tmpdir": _temporary(folder),
        "socket": database_socket(state),
        "pid-file": state.path / "mariadb.pid",
        "init-file": state.path / "mariadb-init.sql",
        "port": ports["mariadb"],
        "bind-address": HOST,
        "local-infile": 1,
        "default-time-zone": "+00:00",
        "character-set-server": "utf8mb4",
        "innodb-buffer-pool-size": "256M",
        "innodb-log-file-size": "128M",
        "innodb-flush-log-at-trx-commit": 2,
        "max-allowed-packet": "64M",
    }
    return Service(
        name="mariadb",
        command=(
            _program("mariadbd"),
            "--no-defaults",
            "--skip-name-resolve",
            "--skip-log-bin",
            *(f"--{name}={value}" for name, value in options.items()),
        ),
        environment=_OWNERS_FILES,
        folder=state.path,
        port=ports["mariadb"],
        check=partial(
            health.mysql_answers, HOST, ports["mariadb"], databases.USER, password, ANY_DATABASE
        ),
        prepare=partial(_prepare_mariadb, state, folder, password),
    )


def storage(state: StateFolder, ports: Mapping[str, int]) -> Service:
    """The Cloud Storage emulator; an object is a file in the state's lake mount."""
    port = ports["storage"]
    return Service(
        name="storage",
        command=(_tool("gcp-storage-emulator"), "start", "--port", str(port), "-H", HOST),
        folder=state.lake_mount.parent,
        port=port,
        check=partial(health.storage_answers, f"http://{HOST}:{port}", PROJECT, BUCKETS),
    )


def bigquery(state: StateFolder, ports: Mapping[str, int]) -> Service:
    """The BigQuery emulator; it loads `gs://` files from the state's lake mount."""
    port, venv = ports["bigquery"], VENVS / "bigquery"
    options = {
        "--host": HOST,
        "--port": port,
        "--grpc-port": ports["bigquery_grpc"],
        "--project": PROJECT,
        "--data-dir": state.path / "bigquery",
    }
    return Service(
        name="bigquery",
        command=(
            str(venv / "bin" / "python"),
            *("-m", "local.bigquery"),
            *(str(word) for option in options.items() for word in option),
            "serve",
        ),
        folder=state.path / "bigquery",
        port=port,
        check=partial(health.bigquery_answers, f"http://{HOST}:{port}", PROJECT),
        environment={
            # DuckDB looks for its extensions in the home folder: set-up put them here.
            "HOME": str(venv / "home"),
            "PYTHONPATH": str(ROOT),
            "GCS_LOCAL_ROOT": str(state.lake_mount),
            "RCM_TRANSLATIONS": str(venv / "translations.jsonl"),
            # The translations' keys hold hashes.
            "PYTHONHASHSEED": "0",
        },
    )


def spark(state: StateFolder, ports: Mapping[str, int]) -> Service:
    """Sail, a Spark Connect server without a JVM."""
    port = ports["spark"]
    return Service(
        name="spark",
        command=(_tool("sail"), "spark", "server", "--ip", HOST, "--port", str(port)),
        folder=state.path / "sail",
        port=port,
        check=partial(health.spark_answers, HOST, port),
    )


def airflow(
    state: StateFolder, ports: Mapping[str, int], environment: Mapping[str, str]
) -> Service:
    """Airflow with its scheduler and web page; only the UI target starts it."""
    port = ports["airflow"]
    servers = {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "AIRFLOW__API__PORT": port,
        "AIRFLOW__API__HOST": HOST,
        "AIRFLOW__CORE__PARALLELISM": 4,
        "AIRFLOW__API__BASE_URL": f"http://{HOST}:{port}",
        "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": ports["airflow_worker_log"],
        "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT": ports["airflow_trigger_log"],
    }
    return Service(
        name="airflow",
        command=(_tool("airflow"), "standalone"),
        folder=state.airflow_home,
        port=port,
        check=partial(health.airflow_answers, f"http://{HOST}:{port}"),
        environment={**environment, **{name: str(value) for name, value in servers.items()}},
        deadline_seconds=180.0,
        stop_signal=signal.SIGINT,  # After SIGTERM its children would go on.
    )


def _tool(name: str) -> str:
    """Returns a program of the running interpreter's environment."""
    return str(Path(sys.executable).parent / name)


def _program(name: str) -> str:
    """Returns a program of the system."""
    path = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/local/sbin:/usr/sbin:/sbin")
    if path is None:
        raise LocalError(f"{name} is not installed: run `make setup`")
    return path


def database_socket(state: StateFolder) -> Path:
    """Returns the socket's path; the kernel takes only short ones."""
    path = state.path / "mariadb.sock"
    if len(str(path)) <= SOCKET_PATH_LIMIT:
        return path
    digest = hashlib.sha256(str(path).encode()).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"rcm-{digest}.sock"


def _prepare_mariadb(state: StateFolder, folder: Path, password: str) -> None:
    """Creates the data folder once, and the statements that the server runs at each start."""
    _temporary(folder).mkdir(parents=True, exist_ok=True)
    if not folder.exists():
        _install_database(folder, state.log("mariadb"))
    statements = "\n".join(databases.grants(password))
    write_private(state.path / "mariadb-init.sql", f"{statements}\n")


def _temporary(folder: Path) -> Path:
    """Returns where the server with this data folder keeps temporary tables.

    It is the server's own: a server that starts deletes the temporary tables that it finds,
    also those of another server that is running.
    """
    return folder.with_suffix(".tmp")


def _install_database(folder: Path, log: Path) -> None:
    """Fills a new data folder beside `folder` and moves it there when it is complete."""
    part = folder.with_suffix(".part")
    shutil.rmtree(part, ignore_errors=True)
    command = [
        _program("mariadb-install-db"),
        "--no-defaults",
        "--skip-test-db",
        "--force",  # Do not look up the host's name: clients come by address.
        f"--user={getpass.getuser()}",
        f"--datadir={part}",
        f"--tmpdir={_temporary(folder)}",
    ]
    result = subprocess.run(
        command,
        env={**os.environ, **_OWNERS_FILES},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        umask=OWNER_ONLY,
    )
    with log.open("a") as output:
        output.write(result.stdout)
    if result.returncode != 0:
        errors = [line for line in result.stdout.splitlines() if "ERROR" in line]
        raise LocalError(
            f"the database could not be created ({'; '.join(errors[:2]) or 'no reason given'}):"
            f" see {log}"
        )
    part.rename(folder)
