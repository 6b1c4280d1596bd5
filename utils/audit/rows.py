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
    _write("audit/upsert.sql", table, key, list(rows))


def update_rows(table: str, key: Sequence[str], rows: Iterable[dict[str, Any]]) -> None:
    """Updates the given columns of the rows with the same key; other rows stay as they are."""
    _write("audit/update.sql", table, key, list(rows))


def _write(file: str, table: str, key: Sequence[str], rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        columns = list(rows[0])
        bigquery.query_file(
            file,
            audit_table,
            bound(rows),
            table=table,
            written=typed(table, columns),
            same=key,
            changed=[column for column in columns if column not in key],
        )


def typed(table: str, columns: Iterable[str]) -> list[tuple[str, str]]:
    """Columns of an audit table with the types that it declares."""
    types = audit_columns(table)
    return [(column, types[column]) for column in columns]


def bound(rows: Sequence[dict[str, Any]]) -> dict[str, object]:
    """The query parameter @content that holds rows."""
    return {"content": json.dumps(rows, default=_as_json)}


def _as_json(value: object) -> str:
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value)


def now() -> datetime:
    """The present instant in UTC."""
    return datetime.now(tz=UTC)
