"""Brings what Spark wrote from the lake into BigQuery's staging tables."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from uuid import uuid4

from utils.audit import lease
from utils.audit.tables import audit_table
from utils.batch.reports import REPORTS
from utils.contracts.entities import entities
from utils.gcp import bigquery
from utils.silver.names import staged_table

if TYPE_CHECKING:
    from utils.audit.runs import Run
    from utils.contracts.entities import SilverTable
    from utils.silver.batch import Batch

_TOKEN_LENGTH = 12


def stage_batch(batch: Batch, run: Run) -> None:
    """Brings a finished batch into the staging tables and marks its loads as merged.

    Raises:
        StateError: the run has lost its lease, so it may not publish.
    """
    lease.require(run)
    load_staging(batch)
    bigquery.query_file(
        "silver/mark_merged.sql",
        audit_table,
        {"batch_id": batch.batch_id, "load_ids": json.dumps(batch.load_ids)},
    )


def load_staging(batch: Batch) -> None:
    """Fills a batch's staging tables from its output."""
    tables = [
        _staging(batch, f"{name}/{table.folder}", table.name, _columns(table))
        for name in batch.entities
        for table in entities()[name].silver_tables()
    ]
    reports = [_staging(batch, report, report, columns) for report, columns in REPORTS.items()]
    bigquery.load_parquet([*tables, *reports])


def _columns(table: SilverTable) -> list[tuple[str, str]]:
    return [(column.name, column.type) for column in table.columns]


def _staging(
    batch: Batch, folder: str, table: str, columns: list[tuple[str, str]]
) -> bigquery.ParquetLoad:
    return bigquery.ParquetLoad(
        uris=[f"{batch.output_uri}/{folder}/*.parquet"],
        table=staged_table(batch.batch_id, table),
        # Another try of the batch may have been staged since: its job must not stand for this one.
        job_id=f"stage-{batch.batch_id}-{table}-{uuid4().hex[:_TOKEN_LENGTH]}",
        schema=columns,
    )
