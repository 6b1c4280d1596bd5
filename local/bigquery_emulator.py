"""Starts the BigQuery emulator with a faster catalogue and a faster record of jobs.

Runs in the emulator's own environment (Python 3.13) and takes the emulator's arguments.

- Every statement makes the emulator look up each table it names, by `duckdb_tables()` and
  `duckdb_columns()`, which read all tables of all databases: half of a run's time. The answer for
  one dataset stands in a few small tables of the lake's own catalogue. Whether a table is
  partitioned by ingestion time is not looked up at all: none of this pipeline's is.
- Every job begins with the temporary tables that its connection has, for which DuckDB reads the
  statistics of all tables anew after every write. A connection that is new has none: as long as it
  names no project, `duckdb_tables()` is a macro that says so.
- A load that replaces a table's rows made a new table, after which the whole catalogue is read
  anew. Here the table stays as long as its columns are the same.
- Every job is written to disk three times, each statement of a script is a job of its own, and
  every answer is a table on disk. Here queries and their answers live in memory, the last few
  hundred. Loads are written down, before they begin and at their end: a load that appends must not
  run twice, also if the emulator dies meanwhile. One that did not come to its end has failed when
  the emulator is started again, instead of running for ever.
- A statement is parsed and translated to DuckDB's SQL by Python, which takes as long as running it.
  Here that is done once: a script that comes again, while the datasets that it names have the same
  tables with the same columns, is run as it was translated then. The file that $RCM_TRANSLATIONS
  names keeps the translations for the next start; it may be deleted at any time.
- A query that is sent again with the same request id gets the first one's answer, as in BigQuery.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import sys
import threading
from collections import deque
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
from local_bigquery import cli
from local_bigquery.catalog import names, tabledata, tables
from local_bigquery.engine import database, results, types
from local_bigquery.errors import not_found
from local_bigquery.jobs import merge, query, runner, store
from local_bigquery.sql import script
from local_bigquery.sql.rules import ddl, partitions
from sqlglot import exp

if TYPE_CHECKING:
    from local_bigquery.models import Job, JobConfiguration, TableFieldSchema
    from local_bigquery.sql.translate import Context

_OBJECTS = """
WITH
  lake_schema AS (
    SELECT schema_id
    FROM {catalogue}.ducklake_schema
    WHERE schema_name = $1 AND end_snapshot IS NULL
  )

SELECT lake_table.table_name, 'TABLE', COALESCE(stats.record_count, 0)
FROM {catalogue}.ducklake_table AS lake_table
INNER JOIN lake_schema USING (schema_id)
LEFT JOIN {catalogue}.ducklake_table_stats AS stats USING (table_id)
WHERE lake_table.end_snapshot IS NULL AND lake_table.table_name = COALESCE($2, table_name)
UNION ALL
SELECT lake_view.view_name, 'VIEW', 0
FROM {catalogue}.ducklake_view AS lake_view
INNER JOIN lake_schema USING (schema_id)
WHERE lake_view.end_snapshot IS NULL AND lake_view.view_name = COALESCE($2, view_name)
ORDER BY 1
"""
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
_SCHEMA_VERSION = """
SELECT schema_version
FROM {catalogue}.ducklake_snapshot
ORDER BY snapshot_id DESC
LIMIT 1
"""
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
_KEPT_SCRIPTS = 256
_KEPT_STATEMENTS = 4_096
_KEPT_JOBS = 2_000
_KEPT_ANSWERS = 200
_jobs: dict[tuple[str, str], Job] = {}
_answers: deque[str] = deque()
_translations: dict[str, Translation] = {}
_TRANSLATORS = [version(name) for name in ("local-bigquery", "sqlglot", "duckdb")]
_running = threading.local()
_save, _load, _submit, _connect = store.save, store.load, runner.submit, database._connect
_materialise, _split = results.materialise, ddl.split
_parse_script = functools.lru_cache(_KEPT_SCRIPTS)(script.parse_script)
_parse = functools.lru_cache(_KEPT_STATEMENTS)(script.parse)
_translate = script.translate
# What these stand for is read from the catalogue while a statement is translated.
_READ_WHEN_TRANSLATED = ("@@", "INFORMATION_SCHEMA", "*`")
_DDL = (exp.Create, exp.Alter, exp.Drop, exp.Command)


@dataclass(frozen=True)
class Translation:
    """DuckDB's SQL of a statement, what the translator noted, and the shapes that it stands on.

    Of lists alone, as JSON has them: `referenced` holds project, dataset and table, `shapes`
    project, dataset and digest.
    """

    sql: str
    used: list[str]
    referenced: list[list[str]]
    temporary: list[str]
    variables: dict[str, str]
    shapes: list[list[str]]


def recall(file: Path) -> None:
    """Takes over the translations that earlier starts wrote down, the last ones of many."""
    lines = file.read_bytes().splitlines(keepends=True) if file.exists() else []
    kept = lines[-_KEPT_STATEMENTS:]
    for line in kept:
        try:
            key, translation = json.loads(line)
            _translations[key] = Translation(**translation)
        except (ValueError, TypeError):
            continue  # cut off when an emulator died; the statement is translated again
    if len(kept) < len(lines):
        file.write_bytes(b"".join(kept))


def write_down(key: str, translation: Translation) -> None:
    """Keeps a translation for this start and the next ones."""
    _translations[key] = translation
    while len(_translations) > _KEPT_STATEMENTS:
        del _translations[next(iter(_translations))]
    if name := os.environ.get("RCM_TRANSLATIONS"):
        with Path(name).open("a", encoding="utf-8") as file:
            file.write(json.dumps([key, asdict(translation)]) + "\n")


def digest(text: str) -> str:
    """A short name of a long text."""
    return hashlib.sha256(text.encode()).hexdigest()


def objects(
    project_id: str, dataset_id: str, table_id: str | None = None
) -> list[tuple[str, str, int]]:
    """Tables and views of a dataset as (name, kind, rows), like the function it stands for."""
    if project_id != "bq":
        catalogue = database.quote(f"__ducklake_metadata_{project_id}")
        found: list[tuple[str, str, int]] = database.fetch(
            _OBJECTS.format(catalogue=catalogue), [dataset_id, table_id]
        )
        return found
    if table_id is None:
        return []
    try:
        name = database.quote(project_id, dataset_id, table_id)
        [(rows,)] = database.fetch(f"SELECT COUNT(*) FROM {name}")
    except duckdb.CatalogException:
        return []
    return [(table_id, "TABLE", rows)]


def columns(project_id: str, dataset_id: str, table_id: str) -> list[TableFieldSchema]:
    """Columns of a table or view, like the function it stands for."""
    required: list[tuple[str]] = []
    with database.cursor() as cur:
        try:
            name = tables.name(project_id, dataset_id, table_id)
            relation = cur.sql(f"SELECT * FROM {name} LIMIT 0")
            if dataset_id != tables.RESULTS:
                catalogue = database.quote(f"__ducklake_metadata_{project_id}")
                sql = _REQUIRED.format(catalogue=catalogue)
                required = cur.execute(sql, [dataset_id, table_id]).fetchall()
        except duckdb.CatalogException:
            label = names.label(project_id, dataset_id, table_id)
            raise not_found("Table", label) from None
    return [
        types.field(column, kind, (column,) in required)
        for column, kind in zip(relation.columns, relation.types, strict=True)
        if column != tables.INGESTION_TIME or dataset_id == tables.RESULTS
    ]


@functools.cache
def connect() -> duckdb.DuckDBPyConnection:
    """The one connection, with a place in memory for answers; no job runs yet."""
    connection: duckdb.DuckDBPyConnection = _connect()
    connection.execute(_NO_TEMPORARY_TABLES)
    connection.execute(_FAIL_INTERRUPTED, [json.dumps(_INTERRUPTED)])
    connection.execute(f"CREATE SCHEMA IF NOT EXISTS bq.{tables.RESULTS}")
    return connection


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
    if append or writer or not has_columns_of(cur, query, name, params):
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


def save(job: Job) -> Job:
    """Keeps a job: in memory, and a load on disk as well."""
    key = (job.jobReference.projectId, job.jobReference.jobId)
    if job.configuration.load:
        _save(job)
        return job
    _jobs[key] = job
    while len(_jobs) > _KEPT_JOBS:
        del _jobs[next(iter(_jobs))]
    if job.status.state == "DONE" and not job.statistics.parentJobId:
        _answers.append(database.quote(*physical(key[0], tables.RESULTS, key[1])))
        while len(_answers) > _KEPT_ANSWERS:
            database.execute(f"DROP TABLE IF EXISTS {_answers.popleft()}")
    return job


def load(project_id: str, job_id: str) -> Job | None:
    """A job that was kept."""
    return _jobs.get((project_id, job_id)) or _load(project_id, job_id)


def list_jobs(
    project_id: str,
    states: list[str] | None = None,
    parent_job_id: str | None = None,
    min_creation_time: int | None = None,
    max_creation_time: int | None = None,
) -> list[Job]:
    """Jobs in memory, newest first; without a parent's id those that have no parent."""
    return [
        job
        for (project, _), job in reversed(_jobs.items())
        if project == project_id
        and job.statistics.parentJobId == parent_job_id
        and (states is None or job.status.state in states)
        and (min_creation_time or 0) <= int(job.statistics.creationTime)
        and int(job.statistics.creationTime) <= (max_creation_time or sys.maxsize)
    ]


def submit(project_id: str, job_id: str, configuration: JobConfiguration, *upload: Any) -> Job:
    """Starts a job; a query that was started already is not started again."""
    known = _jobs.get((project_id, job_id))
    asked = configuration.query
    if known and asked and asked.query == known.configuration.query.query:
        return known
    return _submit(project_id, job_id, configuration, *upload)


def parse_script(sql: str) -> list[script.Statement]:
    """The statements of a script, which this thread runs next."""
    _running.script = sql
    statements: list[script.Statement] = _parse_script(sql)
    return statements


def parse(sql: str) -> list[exp.Expression]:
    """The trees of a statement; only those of DDL are changed by who reads them."""
    return [tree.copy() if isinstance(tree, _DDL) else tree for tree in _parse(sql)]


def split(tree: exp.Expression) -> list[exp.Expression]:
    """The parts of a statement; those of a table that is filled as it is made are not copied."""
    is_filled = isinstance(tree, exp.Create) and tree.kind == "TABLE" and tree.expression
    if not is_filled or not isinstance(tree.this, exp.Schema) or tree.args.get("clone"):
        parts: list[exp.Expression] = _split(tree)
        return parts
    create = exp.Create(**{**tree.args, "expression": None})
    return [create, exp.insert(tree.expression, tree.this.this, copy=False)]


def schema_version(project_id: str) -> int:
    """Counts the changes of tables and views of a project."""
    catalogue = database.quote(f"__ducklake_metadata_{project_id}")
    [(version,)] = database.fetch(_SCHEMA_VERSION.format(catalogue=catalogue))
    return int(version)


@functools.lru_cache(_KEPT_SCRIPTS)
def shape(project_id: str, dataset_id: str, version: int) -> str:
    """A digest of the columns and views of a dataset as of a schema version."""
    catalogue = database.quote(f"__ducklake_metadata_{project_id}")
    [(digest,)] = database.fetch(_SHAPE.format(catalogue=catalogue), [dataset_id])
    return str(digest)


def translate(tree: exp.Expression, context: Context) -> tuple[str, dict[str, Any]]:
    """A statement in DuckDB's SQL with the values that it uses."""
    text = context.system.get("statement_text", "")
    parts = (
        *(digest(getattr(_running, "script", "")), digest(text), hash(tree), _TRANSLATORS),
        *(context.project_id, context.dataset_id),
        *(list(context.parameters.items()), list(context.variables), sorted(context.temporary)),
    )
    key = digest(repr(parts))
    known = _translations.get(key)
    if known and all(
        shape(project_id, dataset_id, schema_version(project_id)) == shaped
        for project_id, dataset_id, shaped in known.shapes
    ):
        context.referenced |= {tuple(table) for table in known.referenced}
        context.temporary |= set(known.temporary)
        sql = known.sql
        for name, table in known.variables.items():
            sql = sql.replace(table, context.variables[name])
        return sql, {name: context.values[name] for name in known.used}
    before, context.referenced = context.referenced, set()
    sql, values = _translate(tree, context)
    datasets = {(project_id, dataset_id) for project_id, dataset_id, _ in context.referenced}
    if not any(word in text.upper() for word in _READ_WHEN_TRANSLATED):
        translation = Translation(
            sql,
            sorted(values),
            [list(table) for table in sorted(context.referenced)],
            sorted(context.temporary),
            dict(context.variables),
            [[*dataset, shape(*dataset, schema_version(dataset[0]))] for dataset in datasets],
        )
        write_down(key, translation)
    context.referenced |= before
    return sql, values


if __name__ == "__main__":
    recall(Path(os.environ.get("RCM_TRANSLATIONS", os.devnull)))
    database.objects = objects
    database._connect = connect
    tables.physical = physical
    results.materialise = materialise
    tables.columns = tabledata.columns = columns
    store.save, store.load, store.list_ = save, load, list_jobs
    runner.submit = submit
    ddl.split = split
    script.parse_script, script.parse = parse_script, parse
    script.translate = query.translate = merge.translate = translate
    partitions._hidden = lambda table: False
    cli.main()
