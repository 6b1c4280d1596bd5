"""Brings what Spark wrote from the lake into BigQuery's staging tables."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from uuid import uuid4

from utils.audit import lease
from utils.audit.tables import audit_table
from utils.contracts.entities import entities
from utils.gcp import bigquery
from utils.settings import settings

if TYPE_CHECKING:
    from utils.audit.runs import Run
    from utils.contracts.entities import SilverTable
    from utils.silver.batch import Batch

_TOKEN_LENGTH = 12
_AMOUNT_STATES = ("read", "merged", "unchanged", "deduplicated", "quarantined")
LOADS = [
    ("load_id", "STRING"),
    ("entity", "STRING"),
    ("source_system", "STRING"),
    *((f"rows_{state}", "INT64") for state in _AMOUNT_STATES),
    *((f"{kind}_{state}", "NUMERIC") for kind in ("billed", "paid") for state in _AMOUNT_STATES),
]
QUARANTINE = [
    ("entity", "STRING"),
    ("source_system", "STRING"),
    ("load_id", "STRING"),
    ("row_id", "INT64"),
    ("record_key", "STRING"),
    ("held_key", "STRING"),
    ("row_hash", "STRING"),
    ("event_at", "TIMESTAMP"),
    ("observed_at", "TIMESTAMP"),
    ("rule", "STRING"),
    ("rule_version", "STRING"),
    ("rules", "STRING"),
    ("reason", "STRING"),
    ("billed_amount", "NUMERIC"),
    ("paid_amount", "NUMERIC"),
]
DQ = [
    ("entity", "STRING"),
    ("source_system", "STRING"),
    ("load_id", "STRING"),
    ("rule", "STRING"),
    ("severity", "STRING"),
    ("reason", "STRING"),
    ("rows_checked", "INT64"),
    ("rows_failed", "INT64"),
]
ACCEPTED = [
    ("entity", "STRING"),
    ("record_key", "STRING"),
    ("event_at", "TIMESTAMP"),
]
REFUSED = [
    ("load_id", "STRING"),
    ("rule", "STRING"),
    ("rows_read", "INT64"),
    ("rows_held", "INT64"),
]
REPORTS = {
    "loads": LOADS,
    "quarantine": QUARANTINE,
    "dq": DQ,
    "accepted": ACCEPTED,
    "refused": REFUSED,
}
PUBLISHED = "silver"


def stage_batch(batch: Batch, run: Run) -> None:
    """Brings a finished batch into the staging tables and marks its loads as merged.

    Raises:
        StateError: the run has lost its lease, so the staging tables are another run's.
    """
    lease.require(run)
    load_staging(batch, PUBLISHED)
    bigquery.query(
        f"UPDATE {audit_table('table_loads')} SET state = 'MERGED', batch_id = @batch_id "
        "WHERE load_id IN UNNEST(JSON_VALUE_ARRAY(@load_ids)) AND state IN ('LANDED', 'MERGED')",
        {"batch_id": batch.batch_id, "load_ids": json.dumps(batch.load_ids)},
    )


def load_staging(batch: Batch, purpose: str) -> None:
    """Replaces the staging tables of a purpose, such as PUBLISHED, by a batch's output."""
    tables = [
        _staging(batch, f"{name}/{table.folder}", f"{purpose}_{table.name}", _columns(table))
        for name in batch.entities
        for table in entities()[name].silver_tables()
    ]
    reports = [
        _staging(batch, report, f"{purpose}_{report}", columns)
        for report, columns in REPORTS.items()
    ]
    bigquery.load_parquet([*tables, *reports])


def _columns(table: SilverTable) -> list[tuple[str, str]]:
    return [(column.name, column.type) for column in table.columns]


def _staging(
    batch: Batch, folder: str, table: str, columns: list[tuple[str, str]]
) -> bigquery.ParquetLoad:
    return bigquery.ParquetLoad(
        uris=[f"{batch.output_uri}/{folder}/*.parquet"],
        table=settings().table("staging", table),
        # Another batch may have been staged since, so the job must run again, whatever ran before.
        job_id=f"stage-{batch.batch_id}-{table}-{uuid4().hex[:_TOKEN_LENGTH]}",
        schema=columns,
    )


def staged_table(purpose: str, name: str) -> str:
    """SQL name of a staging table."""
    return f"`{settings().table('staging', f'{purpose}_{name}')}`"
