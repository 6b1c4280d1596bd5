"""The address of a source's database, from Airflow's connections."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter

from utils.contracts.sources import sources
from utils.errors import SourceError
from utils.landing.mysql_address import parse_address
from utils.orchestration.connections import source_uri
from utils.paths import CONFIGS
from utils.schema import load_model
from utils.settings import Settings, settings


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


@pytest.mark.parametrize(
    ("extras", "is_taken"),
    [("", False), ("?ssl_mode=REQUIRED", False), ("?ssl_ca=%2Fca.pem", True)],
    ids=["none", "unverified", "verified"],
)
def test_an_environment_that_requires_tls_takes_verified_connections_only(
    monkeypatch: pytest.MonkeyPatch, extras: str, is_taken: bool
) -> None:
    secure = settings().model_copy(update={"requires_tls": True})
    monkeypatch.setattr("utils.orchestration.connections.settings", lambda: secure)
    uri = f"mysql://user:word-of-pass@host:3306/books{extras}"
    monkeypatch.setenv("AIRFLOW_CONN_HOSPITAL_A_DB", uri)
    source = sources()["hospital_a"]

    if is_taken:
        assert parse_address(source_uri(source) or "").ssl_ca == "/ca.pem"
        return
    with pytest.raises(SourceError, match=r"`hospital_a_db` .*hospital_a.*`ssl_mode`.*`ssl_ca`"):
        source_uri(source)


def test_only_the_local_environment_goes_without_tls() -> None:
    environments = {
        path.stem: load_model(path, TypeAdapter(Settings))
        for path in (CONFIGS / "environments").glob("*.yaml")
    }
    assert [name for name, found in environments.items() if not found.requires_tls] == ["local"]
