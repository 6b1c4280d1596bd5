"""The address of a source's database, from Airflow's connections."""

from __future__ import annotations

import pytest

from utils.contracts.sources import sources
from utils.errors import SourceError
from utils.orchestration.connections import source_uri


def test_a_connection_that_is_missing_is_one_line_with_source_and_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("AIRFLOW_CONN_HOSPITAL_A_DB", raising=False)
    with pytest.raises(SourceError) as missing:
        source_uri(sources()["hospital_a"])
    for part in ("`hospital_a_db`", "source hospital_a", "AIRFLOW_CONN_HOSPITAL_A_DB"):
        assert part in str(missing.value)


def test_the_address_is_that_of_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_HOSPITAL_A_DB", "mysql://user:word-of-pass@host:3306/books")
    assert source_uri(sources()["hospital_a"]) == "mysql://user:word-of-pass@host:3306/books"


def test_a_source_of_files_has_none() -> None:
    assert source_uri(sources()["payer_claims"]) is None
