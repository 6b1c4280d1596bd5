"""Assembles what ships: the DAG bundle for Composer and the code for Dataproc.

`build/bundle` is what the DAG folder holds: the DAGs with `utils`, `configs` and `sql` beside
them. `build/spark` holds `main.py`, a zip of `spark_jobs` and `utils/batch` that is the same, byte
for byte, for the same code, and a manifest. Both carry one version, the git commit.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterable
from pathlib import Path

from local.paths import ROOT

BUNDLE_FOLDERS = ("utils", "configs", "sql")
# Airflow looks for DAGs in every Python file that it is not told to leave alone.
AIRFLOW_IGNORE = "".join(f"{folder}/\n" for folder in BUNDLE_FOLDERS)
ZIP_DATE = (1980, 1, 1, 0, 0, 0)
VERSION_FILE = "VERSION"


def main() -> int:
    """Rebuilds everything below `build/` and returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tools.bundle", description=__doc__)
    parser.add_argument("--version", help="version of the code (default: the git commit)")
    parser.add_argument("--output", type=Path, default=ROOT / "build")
    options = parser.parse_args()
    version = options.version or git_version()
    build(options.output, version)
    print(f"bundle {version} is in {options.output}")
    return 0


def build(output: Path, version: str) -> None:
    """Writes `output/bundle` and `output/spark`, replacing what was there."""
    for folder in ("bundle", "spark"):
        shutil.rmtree(output / folder, ignore_errors=True)
        (output / folder).mkdir(parents=True)
    _write_dag_bundle(output / "bundle", version)
    _write_spark_code(output / "spark", version)


def git_version() -> str:
    """Returns the commit, with `-dirty` after it if files differ from it."""
    git = ["git", "-C", str(ROOT), "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    result = subprocess.run(git, capture_output=True, text=True, check=False)
    return result.stdout.strip() or "unversioned"


def _write_dag_bundle(folder: Path, version: str) -> None:
    for dag in sorted((ROOT / "dags").glob("*.py")):
        shutil.copyfile(dag, folder / dag.name)
    for name in BUNDLE_FOLDERS:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / ".airflowignore").write_text(AIRFLOW_IGNORE)
    (folder / VERSION_FILE).write_text(f"{version}\n")


def _write_spark_code(folder: Path, version: str) -> None:
    shutil.copyfile(ROOT / "spark_jobs" / "main.py", folder / "main.py")
    batch = [ROOT / "utils" / "__init__.py", *(ROOT / "utils" / "batch").rglob("*.py")]
    _write_zip(folder / "spark_jobs.zip", [*(ROOT / "spark_jobs").rglob("*.py"), *batch])
    digests = {
        file.name: hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(folder.iterdir())
    }
    manifest = {"version": version, "sha256": digests}
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")


def _write_zip(target: Path, files: Iterable[Path]) -> None:
    """Writes the files in a fixed order, with a fixed date and fixed permissions."""
    with zipfile.ZipFile(target, "w") as archive:
        for file in sorted(files):
            entry = zipfile.ZipInfo(str(file.relative_to(ROOT)), ZIP_DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, file.read_bytes())


if __name__ == "__main__":
    sys.exit(main())
