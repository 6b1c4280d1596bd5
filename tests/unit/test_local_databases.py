"""Local databases, their grants and connections follow from the sources."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from local.errors import LocalError
from local.paths import ROOT
from local.stack import databases
from utils.contracts import sources as contract

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CLINIC = (ROOT / "tests" / "fixtures" / "third_hospital" / "clinic_x.yaml").read_text()
VARIABLE = "AIRFLOW_CONN_CLINIC_X_DB"


@pytest.fixture
def configs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of sources with the clinic alone."""
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources" / "clinic_x.yaml").write_text(CLINIC)
    monkeypatch.setattr(contract, "CONFIGS", tmp_path)
    monkeypatch.delenv(VARIABLE, raising=False)
    contract.sources.cache_clear()
    yield tmp_path
    contract.sources.cache_clear()


def test_a_source_with_a_connection_has_a_database_that_the_user_may_use(configs: Path) -> None:
    statements = databases.grants("secret")

    assert "CREATE DATABASE IF NOT EXISTS clinic_x CHARACTER SET utf8mb4;" in statements
    assert "GRANT ALL ON clinic_x.* TO 'rcm'@'%';" in statements
    assert databases.connections(3307, "secret") == {
        VARIABLE: "mysql://rcm:secret@127.0.0.1:3307/clinic_x"
    }


def test_a_connection_that_the_user_exported_is_kept(
    configs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, "mysql://reader:x@db.clinic.example:3306/ehr")

    assert databases.connections(3307, "secret") == {}


def test_a_connection_of_an_earlier_local_stack_is_replaced(
    configs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, "mysql://rcm:old@127.0.0.1:3306/clinic_x")

    assert list(databases.connections(3307, "secret")) == [VARIABLE]


def test_a_wrong_file_is_one_message(configs: Path) -> None:
    (configs / "sources" / "clinic_x.yaml").write_text("name: clinic_x\n")

    with pytest.raises(LocalError, match=r"clinic_x\.yaml"):
        databases.databases()
