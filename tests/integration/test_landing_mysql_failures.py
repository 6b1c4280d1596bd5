"""A source that breaks its contract, is out of reach or breaks off while it is read."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import pytest

from tests.landing_support import Hospital
from tests.tables_support import insert
from utils.errors import ConfigError, SourceError, SourceUnavailable
from utils.gcp import storage
from utils.landing.drift import WantedColumn
from utils.landing.mysql import TableRequest, land_table
from utils.landing.mysql_server import source_clock

SECRET = "canary-secret"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param(
            {"columns": (WantedColumn("SSN"),)},
            r"A required column is missing \(source hospital_a, table t\w+, column SSN\)",
            id="A15-required-column",
        ),
        pytest.param(
            {"watermark": "Changed"},
            r"A required column is missing \(source hospital_a, table t\w+, column Changed\)",
            id="A15-watermark",
        ),
        pytest.param(
            {"columns": (WantedColumn("Notes"),)},
            "renamed Notes to Note",
            id="A15-renamed-column",
        ),
        pytest.param(
            {"table": "nowhere"},
            r"The database has no such table \(source hospital_a, table nowhere\)",
            id="table",
        ),
        pytest.param(
            {"extra_columns": "refuse"},
            r"does not name \(source hospital_a, table t\w+, column Note\)",
            id="A15-extra-column-refused",
        ),
        pytest.param({"watermark": "Note"}, "watermark is of type varchar", id="watermark-type"),
    ],
)
def test_broken_contract_is_named_and_nothing_is_written(
    request_: TableRequest, change: dict[str, Any], message: str
) -> None:
    request = replace(request_, **change)

    with pytest.raises(SourceError, match=message):
        land_table(request)
    assert storage.stat(request.target_uri) is None


@pytest.mark.parametrize(
    ("part", "other", "error", "message"),
    [
        pytest.param("password", SECRET, SourceError, "refused user rcm", id="password"),
        pytest.param("port", "1", SourceUnavailable, "does not answer", id="port"),
        pytest.param("host", "nowhere.invalid", SourceUnavailable, "does not answer", id="host"),
        pytest.param("database", "nothing", SourceError, "refused|no database", id="database"),
    ],
)
def test_source_out_of_reach_is_explained_quickly_and_without_its_password(
    hospital: Hospital, part: str, other: str, error: type[SourceError], message: str
) -> None:
    login, address = hospital.uri.removeprefix("mysql://").split("@")
    parts = {
        "user": login.split(":")[0],
        "password": login.split(":")[1],
        "host": address.split(":")[0],
        "port": address.split(":")[1].split("/")[0],
        "database": address.split("/")[1],
    } | {part: other}
    begin = time.monotonic()

    with pytest.raises(error, match=message) as raised:
        source_clock("mysql://{user}:{password}@{host}:{port}/{database}".format(**parts), "h")

    assert time.monotonic() - begin < 10
    assert parts["password"] not in str(raised.value)
    assert raised.value.__cause__ is None


def test_incomplete_address_is_not_repeated() -> None:
    with pytest.raises(ConfigError) as raised:
        source_clock(f"mysql://user:{SECRET}@/", "h")
    assert SECRET not in str(raised.value)


def test_source_that_breaks_off_leaves_no_object(
    hospital: Hospital, request_: TableRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("utils.landing.mysql.BATCH_ROWS", 10)
    table, view = request_.table, f"{request_.table}_v"
    insert(hospital, table, *((f"id-{n}", n, "2024-06-01") for n in range(100)))
    insert(hospital, table, (SECRET, 1, "2024-06-01"))
    hospital.run(
        f"CREATE VIEW {view} AS SELECT ID, Amount, ModifiedDate, IF(ID = '{SECRET}',"
        f" (SELECT b.ID FROM {table} b WHERE b.ID <> CONCAT(a.ID, '!')), 1) AS Broken"
        f" FROM {table} a"
    )
    request = replace(
        request_, table=view, watermark=None, key=(), columns=(WantedColumn("Broken"),)
    )

    with pytest.raises(SourceUnavailable, match="broke off while it was read: MySQL error 1242"):
        land_table(request)

    hospital.run(f"DROP VIEW {view}")
    assert storage.stat(request.target_uri) is None
