"""All calls to BigQuery: queries and scripts with bound values, and load jobs."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any

from google.api_core.exceptions import Conflict, NotFound
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

from utils.gcp.templates import render_file
from utils.settings import settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

REQUEST_TIMEOUT = 30.0
JOB_TIMEOUT = 600.0
LOADS_AT_ONCE = 4

_TYPES: list[tuple[type[Any], str]] = [
    (bool, "BOOL"),
    (int, "INT64"),
    (Decimal, "NUMERIC"),
    (datetime, "TIMESTAMP"),
    (date, "DATE"),
    (str, "STRING"),
]


@cache
def client() -> bigquery.Client:
    """The client of this process.

    The library finds an emulator by `BIGQUERY_EMULATOR_HOST` itself, but still asks for
    credentials, which an emulator has none of.
    """
    emulated = "BIGQUERY_EMULATOR_HOST" in os.environ
    return bigquery.Client(
        project=settings().project,
        location=settings().location,
        credentials=AnonymousCredentials() if emulated else None,
    )


def parameter(name: str, value: Any) -> bigquery.ScalarQueryParameter:
    """A value bound to `@name`; NULL is a NULL string, which BigQuery coerces.

    Raises:
        TypeError: the value is of a type that no query here needs.
    """
    for python_type, sql_type in _TYPES:
        if isinstance(value, python_type):
            typed: Any = value
            return bigquery.ScalarQueryParameter(name, sql_type, typed)
    if value is None:
        return bigquery.ScalarQueryParameter(name, "STRING", None)
    raise TypeError(f"@{name} is a {type(value).__name__}")


def query(sql: str, values: Mapping[str, object] | None = None) -> list[dict[str, Any]]:
    """Runs a statement or script to its end and returns the rows of the last SELECT."""
    rows = client().query_and_wait(
        sql, job_config=_bound(values), api_timeout=REQUEST_TIMEOUT, wait_timeout=JOB_TIMEOUT
    )
    return [dict(row) for row in rows]


def start_script(sql: str, values: Mapping[str, object], name: str) -> bigquery.QueryJob:
    """Starts a script as a job whose id begins with a name."""
    return client().query(
        sql, job_config=_bound(values), job_id_prefix=f"{name}-", timeout=REQUEST_TIMEOUT
    )


def _bound(values: Mapping[str, object] | None) -> bigquery.QueryJobConfig:
    return bigquery.QueryJobConfig(
        query_parameters=[parameter(name, value) for name, value in (values or {}).items()]
    )


def query_file(
    file: str,
    ref: Callable[[str], str],
    values: Mapping[str, object] | None = None,
    **rendered: object,
) -> list[dict[str, Any]]:
    """Runs a file of `sql/` with bound values; see `query` and `render_file`."""
    return query(render_file(file, ref, **rendered), values)


@dataclass(frozen=True)
class ParquetLoad:
    """Parquet objects that one atomic job brings into a table.

    The job id names what is loaded, so a repeated job, or one whose answer was lost, has one
    effect: BigQuery refuses a used id and the first job's outcome counts.

    Attributes:
        uris: objects, or a pattern ending in `*`.
        table: `project.dataset.table`.
        job_id: deterministic for what is loaded.
        append: add rows (and new nullable columns) instead of replacing the content.
        schema: column names and types; empty to take them from the files.
        cluster_by: clustering columns of a table that the job creates.
    """

    uris: Sequence[str]
    table: str
    job_id: str
    append: bool = False
    schema: Sequence[tuple[str, str]] = ()
    cluster_by: Sequence[str] = ()

    def config(self) -> bigquery.LoadJobConfig:
        """The job's configuration."""
        return bigquery.LoadJobConfig(
            source_format=bigquery.SourceFormat.PARQUET,
            write_disposition="WRITE_APPEND" if self.append else "WRITE_TRUNCATE",
            schema=[bigquery.SchemaField(name, kind) for name, kind in self.schema],
            clustering_fields=list(self.cluster_by) or None,
            schema_update_options=["ALLOW_FIELD_ADDITION"] if self.append else None,
        )


def load_parquet(loads: Iterable[ParquetLoad]) -> None:
    """Runs load jobs side by side and waits for all of them, also if one fails."""
    for error in load_each(loads):
        if error:
            raise error


def load_each(loads: Iterable[ParquetLoad]) -> list[Exception | None]:
    """Runs load jobs side by side, waits for all, and returns what each failed by, if it did."""
    with ThreadPoolExecutor(LOADS_AT_ONCE) as pool:
        return list(pool.map(_failure, loads))


def retyped_columns(load: ParquetLoad) -> list[tuple[str, str, str]]:
    """Columns that a table has in another type than a load: name, the table's type, the load's.

    BigQuery refuses to append these.
    """
    try:
        table = client().get_table(load.table, timeout=REQUEST_TIMEOUT)
    except NotFound:
        return []
    present = {field.name.lower(): _standard(field.field_type) for field in table.schema}
    return [
        (name, present[name.lower()], kind)
        for name, kind in load.schema
        if present.get(name.lower(), kind) != kind
    ]


def _standard(kind: str) -> str:
    return {"INTEGER": "INT64", "FLOAT": "FLOAT64", "BOOLEAN": "BOOL"}.get(kind, kind)


def _failure(load: ParquetLoad) -> Exception | None:
    try:
        _load(load)
    except Exception as error:
        return error
    return None


def _load(load: ParquetLoad) -> None:
    try:
        client().load_table_from_uri(
            list(load.uris),
            load.table,
            job_id=load.job_id,
            job_config=load.config(),
            timeout=REQUEST_TIMEOUT,
        ).result(timeout=JOB_TIMEOUT)
    except Conflict:
        client().get_job(load.job_id, timeout=REQUEST_TIMEOUT).result(timeout=JOB_TIMEOUT)
