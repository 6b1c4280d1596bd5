"""`make case`: a folder of SQL and files runs on a stack of its own, and says what became of it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from local.paths import ROOT
from local.stack.client import client_process_environment


def test_a_case_is_laid_on_its_base_and_every_failure_is_named(tmp_path: Path) -> None:
    """The base's hospital lacks all but one table: both dates run, and what fails is named."""
    base, case = tmp_path / "base", tmp_path / "01-no-tables"
    (base / "landing" / "day1" / "claims" / "hospital_a").mkdir(parents=True)
    (base / "landing" / "day1" / "claims" / "hospital_a" / "claims_2024-03.csv").write_text("")
    (base / "day1.hospital_a.sql").write_text("CREATE TABLE departments (DeptID INT, Name TEXT);\n")
    case.mkdir()
    (case / "day1.hospital_a.sql").write_text("INSERT INTO departments VALUES (1, 'Eyes; ears');\n")
    (case / "as_root.sql").write_text("CREATE DATABASE extra;\n")
    (case / "queries.sql").write_text("SELECT COUNT(*) AS held FROM {audit}.quarantine;\n")

    result = subprocess.run(
        [sys.executable, "-m", "local", "case", str(case)],
        cwd=ROOT,
        env=client_process_environment({"PYTHONPATH": str(ROOT)}),
        check=False,
        capture_output=True,
        text=True,
        timeout=600,
    )

    assert result.returncode == 1, result.stderr
    for line in (
        "==== 01-no-tables",
        "== 2024-03-04: FAILED",
        "== 2024-03-05: FAILED",
        "business_date=2024-03-04, state=FAILED, failed_task=land",
        "table_name=departments, state=",
        "claims/hospital_a/claims_2024-03.csv, state=REFUSED",
        "held=0",
        "-- errors in the log",
    ):
        assert line in result.stdout
