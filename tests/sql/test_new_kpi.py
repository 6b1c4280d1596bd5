"""The case that `make new-kpi` writes passes on the SELECT that it writes."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import tests.model_cases
from tests.model_cases import run_case
from tools.scaffold import kpi_files, write
from utils.gold.models import load_models
from utils.paths import SQL


def test_new_kpi_returns_what_its_case_expects(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(SQL / "gold", tmp_path / "sql" / "gold")
    write(kpi_files("kpi_paid_share"), tmp_path)
    models = load_models(tmp_path / "sql" / "gold")
    monkeypatch.setattr(tests.model_cases, "gold_models", lambda: models)

    expected, actual = run_case(tmp_path / "tests" / "sql" / "gold" / "kpi_paid_share")

    assert len(expected) == 3
    assert actual == expected
