"""New files are written whole or not at all, and the guide's commands lead to files that load."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from local.paths import ROOT
from utils.paths import CONFIGS

KPI = "kpi_paid_share"
PARTS = ("docs", "local", "sql", "tests/sql/gold", "tools", "utils", "pyproject.toml")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of what the commands read and write."""
    for part in PARTS:
        (tmp_path / part).parent.mkdir(parents=True, exist_ok=True)
        take = shutil.copytree if (ROOT / part).is_dir() else shutil.copy
        take(ROOT / part, tmp_path / part)
    shutil.copytree(CONFIGS, tmp_path / "configs")
    # Somebody who follows the guide has it.
    for made in [*tmp_path.rglob(f"{KPI}*")]:
        shutil.rmtree(made) if made.is_dir() else made.unlink()
    return tmp_path


def run(copy: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *words],
        cwd=copy,
        env={**os.environ, "PYTHONPATH": str(copy), "RCM_CONFIGS": str(copy / "configs")},
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )


def files(folder: Path) -> set[str]:
    found = (path for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc")
    return {str(path.relative_to(folder)) for path in found}


def test_new_kpi_passes_lint_and_enters_the_dictionary(copy: Path) -> None:
    before = files(copy)
    made = run(copy, "tools.scaffold", "kpi", "kpi_paid_share")
    assert made.returncode == 0, made.stderr
    new = files(copy) - before
    assert new == {
        "sql/gold/kpis/kpi_paid_share.sql",
        "tests/sql/gold/kpi_paid_share/given/fact_transactions.yaml",
        "tests/sql/gold/kpi_paid_share/expect.yaml",
    }

    linted = run(copy, "sqlfluff", "lint", "--nocolor", "sql/gold/kpis/kpi_paid_share.sql")
    assert linted.returncode == 0, linted.stdout
    written = run(copy, "tools.dictionary")
    assert written.returncode == 0, written.stderr
    page = (copy / "docs" / "dictionary" / "gold" / "kpi_paid_share.md").read_text()
    assert "| paid_rate | RATE |" in page


def test_new_hospital_loads_and_enters_the_lineage(copy: Path) -> None:
    made = run(copy, "tools.scaffold", "source", "hospital_c")
    assert made.returncode == 0, made.stderr

    shown = run(copy, "tools.lineage", "silver.patients.birth_date")

    assert "hospital_c.patients.birth_date" in shown.stdout, shown.stderr


@pytest.mark.parametrize(
    ("what", "name", "complaint"),
    [
        pytest.param("kpi", "paid_share", "no name of a KPI (NAME=paid_share)", id="no-kpi"),
        pytest.param("kpi", "", "no name of a KPI (NAME=)", id="no-name"),
        pytest.param("kpi", "kpi_revenue", "there already (sql/gold/kpis/", id="known-kpi"),
        pytest.param("source", "../c", "no name of a source (NAME=../c)", id="no-source"),
        pytest.param("source", "hospital_a", "there already (configs/sources/", id="known-source"),
    ],
)
def test_wrong_name_is_one_line_and_writes_nothing(
    copy: Path, what: str, name: str, complaint: str
) -> None:
    before = files(copy)
    refused = run(copy, "tools.scaffold", what, name)

    assert refused.returncode == 1
    assert complaint in refused.stderr
    assert refused.stderr.count("\n") == 1
    assert files(copy) == before
