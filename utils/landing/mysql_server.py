"""Asks a MySQL server: its clock, its tables, their columns; explains what it refuses.

mysqlclient asks with short timeouts and tells by a code why a server refuses. Messages name user
and server, never a password and never a value of a row.
"""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import MySQLdb

from utils.errors import SourceError, SourceUnavailable
from utils.landing.mysql_address import parse_address
from utils.landing.mysql_query import derived
from utils.landing.mysql_types import quote, result_columns

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from utils.landing.mysql_types import SourceColumn

CONNECT_SECONDS = 5
INSPECT_SECONDS = 30
READ_ONLY = "SET SESSION TRANSACTION READ ONLY"
_CLIENT_ERRORS, _SERVER_ERRORS = 2000, 3000  # the driver's own, before the server's newer ones
_TABLES = "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()"
_ACCESS_REFUSED = {1044, 1045, 1142, 1143, 1227, 1698}
_NO_DATABASE, _NO_TABLE, _COLUMN_DENIED = 1049, 1146, 1143
_TLS_COMPULSORY, _TLS_FAILED = 3159, 2026
_GIVE_TLS = "Give its connection the extras `ssl_mode: VERIFY_CA` and `ssl_ca: <file>`"


def source_clock(uri: str, source: str) -> datetime:
    """Now, in UTC, by the source's own clock.

    Raises:
        SourceUnavailable: the server does not answer.
        SourceError: it refuses the user or does not have the database.
    """
    now: datetime
    [[now]] = ask(uri, source, "SELECT UTC_TIMESTAMP(6)")
    return now.replace(tzinfo=UTC)


def absent_tables(uri: str, source: str, names: Iterable[str]) -> set[str]:
    """Those of these tables that the database does not have, however they are spelled.

    A catalogue leaves out what the user may not read, so each that it leaves out is asked for by
    name. To a user without rights on the whole database the server does not say whether a table
    exists; such a table is not called absent.

    Raises:
        SourceUnavailable: the server does not answer.
        SourceError: it refuses the user or does not have the database.
    """
    shown = {name.lower() for (name,) in ask(uri, source, _TABLES)}
    return {
        name
        for name in names
        if name.lower() not in shown and _refusal_of(uri, source, name) == _NO_TABLE
    }


def missing_table(uri: str, source: str, name: str) -> SourceError:
    """Why a table that the catalogue does not show under this name cannot be read."""
    where = f"source {source}, table {name}"
    shown = [other for (other,) in ask(uri, source, _TABLES) if other.lower() == name.lower()]
    if shown:
        return SourceError(
            f"The table is called {shown[0]} there",
            where=where,
            remedy="Write the name in the source's file as the server does",
        )
    code = _refusal_of(uri, source, name)
    if code == _NO_TABLE:
        return SourceError(
            "The database has no such table",
            where=where,
            remedy="Correct the name in the source's file; if this hospital has none, take the "
            "table out of it",
        )
    address = parse_address(uri)
    return SourceError(
        f"User {address.user} may not read the table (MySQL error {code})",
        where=where,
        remedy=f"Grant SELECT on {address.database}.{name} to the user; if this hospital has none, "
        "take the table out of the source's file",
    )


def may_not_read(uri: str, source: str, table: str, column: str) -> bool:
    """Whether the server denies the user a column that the catalogue does not show to him."""
    return _refusal_of(uri, source, table, column) == _COLUMN_DENIED


def _refusal_of(uri: str, source: str, table: str, column: str | None = None) -> int | None:
    """The error by which the server refuses a table or a column of it; None if it does not."""
    what = quote(column) if column else "1"
    with _cursor(uri, source) as cursor:
        try:
            cursor.execute(f"SELECT {what} FROM {quote(table)} LIMIT 0")  # noqa: S608 (quoted)
        except MySQLdb.Error as error:
            if _CLIENT_ERRORS <= error.args[0] < _SERVER_ERRORS:
                raise
            return int(error.args[0])
    return None


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
            if error.args[0] in _ACCESS_REFUSED or _CLIENT_ERRORS <= error.args[0] < _SERVER_ERRORS:
                raise
            raise SourceError(
                f"The source cannot run the table's `select` (MySQL error {error.args[0]})",
                where=f"source {source}, table {table}",
                remedy="Correct its names in configs/sources; try it in the source's own client",
            ) from None
        description, flags = cursor.description, cursor.description_flags
        cursor.execute(_character_sets(sql, [str(name) for name, *_ in description]))
        [character_sets] = cursor.fetchall()
        return result_columns(description, flags, character_sets)


def _character_sets(no_rows: str, names: Sequence[str]) -> str:
    """SQL of one row: the character set of each column of a query that returns no row."""
    asked = ", ".join(f"CHARSET(COALESCE(nothing.{quote(name)}, ''))" for name in names)
    return f"SELECT {asked} FROM (SELECT 1) AS one LEFT JOIN ({no_rows}) AS nothing ON TRUE"  # noqa: S608


@contextmanager
def _cursor(uri: str, source: str) -> Iterator[Any]:
    """A cursor of a session that cannot write."""
    try:
        connection = MySQLdb.connect(
            **parse_address(uri).for_asking(),
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
    address = parse_address(uri)
    where = f"source {source}, server {address.host}:{address.port}"
    if code == _TLS_COMPULSORY:
        return SourceError(
            "The source takes encrypted connections only (MySQL error 3159)",
            where=where,
            remedy=_GIVE_TLS,
        )
    if code == _TLS_FAILED:
        return SourceError(
            f"TLS with the source failed (MySQL error {code}, ssl_mode {address.ssl_mode})",
            where=where,
            remedy="Check that the server offers TLS, and that the extra `ssl_ca` of the source's "
            "connection is a file of the authority that signed its certificate",
        )
    if code in _ACCESS_REFUSED:
        remedy = "Check user, password and grants of the source's connection"
        if not address.is_encrypted:
            remedy = f"{remedy}. If the server takes encrypted connections only: {_GIVE_TLS}"
        return SourceError(
            f"The source refused user {address.user} (MySQL error {code})",
            where=where,
            remedy=remedy,
        )
    if code == _NO_DATABASE:
        return SourceError(
            f"The source has no database {address.database}",
            where=where,
            remedy="Correct the schema of the source's connection",
        )
    return SourceUnavailable(
        f"The source does not answer (MySQL error {code})",
        where=where,
        remedy="Check that the server runs and that the network lets it be reached",
    )
