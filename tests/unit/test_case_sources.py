"""Which hospitals take part in a case, and how one that does not exist is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from local.errors import LocalError
from local.run.case_sources import hospitals_of, lay_configs


def test_statements_and_files_say_who_takes_part(tmp_path: Path) -> None:
    base, case = tmp_path / "base", tmp_path / "case"
    (base / "landing" / "day2" / "claims" / "hospital_b").mkdir(parents=True)
    case.mkdir()
    (case / "day1.hospital_a.sql").touch()

    assert hospitals_of([case]) == {"hospital_a"}
    assert hospitals_of([base, case]) == {"hospital_a", "hospital_b"}


def test_hospital_without_rows_is_left_out_and_its_payers_files_are_not(tmp_path: Path) -> None:
    configs = lay_configs({"hospital_a"}, tmp_path / "configs")

    left = {path.stem for path in (configs / "sources").iterdir()}
    assert left == {"hospital_a", "payer_claims", "reference_codes"}
    assert (configs / "environments" / "local.yaml").exists()


def test_statements_for_a_hospital_that_no_source_declares_are_named(tmp_path: Path) -> None:
    (tmp_path / "day1.hospital_q.sql").touch()

    with pytest.raises(LocalError, match=r"day1\.hospital_q\.sql: there is no hospital hospital_q"):
        hospitals_of([tmp_path])
