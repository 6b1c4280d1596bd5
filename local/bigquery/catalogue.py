"""The catalogue: what tables and views there are, and how they get there.

- Every statement makes the emulator look up each table it names, by `duckdb_tables()` and
  `duckdb_columns()`, which read all tables of all databases. Here the lake's own catalogue is asked
  for one dataset, and the answer is kept until a table or view of the project changes.
- Every job begins with the temporary tables that its connection has, for which DuckDB reads the
  statistics of all tables again after every write. A connection that is new has none: as long as it
  names no project, `duckdb_tables()` is a macro that says so.
"""

from __future__ import annotations

import functools
import json
from typing import TYPE_CHECKING, Any

import duckdb
from local_bigquery.catalog import names, tables
from local_bigquery.engine import database, types
from local_bigquery.errors import not_found

if TYPE_CHECKING:
    from collections.abc import Collection

    from local_bigquery.models import TableFieldSchema

_LISTED = """
WITH
  lake_schema AS (
    SELECT schema_id
    FROM {catalogue}.ducklake_schema
    WHERE schema_name = $1 AND end_snapshot IS NULL
  )

SELECT lake_table.table_name, 'TABLE', lake_table.table_id
FROM {catalogue}.ducklake_table AS lake_table
INNER JOIN lake_schema USING (schema_id)
WHERE lake_table.end_snapshot IS NULL
UNION ALL
SELECT lake_view.view_name, 'VIEW', NULL
FROM {catalogue}.ducklake_view AS lake_view
INNER JOIN lake_schema USING (schema_id)
WHERE lake_view.end_snapshot IS NULL
ORDER BY 1
"""
_ROWS = "SELECT table_id, record_count FROM {catalogue}.ducklake_table_stats"
_REQUIRED = """
SELECT lake_column.column_name
FROM {catalogue}.ducklake_column AS lake_column
INNER JOIN {catalogue}.ducklake_table AS lake_table USING (table_id)
INNER JOIN {catalogue}.ducklake_schema AS lake_schema USING (schema_id)
WHERE
  lake_schema.schema_name = $1
  AND lake_table.table_name = $2
  AND NOT lake_column.nulls_allowed
  AND lake_column.end_snapshot IS NULL
  AND lake_table.end_snapshot IS NULL
  AND lake_schema.end_snapshot IS NULL
"""
_NO_TEMPORARY_TABLES = """
CREATE MACRO memory.main.duckdb_tables() AS TABLE
SELECT NULL::VARCHAR AS table_name, TRUE AS temporary WHERE FALSE
"""
_FAIL_INTERRUPTED = """
UPDATE emulator.jobs
SET
  state = 'DONE',
  resource = JSON_MERGE_PATCH(resource, JSON_OBJECT('status', JSON_OBJECT(
    'state', 'DONE', 'errorResult', $1::JSON, 'errors', JSON_ARRAY($1::JSON)
  )))
WHERE state != 'DONE'
"""
_INTERRUPTED = {"reason": "backendError", "message": "The emulator ended in the middle of this job"}
_SCHEMA_VERSION = "SELECT MAX(schema_version) FROM {catalogue}.ducklake_snapshot"
_SHAPE = """
WITH
  lake_schema AS (
    SELECT schema_id
    FROM {catalogue}.ducklake_schema
    WHERE schema_name = $1 AND end_snapshot IS NULL
  ),

  parts AS (
    SELECT
      lake_table.table_name AS name,
      lake_column.column_order AS place,
      CONCAT_WS(
        ' ', lake_column.column_name, lake_column.column_type, lake_column.nulls_allowed
      ) AS part
    FROM {catalogue}.ducklake_column AS lake_column
    INNER JOIN {catalogue}.ducklake_table AS lake_table USING (table_id)
    INNER JOIN lake_schema USING (schema_id)
    WHERE lake_column.end_snapshot IS NULL AND lake_table.end_snapshot IS NULL
    UNION ALL
    SELECT lake_view.view_name, 0, lake_view.sql
    FROM {catalogue}.ducklake_view AS lake_view
    INNER JOIN lake_schema USING (schema_id)
    WHERE lake_view.end_snapshot IS NULL
  )

SELECT MD5(STRING_AGG(name || ' ' || part, ';' ORDER BY name, place, part)) FROM parts
"""
_KEPT_DATASETS = 256
_KEPT_TABLES = 1_024
_connect = database._connect


@functools.cache
def connect() -> duckdb.DuckDBPyConnection:
    """The one connection, with a place in memory for answers.

    No job runs yet: one that did not come to its end has failed, instead of running for ever.
    """
    connection: duckdb.DuckDBPyConnection = _connect()
    connection.execute(_NO_TEMPORARY_TABLES)
    connection.execute(_FAIL_INTERRUPTED, [json.dumps(_INTERRUPTED)])
    connection.execute(f"CREATE SCHEMA IF NOT EXISTS bq.{tables.RESULTS}")
    return connection


def objects(
    project_id: str, dataset_id: str, table_id: str | None = None
) -> list[tuple[str, str, int]]:
    """Tables and views of a dataset as (name, kind, rows)."""
    if project_id != "bq":
        listed = _listed(project_id, dataset_id, schema_version(project_id))
        rows = dict(_ask(_ROWS, project_id))
        return [
            (name, kind, rows.get(lake_id, 0))
            for name, kind, lake_id in listed
            if table_id in (None, name)
        ]
    if table_id is None:
        return []
    try:
        name = database.quote(project_id, dataset_id, table_id)
        [(count,)] = database.fetch(f"SELECT COUNT(*) FROM {name}")
    except duckdb.CatalogException:
        return []
    return [(table_id, "TABLE", count)]


@functools.lru_cache(_KEPT_DATASETS)
def _listed(project_id: str, dataset_id: str, version: int) -> list[tuple[str, str, int | None]]:
    found: list[tuple[str, str, int | None]] = _ask(_LISTED, project_id, [dataset_id])
    return found


def columns(project_id: str, dataset_id: str, table_id: str) -> list[TableFieldSchema]:
    """Columns of a table or view."""
    if dataset_id == tables.RESULTS:
        return _columns(project_id, dataset_id, table_id)
    return [*_columns_as_of(project_id, dataset_id, table_id, schema_version(project_id))]


@functools.lru_cache(_KEPT_TABLES)
def _columns_as_of(
    project_id: str, dataset_id: str, table_id: str, version: int
) -> list[TableFieldSchema]:
    required = {name for (name,) in _ask(_REQUIRED, project_id, [dataset_id, table_id])}
    found = _columns(project_id, dataset_id, table_id, required)
    return [field for field in found if field.name != tables.INGESTION_TIME]


def _columns(
    project_id: str, dataset_id: str, table_id: str, required: Collection[str] = ()
) -> list[TableFieldSchema]:
    with database.cursor() as cur:
        try:
            name = tables.name(project_id, dataset_id, table_id)
            relation = cur.sql(f"SELECT * FROM {name} LIMIT 0")
        except duckdb.CatalogException:
            label = names.label(project_id, dataset_id, table_id)
            raise not_found("Table", label) from None
    return [
        types.field(column, kind, column in required)
        for column, kind in zip(relation.columns, relation.types, strict=True)
    ]


def schema_version(project_id: str) -> int:
    """Counts the changes of tables and views of a project."""
    [(version,)] = _ask(_SCHEMA_VERSION, project_id)
    return int(version)


@functools.lru_cache(_KEPT_DATASETS)
def shape(project_id: str, dataset_id: str, version: int) -> str:
    """A digest of the columns and views of a dataset as of a schema version."""
    [(digest,)] = _ask(_SHAPE, project_id, [dataset_id])
    return str(digest)


def _ask(sql: str, project_id: str, values: list[Any] | None = None) -> list[tuple[Any, ...]]:
    catalogue = database.quote(f"__ducklake_metadata_{project_id}")
    answer: list[tuple[Any, ...]] = database.fetch(sql.format(catalogue=catalogue), values)
    return answer
