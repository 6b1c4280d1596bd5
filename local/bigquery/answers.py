"""Answers of queries, and tables that a load replaces.

- Every answer is a table on disk. Here answers lie in memory.
- A load that replaces a table's rows made a new table, after which the whole catalogue is read
  from nothing. Here the table stays as long as its columns are the same.
"""

from __future__ import annotations

from typing import Any

import duckdb
from local_bigquery.catalog import tables
from local_bigquery.engine import database, results

_ANSWERS = f"{database.quote('bq', tables.RESULTS)}."  # each has a name of its own
_materialise = results.materialise


def physical(project_id: str, dataset_id: str, table_id: str) -> tuple[str, str, str]:
    """Where a table lies; answers lie in memory."""
    if dataset_id == tables.RESULTS:
        return "bq", tables.RESULTS, f"{project_id}:{table_id}"
    return project_id, dataset_id, table_id


def materialise(
    cur: duckdb.DuckDBPyConnection,
    query: str,
    name: str,
    params: dict[str, Any] | None = None,
    append: bool = False,
    writer: duckdb.DuckDBPyConnection | None = None,
) -> None:
    """Writes an answer into a table; one of the same columns stays, and its rows are replaced."""
    is_new = name.startswith(_ANSWERS) or not has_columns_of(cur, query, name, params)
    if append or writer or is_new:
        _materialise(cur, query, name, params, append, writer)
        return
    cur.execute("BEGIN")
    try:
        cur.execute(f"DELETE FROM {name}")
        _materialise(cur, query, name, params, append=True)
        cur.execute("COMMIT")
    except BaseException:
        cur.execute("ROLLBACK")
        raise


def has_columns_of(
    cur: duckdb.DuckDBPyConnection, query: str, name: str, params: dict[str, Any] | None
) -> bool:
    """Whether a table is there and has the columns of a query, of the same types."""
    try:
        present = cur.sql(f"SELECT * FROM {name} LIMIT 0")
    except duckdb.CatalogException:
        return False
    wanted = cur.sql(query, params=params)
    return (present.columns, present.types) == (wanted.columns, wanted.types)
