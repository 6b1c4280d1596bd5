from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from local.paths import ROOT
from tools import bundle

NO_BYTECODE = {"PYTHONDONTWRITEBYTECODE": "1"}


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("build")
    bundle.build(output, "abc123")
    return output


def test_the_dags_lie_beside_what_they_import(build: Path) -> None:
    dags = {path.name for path in (ROOT / "dags").glob("*.py")}

    assert dags
    assert {path.name for path in (build / "bundle").iterdir()} == {
        *dags, "utils", "configs", "sql", "VERSION", ".airflowignore"
    }  # fmt: skip


def test_the_bundle_imports_its_own_code(build: Path) -> None:
    """Composer appends the DAG folder to the path: the bundle's `utils` has to be the one found."""
    code = "import sys; sys.path.append(sys.argv[1]); from utils import paths; print(paths.ROOT)"
    command = [sys.executable, "-P", "-c", code, str(build / "bundle")]

    output = subprocess.run(
        command, cwd=build, env=NO_BYTECODE, capture_output=True, text=True, check=True
    )

    assert output.stdout.strip() == str(build / "bundle")


def test_the_bundle_knows_its_version(build: Path) -> None:
    """Dataproc finds the Spark code of the same commit by it."""
    code = "from utils.paths import code_version; print(code_version())"
    environment = {**NO_BYTECODE, "PYTHONPATH": str(build / "bundle")}
    command = [sys.executable, "-P", "-c", code]

    output = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)

    assert output.stdout == "abc123\n"


def test_the_same_code_gives_the_same_zip(build: Path, tmp_path: Path) -> None:
    bundle.build(tmp_path, "another")

    zips = [(folder / "spark" / "spark_jobs.zip").read_bytes() for folder in (build, tmp_path)]
    assert zips[0] == zips[1]


def test_the_manifest_names_the_version_and_the_content(build: Path) -> None:
    manifest = json.loads((build / "spark" / "manifest.json").read_text())

    assert manifest["version"] == "abc123"
    for name, digest in manifest["sha256"].items():
        assert hashlib.sha256((build / "spark" / name).read_bytes()).hexdigest() == digest
    assert set(manifest["sha256"]) == {"main.py", "spark_jobs.zip"}


def test_spark_finds_its_code_in_the_zip_alone(build: Path) -> None:
    spark = build / "spark"
    command = [sys.executable, "-P", str(spark / "main.py"), "--help"]
    environment = {"PYTHONPATH": str(spark / "spark_jobs.zip"), "SPARK_HOME": ""}

    output = subprocess.run(
        command, cwd=build, env=environment, capture_output=True, text=True, check=True
    )

    assert "--spec" in output.stdout


def test_what_rides_to_spark_needs_the_standard_library_alone(build: Path) -> None:
    """Dataproc's Python has none of the DAGs' packages: -S leaves all of them out."""
    archive = build / "spark" / "spark_jobs.zip"
    code = "import sys; sys.path.insert(0, sys.argv[1]); " + "; ".join(
        f"import utils.batch.{path.stem}" for path in (ROOT / "utils" / "batch").glob("[!_]*.py")
    )

    command = [sys.executable, "-P", "-S", "-c", code, str(archive)]
    output = subprocess.run(command, cwd=build, env=NO_BYTECODE, capture_output=True, text=True)

    assert output.returncode == 0, output.stderr


def test_nothing_else_of_utils_rides_to_spark(build: Path) -> None:
    with zipfile.ZipFile(build / "spark" / "spark_jobs.zip") as archive:
        shipped = {name for name in archive.namelist() if name.startswith("utils/")}

    wing = {f"utils/batch/{path.name}" for path in (ROOT / "utils" / "batch").glob("*.py")}
    assert shipped == {"utils/__init__.py", *wing}


def test_no_compiled_file_ships(build: Path) -> None:
    with zipfile.ZipFile(build / "spark" / "spark_jobs.zip") as archive:
        shipped = [*archive.namelist(), *map(str, (build / "bundle").rglob("*"))]

    assert not [name for name in shipped if "__pycache__" in name or name.endswith(".pyc")]
