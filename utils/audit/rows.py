"""Upserts and updates rows of audit tables by key.

Rows go in as one JSON parameter, so values are bound and never become SQL text. Repeating a write
after a lost answer changes nothing.
"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from utils.audit.tables import audit_columns, audit_table
from utils.gcp import bigquery

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def upsert_rows(table: str, key: Sequence[str], rows: Iterable[dict[str, Any]]) -> None:
    """Inserts rows, or updates the given columns of the rows with the same key."""
    content = list(rows)
    if not content:
        return
    columns = list(content[0])
    bigquery.query(
        f"MERGE {audit_table(table)} AS known USING ({given(table, columns)}) AS given "
        f"ON {_same(key)} "
        f"WHEN MATCHED THEN UPDATE SET {_changes(columns, key)} "
        f"WHEN NOT MATCHED THEN INSERT ({', '.join(columns)}) "
        f"VALUES ({', '.join(f'given.{column}' for column in columns)})",
        bound(content),
    )


def update_rows(table: str, key: Sequence[str], rows: Iterable[dict[str, Any]]) -> None:
    """Updates the given columns of the rows with the same key; other rows stay as they are."""
    content = list(rows)
    if not content:
        return
    columns = list(content[0])
    bigquery.query(
        f"UPDATE {audit_table(table)} AS known SET {_changes(columns, key)} "
        f"FROM ({given(table, columns)}) AS given WHERE {_same(key)}",
        bound(content),
    )


def given(table: str, columns: Sequence[str]) -> str:
    """SELECT of the rows in @content, each column with the type that the table declares."""
    types = audit_columns(table)
    values = ", ".join(
        f"CAST(JSON_VALUE(row_json, '$.{column}') AS {types[column]}) AS {column}"
        for column in columns
    )
    return f"SELECT {values} FROM UNNEST(JSON_QUERY_ARRAY(@content)) AS row_json"


def _same(key: Sequence[str]) -> str:
    return " AND ".join(f"known.{column} = given.{column}" for column in key)


def _changes(columns: Sequence[str], key: Sequence[str]) -> str:
    return ", ".join(f"{column} = given.{column}" for column in columns if column not in key)


def bound(content: Sequence[dict[str, Any]]) -> dict[str, object]:
    """The query parameter @content that holds rows."""
    return {"content": json.dumps(content, default=_as_json)}


def _as_json(value: object) -> str:
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value)


def now() -> datetime:
    """The present instant in UTC."""
    return datetime.now(tz=UTC)
