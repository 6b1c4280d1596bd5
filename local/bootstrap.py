"""Installs what the project needs into `.local/venvs`, with the standard library alone.

A second run finds the stamp of the first one and does nothing, until a requirement file changes.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENVS = ROOT / ".local" / "venvs"
REQUIREMENTS = ROOT / "requirements"
STAMP = VENVS / "stamp.json"
LOG = VENVS / "setup.log"
EMULATOR_PYTHON = "3.13"
DUCKDB_EXTENSIONS = ("icu", "ducklake", "spatial")
# Imported once by set-up: compiling what a run imports takes seconds, compiling all takes a minute.
MAIN_IMPORTS = (
    "MySQLdb",
    "airflow.providers.google.cloud.operators.bigquery",
    "airflow.providers.google.cloud.operators.dataproc",
    "airflow.sdk",
    "airflow.timetables.trigger",
    "connectorx",
    "google.cloud.storage",
    "mimesis",
    "pyspark.sql.connect.session",
    "rich.table",
)
EMULATOR_IMPORTS = ("duckdb_extensions", "local_bigquery.app", "local_bigquery.cli")
SHOWN_LOG_LINES = 15
SYSTEM_FOLDERS = ("/usr/local/sbin", "/usr/sbin", "/sbin")


class SetupError(Exception):
    """What is wrong and what to do."""


def main() -> int:
    """Sets up the environments and returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--java", action="store_true", help="install Java too, for JVM Spark")
    options = parser.parse_args()
    VENVS.mkdir(parents=True, exist_ok=True)
    try:
        with _locked():
            install(with_java=options.java)
    except SetupError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def install(with_java: bool) -> None:
    """Installs what is missing: system packages, environments, Airflow's empty database.

    Raises:
        SetupError: Something is missing that cannot be installed from here.
    """
    packages = missing_packages(with_java)
    installed, wanted = _read_stamp(), wanted_stamp()
    if installed == wanted and not packages:
        return
    begin = time.monotonic()
    print(f"setting up with Python {sys.version.split()[0]} ({sys.executable})", flush=True)
    LOG.write_text("")
    if packages:
        install_packages(packages)
    if installed != wanted:
        # A stamp of this place means environments that are whole: what they lack can be added.
        is_new = installed.get("place") != wanted["place"]
        STAMP.unlink(missing_ok=True)
        install_environments(is_new)
        STAMP.write_text(json.dumps(wanted))
    print(f"set-up is complete ({time.monotonic() - begin:.0f} s)", flush=True)


def install_environments(is_new: bool) -> None:
    """Rebuilds the environments, or brings those that are there to the pinned packages."""
    install_uv(is_new)
    with ThreadPoolExecutor(2) as pool:
        for step in [pool.submit(install_main, is_new), pool.submit(install_emulator, is_new)]:
            step.result()


def wanted_stamp() -> dict[str, str]:
    """Returns what decides on the installation: its place, and a hash of what belongs there."""
    files = [*sorted(REQUIREMENTS.glob("*.txt")), Path(__file__)]
    content = "\0".join(file.read_text() for file in files)
    return {
        "place": f"{VENVS} {sys.base_prefix} {sys.version_info.major}.{sys.version_info.minor}",
        "content": hashlib.sha256(content.encode()).hexdigest(),
    }


def missing_packages(with_java: bool) -> list[str]:
    """Returns the Debian packages that have to be installed."""
    headers = Path(sysconfig.get_path("include")) / "Python.h"
    has_java = bool(os.environ.get("JAVA_HOME")) or _has("java")
    needs = {
        # The server without the service that `mariadb-server` would start.
        "mariadb-server-core": _has("mariadbd") and _has("mariadb-install-db"),
        "mariadb-client-core": _has("my_print_defaults"),
        # mysqlclient is built here.
        "libmariadb-dev": _has("mariadb_config"),
        "pkg-config": _has("pkg-config"),
        "gcc": _has("gcc"),
        "python3-dev": headers.exists() or not sys.executable.startswith("/usr/bin/"),
        "python3-venv": find_spec("ensurepip") is not None,
        "openjdk-17-jre-headless": has_java or not with_java,
    }
    return [package for package, is_there in needs.items() if not is_there]


def install_packages(packages: Sequence[str]) -> None:
    """Installs Debian packages as root.

    Raises:
        SetupError: The user may not install packages, or it failed.
    """
    install_command = ["apt-get", "install", "--yes", "--no-install-recommends", *packages]
    if os.geteuid() != 0 or not _has("apt-get"):
        command = f"sudo apt-get update && sudo {shlex.join(install_command)}"
        raise SetupError(f"{', '.join(packages)} must be installed: run {command}")
    environment = {"DEBIAN_FRONTEND": "noninteractive"}
    with _step(f"system packages: {', '.join(packages)}"):
        _run(["apt-get", "update"], environment)
        _run(install_command, environment)


def install_uv(is_new: bool) -> None:
    """Installs the installer."""
    with _step("uv"):
        if is_new:
            _run([sys.executable, "-m", "venv", "--clear", str(VENVS / "uv")])
        pip = [str(VENVS / "uv" / "bin" / "python"), "-m", "pip", "install", "--quiet"]
        _run([*pip, "--require-hashes", "--requirement", str(REQUIREMENTS / "uv.txt")])


def install_main(is_new: bool) -> None:
    """Installs Airflow, Spark and the tools, and makes the empty database that stacks copy."""
    with _step("main environment"):
        _sync("main", sys.executable if is_new else None, "airflow-spark.txt", "dev.txt")
    pins = (REQUIREMENTS / "airflow-spark.txt").read_text()
    version = pins.partition("\napache-airflow==")[2].split()[0]
    database = VENVS / f"airflow-{version}.db"
    if is_new or not database.exists():
        with _step("Airflow's database"):
            _make_database(database)


def _make_database(file: Path) -> None:
    with tempfile.TemporaryDirectory() as home:
        _run([str(VENVS / "main" / "bin" / "airflow"), "db", "migrate"], {"AIRFLOW_HOME": home})
        _import("main", MAIN_IMPORTS, {"AIRFLOW_HOME": home})
        shutil.copyfile(Path(home) / "airflow.db", file)


def install_emulator(is_new: bool) -> None:
    """Installs the BigQuery emulator, and DuckDB's extensions into a home folder of its own."""
    with _step("BigQuery emulator"):
        python = find_python(EMULATOR_PYTHON) if is_new else None
        _sync("bigquery", python, "bigquery-emulator.txt")
        home = VENVS / "bigquery" / "home"
        home.mkdir(exist_ok=True)
        calls = [f"duckdb_extensions.import_extension({name!r})" for name in DUCKDB_EXTENSIONS]
        _import("bigquery", EMULATOR_IMPORTS, {"HOME": str(home)}, *calls)


def find_python(version: str) -> str:
    """Returns a Python of the version, from the path, pyenv or uv; uv may have to install it.

    Raises:
        SetupError: There is none.
    """
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    candidates = [
        sys.executable,
        shutil.which(f"python{version}"),
        *(str(path) for path in sorted(pyenv.glob(f"versions/{version}.*/bin/python"))),
    ]
    test = f"import sys, venv; sys.exit('%d.%d' % sys.version_info[:2] != {version!r})"
    for candidate in candidates:
        if candidate and _runs(candidate, test):
            return _output([candidate, "-c", "import sys; print(sys.executable)"])
    uv = str(VENVS / "uv" / "bin" / "uv")
    for command in ([uv, "python", "find"], [uv, "python", "install"], [uv, "python", "find"]):
        found = _output([*command, version], check=False)
        if found and _runs(found, test):
            return found
    raise SetupError(
        f"the BigQuery emulator needs Python {version}, which was not found: install it "
        f"(for example with `pyenv install {version}`) so that `python{version}` runs"
    )


def _sync(name: str, python: str | None, *files: str) -> None:
    """Makes the environment hold exactly the pinned packages, checked by their hashes.

    With a `python` the environment is rebuilt.
    """
    uv, venv = str(VENVS / "uv" / "bin" / "uv"), str(VENVS / name)
    if python:
        _run([uv, "venv", "--quiet", "--clear", "--python", python, venv])
    command = [uv, "pip", "sync", "--quiet", "--require-hashes"]
    paths = [str(REQUIREMENTS / file) for file in files]
    _run([*command, "--python", f"{venv}/bin/python", *paths], _index_of_pip())


def _import(name: str, modules: Sequence[str], environment: Mapping[str, str], *calls: str) -> None:
    """Imports the modules, which leaves their bytecode in the environment, and runs the calls."""
    code = "\n".join([f"import {', '.join(modules)}", *calls])
    _run([str(VENVS / name / "bin" / "python"), "-c", code], environment)


def _index_of_pip() -> dict[str, str]:
    """Returns pip's package index for uv, which does not read pip's configuration."""
    pip = [str(VENVS / "uv" / "bin" / "python"), "-m", "pip", "config", "list"]
    match = re.search(r"^(?:global|:env:)\.index-url='(.*)'$", _output(pip), re.MULTILINE)
    is_set = "UV_DEFAULT_INDEX" in os.environ or "UV_INDEX_URL" in os.environ
    return {"UV_DEFAULT_INDEX": match[1]} if match and not is_set else {}


def _read_stamp() -> dict[str, str]:
    """Returns the stamp of a complete installation that still runs, an empty one without."""
    pythons = [VENVS / name / "bin" / "python" for name in ("uv", "main", "bigquery")]
    if not STAMP.exists() or not all(os.access(python, os.X_OK) for python in pythons):
        return {}
    return dict(json.loads(STAMP.read_text()))


def _has(program: str) -> bool:
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), *SYSTEM_FOLDERS])
    return shutil.which(program, path=path) is not None


def _runs(python: str, code: str) -> bool:
    try:
        result = subprocess.run([python, "-c", code], capture_output=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return result.returncode == 0


def _output(
    command: Sequence[str], environment: Mapping[str, str] | None = None, check: bool = True
) -> str:
    variables = {**os.environ, **(environment or {})}
    result = subprocess.run(command, env=variables, capture_output=True, text=True, check=check)
    return result.stdout.strip()


def _run(command: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
    """Runs a command with its output in the log. Python may write bytecode even if told not to.

    Raises:
        SetupError: It failed; the message has the end of its output.
    """
    result = subprocess.run(
        command,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "", **(environment or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    with LOG.open("a") as log:
        log.write(f"$ {shlex.join(command)}\n{result.stdout}")
    if result.returncode != 0:
        lines = "\n".join(f"  {line}" for line in result.stdout.splitlines()[-SHOWN_LOG_LINES:])
        raise SetupError(f"this failed: {shlex.join(command)}\n{lines}\nall output is in {LOG}")


@contextmanager
def _step(title: str) -> Iterator[None]:
    begin = time.monotonic()
    yield
    print(f"  {time.monotonic() - begin:5.1f} s  {title}", flush=True)


@contextmanager
def _locked() -> Iterator[None]:
    with (VENVS / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


if __name__ == "__main__":
    sys.exit(main())
