"""The Python environments below `.local/venvs`: `uv`, `main` and `bigquery`."""

from __future__ import annotations

import os
import re
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from local.paths import ROOT, VENVS
from local.setup import commands

REQUIREMENTS = ROOT / "requirements"
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


def install_environments(is_new: bool) -> None:
    """Rebuilds the environments, or brings those that are there to the pinned packages."""
    install_uv(is_new)
    with ThreadPoolExecutor(2) as pool:
        for step in [pool.submit(install_main, is_new), pool.submit(install_emulator, is_new)]:
            step.result()


def install_uv(is_new: bool) -> None:
    """Installs the installer."""
    with commands.step("uv"):
        if is_new:
            commands.run([sys.executable, "-m", "venv", "--clear", str(VENVS / "uv")])
        pip = [str(VENVS / "uv" / "bin" / "python"), "-m", "pip", "install", "--quiet"]
        commands.run([*pip, "--require-hashes", "--requirement", str(REQUIREMENTS / "uv.txt")])


def install_main(is_new: bool) -> None:
    """Installs Airflow, Spark and the tools, and makes the empty database that stacks copy."""
    with commands.step("main environment"):
        sync("main", sys.executable if is_new else None, "airflow-spark.txt", "dev.txt")
    pins = (REQUIREMENTS / "airflow-spark.txt").read_text()
    version = pins.partition("\napache-airflow==")[2].split()[0]
    database = VENVS / f"airflow-{version}.db"
    if is_new or not database.exists():
        with commands.step("Airflow's database"):
            _make_database(database)


def _make_database(file: Path) -> None:
    with tempfile.TemporaryDirectory() as home:
        commands.run(
            [str(VENVS / "main" / "bin" / "airflow"), "db", "migrate"], {"AIRFLOW_HOME": home}
        )
        _import("main", MAIN_IMPORTS, {"AIRFLOW_HOME": home})
        shutil.copyfile(Path(home) / "airflow.db", file)


def install_emulator(is_new: bool) -> None:
    """Installs the BigQuery emulator, and DuckDB's extensions into a home folder of its own."""
    with commands.step("BigQuery emulator"):
        python = find_python(EMULATOR_PYTHON) if is_new else None
        sync("bigquery", python, "bigquery-emulator.txt")
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
        if candidate and commands.runs(candidate, test):
            return commands.output([candidate, "-c", "import sys; print(sys.executable)"])
    uv = str(VENVS / "uv" / "bin" / "uv")
    for command in ([uv, "python", "find"], [uv, "python", "install"], [uv, "python", "find"]):
        found = commands.output([*command, version], check=False)
        if found and commands.runs(found, test):
            return found
    raise commands.SetupError(
        f"Python {version} is needed and was not found: install it "
        f"(for example with `pyenv install {version}`) so that `python{version}` runs"
    )


def sync(name: str, python: str | None, *files: str) -> None:
    """Makes the environment hold exactly the pinned packages, checked by their hashes.

    With a `python` the environment is rebuilt.
    """
    uv, venv = str(VENVS / "uv" / "bin" / "uv"), str(VENVS / name)
    if python:
        commands.run([uv, "venv", "--quiet", "--clear", "--python", python, venv])
    command = [uv, "pip", "sync", "--quiet", "--require-hashes"]
    paths = [str(REQUIREMENTS / file) for file in files]
    commands.run([*command, "--python", f"{venv}/bin/python", *paths], _index_of_pip())


def _import(name: str, modules: Sequence[str], environment: Mapping[str, str], *calls: str) -> None:
    """Imports the modules, which leaves their bytecode in the environment, and runs the calls."""
    code = "\n".join([f"import {', '.join(modules)}", *calls])
    commands.run([str(VENVS / name / "bin" / "python"), "-c", code], environment)


def _index_of_pip() -> dict[str, str]:
    """Returns pip's package index for uv, which does not read pip's configuration."""
    pip = [str(VENVS / "uv" / "bin" / "python"), "-m", "pip", "config", "list"]
    match = re.search(r"^(?:global|:env:)\.index-url='(.*)'$", commands.output(pip), re.MULTILINE)
    is_set = "UV_DEFAULT_INDEX" in os.environ or "UV_INDEX_URL" in os.environ
    return {"UV_DEFAULT_INDEX": match[1]} if match and not is_set else {}
