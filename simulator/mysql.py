"""Brings rows into the hospitals' MySQL or MariaDB databases."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import MySQLdb
from MySQLdb.cursors import Cursor

from simulator.schema import SIMULATED_TYPES, TEXT_TYPE, Table, create_table

Parameters = Mapping[str, Any]
CONNECT_SECONDS = 10
KEYS_PER_STATEMENT = 1_000


class SimulatorError(Exception):
    """Something the simulator was given, or brought to a source, is not as it must be."""


@contextmanager
def transaction(parameters: Parameters) -> Iterator[Cursor]:
    """Opens a cursor on a database; everything is committed together, or nothing on an error.

    Args:
        parameters: host, port, user, password and database.
    """
    connection = MySQLdb.connect(
        **parameters, charset="utf8mb4", local_infile=True, connect_timeout=CONNECT_SECONDS
    )
    try:
        with connection.cursor() as cursor:
            cursor.execute("SET SESSION sql_mode = 'STRICT_ALL_TABLES', autocommit = 0")
            yield cursor
        connection.commit()
    finally:
        connection.close()


def drop(cursor: Cursor, table: Table) -> None:
    """Takes a table away if it is there. DDL commits at once."""
    cursor.execute(f"DROP TABLE IF EXISTS `{table.name}`")


def create_empty(
    cursor: Cursor, table: Table, columns: Sequence[str], types: Mapping[str, str]
) -> None:
    """Drops and creates a table. DDL commits at once."""
    drop(cursor, table)
    cursor.execute(create_table(table, tuple(columns), types))


def load_lines(
    cursor: Cursor, table: Table, columns: Sequence[str], file: Path, options: str = ""
) -> None:
    r"""Loads a file with one line a row, by default separated by tabs with `\N` for NULL.

    Raises:
        SimulatorError: the server could not take a value as it is.
    """
    names = ", ".join(f"`{column}`" for column in columns)
    cursor.execute(
        f"LOAD DATA LOCAL INFILE %s INTO TABLE `{table.name}` CHARACTER SET utf8mb4 "
        f"{options} ({names})",
        (str(file),),
    )
    cursor.execute("SHOW WARNINGS")
    if warnings := cursor.fetchall():
        raise SimulatorError(f"{file.name}: table {table.name} cannot hold it: {warnings[0][2]}")


def widen_amounts(parameters: Parameters) -> None:
    """Makes text of the charges' amounts, as a hospital does between two days."""
    with transaction(parameters) as cursor:
        cursor.execute(f"ALTER TABLE `transactions` MODIFY `Amount` {TEXT_TYPE}")


def apply_day(
    parameters: Parameters, tables: Sequence[Table], folder: Path, today: date, is_first: bool
) -> None:
    """Brings a database to its state at the end of a business date.

    Applying the same date again changes nothing, as long as no later date was applied.
    """
    with transaction(parameters) as cursor:
        for table in tables:
            if is_first:
                create_empty(cursor, table, table.columns, SIMULATED_TYPES)
            else:
                _delete_keys(cursor, table, _lines(folder / f"{table.name}.replaced"))
                _delete_written(cursor, table, folder, today)
            load_lines(cursor, table, table.columns, folder / f"{table.name}.tsv")


def _delete_keys(cursor: Cursor, table: Table, keys: Sequence[str]) -> None:
    for start in range(0, len(keys), KEYS_PER_STATEMENT):
        some = keys[start : start + KEYS_PER_STATEMENT]
        marks = ", ".join(["%s"] * len(some))
        statement = f"DELETE FROM `{table.name}` WHERE `{table.key}` IN ({marks})"  # noqa: S608
        cursor.execute(statement, some)


def _delete_written(cursor: Cursor, table: Table, folder: Path, today: date) -> None:
    """Deletes what an earlier attempt wrote: every row stamped on this date is in today's file."""
    if table.watermark is None:
        lines = _lines(folder / f"{table.name}.tsv")
        _delete_keys(cursor, table, [line.split("\t", 1)[0] for line in lines])
        return
    mark = f"`{table.watermark}`"
    statement = f"DELETE FROM `{table.name}` WHERE {mark} >= %s AND {mark} < %s"  # noqa: S608
    cursor.execute(statement, (today, today + timedelta(days=1)))


def _lines(file: Path) -> list[str]:
    return file.read_text(encoding="utf-8").split("\n")[:-1]
