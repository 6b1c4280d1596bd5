"""The audit tables: what ran, what was loaded, in which state, and why something failed.

Rows go in as one JSON parameter, so values are bound and never become SQL text. Every write is
an upsert by key: repeating it after a lost answer changes nothing.
"""

from __future__ import annotations

import json
import re
from contextlib import suppress
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from google.api_core.exceptions import NotFound

from utils import bigquery
from utils.configs import StrictModel
from utils.paths import SQL
from utils.settings import settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

LoadState = Literal["PLANNED", "LANDED", "MERGED", "PUBLISHED", "FAILED"]
_LOAD_IS_ONE_OF = "load_id IN UNNEST(JSON_VALUE_ARRAY(@load_ids))"
_LISTS = ("columns", "row_ids")
_OUTCOME = (
    *("load_id", "state", "error", "columns", "checksum", "schema_events"),
    *("rows_landed", "billed_landed", "paid_landed", "landed_at"),
)
DATASETS = ("bronze", "silver", "gold", "audit", "staging")


class Run(StrictModel):
    """One run of a DAG for one business date."""

    run_id: str
    dag_id: str
    business_date: date


class Load(StrictModel):
    """One load of a source's table or file: what is read, from where to where, and its state.

    `columns` names the contract columns that the source delivered; a column that it did not
    deliver is NULL in silver. A load of type `reconcile` holds the keys that are gone at the
    source, one of type `reread` the rows that the windows overlooked; neither has a window. A load
    that `replays` an earlier one reads its rows `row_ids` again from bronze, in the way in which
    that one was read.
    """

    load_id: str
    run_id: str
    business_date: date
    source: str
    source_system: str
    table_name: str
    entity: str
    load_type: Literal["full", "incremental", "file", "reread", "reconcile"]
    state: LoadState = "PLANNED"
    window_low: datetime | None = None
    window_high: datetime | None = None
    observed_at: datetime | None = None
    uri: str | None = None
    columns: tuple[str, ...] = ()
    checksum: str | None = None
    replays: str | None = None
    row_ids: tuple[int, ...] = ()
    rows_landed: int | None = None
    billed_landed: Decimal | None = None
    paid_landed: Decimal | None = None
    schema_events: str | None = None
    error: str | None = None
    planned_at: datetime | None = None
    landed_at: datetime | None = None


@cache
def schema(table: str) -> dict[str, str]:
    """Columns of an audit table with their types, read from the one place that declares them."""
    ddl = (SQL / "audit" / "tables.sql").read_text(encoding="utf-8")
    body = re.search(rf'\{{\{{ audit\("{table}"\) \}}\}} \((.*?)\n\)', ddl, re.DOTALL)
    if body is None:
        raise KeyError(table)
    return dict(re.findall(r"^  (\w+) (\w+)", body.group(1), re.MULTILINE))


def declarations() -> dict[str, str]:
    """The audit tables, each with the comment above its declaration as one line."""
    ddl = (SQL / "audit" / "tables.sql").read_text(encoding="utf-8")
    tables = re.findall(r'((?:^-- .*\n)*)CREATE TABLE .*audit\("(\w+)"\)', ddl, re.MULTILINE)
    return {table: re.sub(r"\n?-- ", " ", comment).strip() for comment, table in tables}


def name(table: str) -> str:
    """Full name of an audit table, between backticks."""
    return f"`{settings().table('audit', table)}`"


def create_tables() -> None:
    """Creates what is missing of the datasets, the audit tables and their columns."""
    declared = {table: schema(table) for table in declarations()}
    present = _present()
    if all(columns.keys() <= present.get(table, set()) for table, columns in declared.items()):
        return
    datasets = [
        f"CREATE SCHEMA IF NOT EXISTS `{settings().project}.{settings().dataset(layer)}` "
        f"OPTIONS (location = '{settings().location}');"
        for layer in DATASETS
    ]
    ddl = (SQL / "audit" / "tables.sql").read_text(encoding="utf-8")
    tables = re.sub(r'\{\{ audit\("(\w+)"\) \}\}', lambda found: name(found.group(1)), ddl)
    gained = [
        f"ALTER TABLE {name(table)} ADD COLUMN IF NOT EXISTS {column} {kind};"
        for table in declared.keys() & present.keys()
        for column, kind in declared[table].items()
        if column not in present[table]
    ]
    bigquery.query("\n".join([*datasets, tables, *gained]))


def _present() -> dict[str, set[str]]:
    """Columns of the audit tables that there are."""
    columns = f"`{settings().project}.{settings().dataset('audit')}`.INFORMATION_SCHEMA.COLUMNS"
    present: dict[str, set[str]] = {}
    with suppress(NotFound):
        for row in bigquery.query(f"SELECT table_name, column_name FROM {columns}"):
            present.setdefault(row["table_name"], set()).add(row["column_name"])
    return present


def upsert(table: str, key: Sequence[str], rows: Iterable[dict[str, Any]]) -> None:
    """Inserts rows, or updates the given columns of the rows with the same key."""
    content = list(rows)
    if not content:
        return
    columns = list(content[0])
    bigquery.query(
        f"MERGE {name(table)} AS known USING ({_given(table, columns)}) AS given "
        f"ON {_same(key)} "
        f"WHEN MATCHED THEN UPDATE SET {_changes(columns, key)} "
        f"WHEN NOT MATCHED THEN INSERT ({', '.join(columns)}) "
        f"VALUES ({', '.join(f'given.{column}' for column in columns)})",
        _bound(content),
    )


def update(table: str, key: Sequence[str], rows: Iterable[dict[str, Any]]) -> None:
    """Updates the given columns of the rows with the same key; other rows stay as they are."""
    content = list(rows)
    if not content:
        return
    columns = list(content[0])
    bigquery.query(
        f"UPDATE {name(table)} AS known SET {_changes(columns, key)} "
        f"FROM ({_given(table, columns)}) AS given WHERE {_same(key)}",
        _bound(content),
    )


def _given(table: str, columns: Sequence[str]) -> str:
    types = schema(table)
    values = ", ".join(
        f"CAST(JSON_VALUE(row_json, '$.{column}') AS {types[column]}) AS {column}"
        for column in columns
    )
    return f"SELECT {values} FROM UNNEST(JSON_QUERY_ARRAY(@content)) AS row_json"


def _same(key: Sequence[str]) -> str:
    return " AND ".join(f"known.{column} = given.{column}" for column in key)


def _changes(columns: Sequence[str], key: Sequence[str]) -> str:
    return ", ".join(f"{column} = given.{column}" for column in columns if column not in key)


def _bound(content: Sequence[dict[str, Any]]) -> dict[str, object]:
    return {"content": json.dumps(content, default=_as_json)}


def _as_json(value: object) -> str:
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value)


def start_run(run: Run, code_version: str) -> None:
    """Records that a run began; a repeated attempt re-opens it."""
    upsert(
        "pipeline_runs",
        ["run_id"],
        [
            {
                **run.model_dump(),
                "state": "RUNNING",
                "code_version": code_version,
                "started_at": _now(),
                "ended_at": None,
                "failed_task": None,
                "error": None,
            }
        ],
    )


def succeed_run(run: Run) -> None:
    """Records that a run, which was started, did all its work."""
    update("pipeline_runs", ["run_id"], [{"run_id": run.run_id, **_ended("SUCCEEDED")}])


def fail_run(run: Run, task_id: str, error: str) -> None:
    """Records which task of a run failed and why, also if the run never got as far as starting.

    Tasks that failed before it are named too: a source that is down does not end a run.
    """
    row = {**run.model_dump(), "started_at": _now(), **_ended("FAILED", task_id, error)}
    also = ", ".join(
        f"{column} = CASE WHEN known.state != 'FAILED' THEN given.{column} "
        f"WHEN STRPOS(known.{column}, given.{column}) > 0 THEN known.{column} "
        f"ELSE CONCAT(known.{column}, '{separator}', given.{column}) END"
        for column, separator in (("failed_task", ", "), ("error", " "))
    )
    bigquery.query(
        f"MERGE {name('pipeline_runs')} AS known "
        f"USING ({_given('pipeline_runs', list(row))}) AS given ON known.run_id = given.run_id "
        f"WHEN MATCHED THEN UPDATE SET state = given.state, ended_at = given.ended_at, {also} "
        f"WHEN NOT MATCHED THEN INSERT ({', '.join(row)}) "
        f"VALUES ({', '.join(f'given.{column}' for column in row)})",
        _bound([row]),
    )


def _ended(state: str, task_id: str | None = None, error: str | None = None) -> dict[str, object]:
    return {"state": state, "failed_task": task_id, "error": error, "ended_at": _now()}


def record_loads(loads: Sequence[Load]) -> None:
    """Writes loads with all that is known of them."""
    upsert("table_loads", ["load_id"], [_load_row(load) for load in loads])


def record_outcomes(loads: Sequence[Load]) -> None:
    """Writes what became of loads that are recorded already."""
    rows = [_load_row(load) for load in loads]
    update("table_loads", ["load_id"], [{name: row[name] for name in _OUTCOME} for row in rows])


def _load_row(load: Load) -> dict[str, Any]:
    return {**load.model_dump(), **{name: json.dumps(getattr(load, name)) for name in _LISTS}}


def loads(where: str, **values: object) -> list[Load]:
    """Loads that meet a predicate over the columns of `table_loads`, by load id."""
    columns = ", ".join(Load.model_fields)
    rows = bigquery.query(
        f"SELECT {columns} FROM {name('table_loads')} WHERE {where} ORDER BY load_id", values
    )
    return [
        Load(**{**row, **{name: tuple(json.loads(row[name] or "[]")) for name in _LISTS}})
        for row in rows
    ]


def refused_loads(run: Run) -> list[Load]:
    """Loads that the run's batch did not publish with the others."""
    return loads(
        "state = 'FAILED' AND batch_id IN (SELECT publication_id "
        f"FROM {name('publications')} WHERE layer = 'silver' AND run_id = @run_id)",
        run_id=run.run_id,
    )


def attempted(load_ids: Sequence[str]) -> set[str]:
    """Which of these loads were planned before: rows of them may be in bronze already."""
    if not load_ids:
        return set()
    return {load.load_id for load in loads(_LOAD_IS_ONE_OF, load_ids=json.dumps(load_ids))}


class Progress(StrictModel):
    """How far a table's loads are.

    Attributes:
        published_bound: up to where its changes are published, not beyond the window asked for.
            Only published loads count, so a window that failed is read again.
        is_settled: whether the business date's load is in bronze or beyond.
        is_newer_published: whether a load of a later window is published.
    """

    published_bound: datetime | None = None
    is_settled: bool = False
    is_newer_published: bool = False


NO_PROGRESS = Progress()


def table_progress(source: str, business_date: date, high: datetime) -> dict[str, Progress]:
    """Progress of every table of a source that was ever planned.

    Only daily loads count: a reconcile moves no window.
    """
    rows = bigquery.query(
        "SELECT table_name, "
        "MAX(IF(state = 'PUBLISHED' AND window_high <= @high, window_high, NULL)) AS bound, "
        "LOGICAL_OR(business_date = @day AND state IN ('LANDED', 'MERGED', 'PUBLISHED')) "
        "AS is_settled, "
        "LOGICAL_OR(state = 'PUBLISHED' AND window_high > @high) AS is_newer "
        f"FROM {name('table_loads')} WHERE source = @source "
        "AND load_type IN ('full', 'incremental') AND replays IS NULL GROUP BY table_name",
        {"source": source, "day": business_date, "high": high},
    )
    return {
        row["table_name"]: Progress(
            published_bound=row["bound"],
            is_settled=row["is_settled"],
            is_newer_published=row["is_newer"],
        )
        for row in rows
    }


def published_batches(rebuilds: str, trusted_before: datetime | None = None) -> list[str]:
    """Addresses of the silver batches that together are the state, oldest first.

    Args:
        rebuilds: address under which rebuilds lie; each replaces all batches before it.
        trusted_before: a rebuild that is not older than this replaces nothing yet.
    """
    rows = bigquery.query(
        f"SELECT batch_uri, published_at FROM {name('publications')} WHERE layer = 'silver' "
        "AND batch_uri IS NOT NULL ORDER BY published_at, publication_id"
    )
    batches = [row["batch_uri"] for row in rows]
    rebuilt = [
        place
        for place, row in enumerate(rows)
        if row["batch_uri"].startswith(f"{rebuilds}/")
        and (trusted_before is None or row["published_at"] < trusted_before)
    ]
    return batches[rebuilt[-1] :] if rebuilt else batches


def gold_date() -> date | None:
    """The latest business date that gold was published for; None before the first."""
    [row] = bigquery.query(
        f"SELECT MAX(business_date) AS shown FROM {name('publications')} WHERE layer = 'gold'"
    )
    shown: date | None = row["shown"]
    return shown


def known_files(source: str, table: str) -> tuple[dict[str, set[str]], set[tuple[str, int]]]:
    """What a source delivered before.

    Returns:
        Per source system the SHA-256 of contents that landed, and (uri, generation) of every
        object that needs no further attention; a refused one is looked at again.
    """
    rows = bigquery.query(
        f"SELECT uri, generation, sha256, source_system, state FROM {name('files')} "
        "WHERE source = @source AND table_name = @table AND state != 'REFUSED'",
        {"source": source, "table": table},
    )
    contents: dict[str, set[str]] = {}
    for row in rows:
        contents.setdefault(row["source_system"], set()).add(row["sha256"])
    return contents, {(row["uri"], row["generation"]) for row in rows}


def landed_files(source: str, table: str) -> dict[str, list[str]]:
    """Addresses of the files that landed, per source system."""
    rows = bigquery.query(
        f"SELECT source_system, uri FROM {name('files')} "
        "WHERE source = @source AND table_name = @table AND state = 'LANDED' "
        "ORDER BY source_system, uri",
        {"source": source, "table": table},
    )
    landed: dict[str, list[str]] = {}
    for row in rows:
        landed.setdefault(row["source_system"], []).append(row["uri"])
    return landed


def record_checks(run: Run, layer: str, checks: Sequence[dict[str, object]]) -> None:
    """Writes results of checks, in the shape of `dq_results` without the run's columns."""
    stamp = {
        "run_id": run.run_id,
        "business_date": run.business_date,
        "layer": layer,
        "checked_at": _now(),
    }
    key = ["run_id", "layer", "entity", "source_system", "rule"]
    upsert("dq_results", key, [{**stamp, **check} for check in checks])


def record_files(files: Sequence[dict[str, object]]) -> None:
    """Writes what became of delivered files, in the shape of `files`."""
    upsert("files", ["uri", "generation"], files)


def _now() -> datetime:
    return datetime.now(tz=UTC)
