"""A table or column that the catalogue hides is not one that the hospital does not have."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4
from zoneinfo import ZoneInfo

import MySQLdb
import pytest

from tests.landing_support import LAKE, Hospital
from utils.errors import SourceError
from utils.landing.drift import WantedColumn
from utils.landing.mysql import TableRequest, try_table
from utils.landing.mysql_query import Window
from utils.landing.mysql_server import absent_tables

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Stack

NOON = datetime(2024, 6, 1, 16, tzinfo=UTC)


@dataclass(frozen=True)
class Database:
    """A database of `patients` and `postings`, and a user to whom the server's root grants."""

    name: str
    user: str
    address: str
    socket: Path

    @property
    def uri(self) -> str:
        return f"mysql://{self.user}:word@{self.address}/{self.name}"

    def as_root(self, *statements: str) -> None:
        connection = MySQLdb.connect(unix_socket=str(self.socket), user="root", autocommit=True)
        for statement in statements:
            connection.cursor().execute(statement)
        connection.close()

    def grant(self, what: str, table: str) -> None:
        self.as_root(f"GRANT {what} ON {self.name}.{table} TO '{self.user}'@'%'")


@pytest.fixture
def database(stack_environment: Stack) -> Iterator[Database]:
    name = f"d{uuid4().hex[:12]}"
    variables = stack_environment.variables
    address = Hospital(variables["AIRFLOW_CONN_HOSPITAL_A_DB"]).uri.split("@")[1].split("/")[0]
    socket = Path(variables["RCM_STATE_DIR"]) / "mariadb.sock"
    found = Database(name, f"u{name}", address, socket)
    found.as_root(
        f"CREATE DATABASE {name}",
        f"CREATE USER '{found.user}'@'%' IDENTIFIED BY 'word'",
        f"CREATE TABLE {name}.patients (ID INT, Email VARCHAR(9))",
        f"CREATE TABLE {name}.postings (ID INT)",
    )
    yield found
    found.as_root(f"DROP DATABASE {name}", f"DROP USER '{found.user}'@'%'")


def request_of(database: Database, table: str) -> TableRequest:
    return TableRequest(
        uri=database.uri,
        source="hospital_a",
        table=table,
        columns=(WantedColumn("ID"), WantedColumn("Email", required=False)),
        window=Window(None, NOON, NOON),
        zone=ZoneInfo("America/New_York"),
        load_id="x",
        target_uri=f"gs://{LAKE}/x.parquet",
    )


def test_table_without_a_grant_is_refused_with_the_grant_to_give(database: Database) -> None:
    """Field case 10: the catalogue shows `patients` only, and so would the hospital have none."""
    database.grant("SELECT", "patients")

    assert absent_tables(database.uri, "hospital_a", ["postings", "appeals"]) == set()
    with pytest.raises(
        SourceError, match=rf"may not read .*Grant SELECT on {database.name}.postings"
    ):
        try_table(request_of(database, "postings"))


def test_table_that_a_user_of_the_whole_database_does_not_see_is_absent(database: Database) -> None:
    database.grant("SELECT", "*")

    assert absent_tables(database.uri, "hospital_a", ["postings", "appeals"]) == {"appeals"}
    with pytest.raises(SourceError, match=r"has no such table .*table appeals"):
        try_table(request_of(database, "appeals"))


def test_table_of_another_case_is_named_as_the_server_spells_it(database: Database) -> None:
    database.grant("SELECT", "*")

    assert absent_tables(database.uri, "hospital_a", ["Postings"]) == set()
    with pytest.raises(SourceError, match="The table is called postings there"):
        try_table(request_of(database, "Postings"))


def test_column_without_a_grant_is_not_taken_for_missing(database: Database) -> None:
    """To a user of some columns the server does not say whether there is another."""
    database.grant("SELECT (ID)", "patients")

    with pytest.raises(SourceError, match=r"does not show the column .*column Email.*whole table"):
        try_table(request_of(database, "patients"))


def test_column_that_a_user_of_the_whole_table_does_not_see_is_missing(database: Database) -> None:
    database.grant("SELECT", "patients")
    wanted = (WantedColumn("ID"), WantedColumn("Fax", required=False))

    assert try_table(replace(request_of(database, "patients"), columns=wanted)).missing == ("Fax",)
