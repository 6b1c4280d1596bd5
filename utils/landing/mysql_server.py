"""Asks a MySQL server: its clock, its tables, their columns; explains what it refuses.

mysqlclient asks with short timeouts and tells by a code why a server refuses. Messages name user
and server, never a password and never a value of a row.
"""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote as percent_encoded
from urllib.parse import unquote, urlsplit

import MySQLdb

from utils.errors import ConfigError, SourceError, SourceUnavailable
from utils.landing.mysql_query import derived
from utils.landing.mysql_types import result_columns

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from utils.landing.mysql_query import SourceColumn

CONNECT_SECONDS = 5
INSPECT_SECONDS = 30
READ_ONLY = "SET SESSION TRANSACTION READ ONLY"
_CLIENT_ERRORS = 2000
_TABLES = "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()"
_ACCESS_REFUSED = {1044, 1045, 1142, 1143, 1227, 1698}
_NO_DATABASE = 1049


def source_clock(uri: str, source: str) -> datetime:
    """Now, in UTC, by the source's own clock.

    Raises:
        SourceUnavailable: the server does not answer.
        SourceError: it refuses the user or does not have the database.
    """
    now: datetime
    [[now]] = ask(uri, source, "SELECT UTC_TIMESTAMP(6)")
    return now.replace(tzinfo=UTC)


def present_tables(uri: str, source: str) -> frozenset[str]:
    """Names of the tables that the database shows to this user.

    Raises:
        SourceUnavailable: the server does not answer.
        SourceError: it refuses the user or does not have the database.
    """
    return frozenset(name for (name,) in ask(uri, source, _TABLES))


def ask(uri: str, source: str, sql: str, values: Sequence[str] = ()) -> list[tuple[Any, ...]]:
    """The rows that the server answers.

    Raises:
        SourceUnavailable: the server does not answer.
        SourceError: it refuses the user or does not have the database.
    """
    with _cursor(uri, source) as cursor:
        cursor.execute(sql, list(values) or None)
        return list(cursor.fetchall())


def result_of(uri: str, source: str, select: str, table: str) -> list[SourceColumn]:
    """The columns of a query's result, which no row is read for.

    Raises:
        SourceError: the query cannot be run.
    """
    sql = f"SELECT * FROM {derived(select, table)} LIMIT 0"  # noqa: S608 (checked)
    with _cursor(uri, source) as cursor:
        try:
            cursor.execute(sql)
        except MySQLdb.Error as error:
            if error.args[0] in _ACCESS_REFUSED or error.args[0] >= _CLIENT_ERRORS:
                raise
            raise SourceError(
                f"The source cannot run the table's `select` (MySQL error {error.args[0]})",
                where=f"source {source}, table {table}",
                remedy="Correct its names in configs/sources; try it in the source's own client",
            ) from None
        return result_columns(cursor.description, cursor.description_flags)


@contextmanager
def _cursor(uri: str, source: str) -> Iterator[Any]:
    """A cursor of a session that cannot write."""
    try:
        connection = MySQLdb.connect(
            **_login(uri),
            charset="utf8mb4",
            connect_timeout=CONNECT_SECONDS,
            read_timeout=INSPECT_SECONDS,
            init_command=READ_ONLY,
        )
        try:
            with connection.cursor() as cursor:
                yield cursor
        finally:
            connection.close()
    except MySQLdb.Error as error:
        raise _refusal(error, uri, source) from None


def _refusal(error: MySQLdb.Error, uri: str, source: str) -> SourceError:
    """What a driver's error code means; its text may hold values, so it is not passed on."""
    code = error.args[0] if error.args and isinstance(error.args[0], int) else 0
    login = _login(uri)
    where = f"source {source}, server {login['host']}:{login['port']}"
    if code in _ACCESS_REFUSED:
        return SourceError(
            f"The source refused user {login['user']} (MySQL error {code})",
            where=where,
            remedy="Check user, password and grants of the source's connection",
        )
    if code == _NO_DATABASE:
        return SourceError(
            f"The source has no database {login['database']}",
            where=where,
            remedy="Correct the schema of the source's connection",
        )
    return SourceUnavailable(
        f"The source does not answer (MySQL error {code})",
        where=where,
        remedy="Check that the server runs and that the network lets it be reached",
    )


def _login(uri: str) -> dict[str, Any]:
    """Parts of a connection address.

    Raises:
        ConfigError: it is no complete `mysql://` address; the message does not repeat it.
    """
    parts = urlsplit(uri)
    if parts.scheme != "mysql" or not parts.hostname or not parts.path.strip("/"):
        raise ConfigError(
            "The connection of a source is incomplete",
            remedy="Give it type mysql, a host, a schema (the database), a login and a password",
        )
    return {
        "host": parts.hostname,
        "port": parts.port or 3306,
        "user": unquote(parts.username or ""),
        "password": unquote(parts.password or ""),
        "database": unquote(parts.path.strip("/")),
    }


def carrier_uri(uri: str) -> str:
    """The address for ConnectorX, kept from turning to a local socket and so to another login."""
    login = {name: percent_encoded(str(part), safe="") for name, part in _login(uri).items()}
    address = f"{login['user']}:{login['password']}@{login['host']}:{login['port']}"
    return f"mysql://{address}/{login['database']}?prefer_socket=false&tcp_keepalive_time_ms=30000"
