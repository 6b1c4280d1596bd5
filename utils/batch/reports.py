"""What a batch reports besides its tables: one Parquet folder a report, no row's content.

Each report lists its columns in order with their BigQuery types. Spark writes them, the staging
tables have them, and publication copies them to audit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

Columns = list[tuple[str, str]]

MERGED, UNCHANGED, DEDUPLICATED, QUARANTINED = "merged", "unchanged", "deduplicated", "quarantined"
DISPOSITIONS = (MERGED, UNCHANGED, DEDUPLICATED, QUARANTINED)
STAGES = ("read", *DISPOSITIONS)
DOLLARS = ("billed", "paid")

# Rows and USD per load: read = merged + unchanged + deduplicated + quarantined.
LOAD: Columns = [("load_id", "STRING"), ("entity", "STRING"), ("source_system", "STRING")]
LOAD_TOTALS: Columns = [
    *((f"rows_{stage}", "INT64") for stage in STAGES),
    *((f"{kind}_{stage}", "NUMERIC") for kind in DOLLARS for stage in STAGES),
]
LOADS = [*LOAD, *LOAD_TOTALS]

# Rows that are held, and why.
QUARANTINE: Columns = [
    ("entity", "STRING"),
    ("source_system", "STRING"),
    ("load_id", "STRING"),
    ("row_id", "INT64"),
    ("record_key", "STRING"),
    ("parent_key", "STRING"),
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

# Rows checked and failed per load and rule.
DQ: Columns = [
    ("entity", "STRING"),
    ("source_system", "STRING"),
    ("load_id", "STRING"),
    ("rule", "STRING"),
    ("severity", "STRING"),
    ("reason", "STRING"),
    ("rows_checked", "INT64"),
    ("rows_failed", "INT64"),
]

# When keys were last accepted, where no version says so.
ACCEPTED: Columns = [("entity", "STRING"), ("record_key", "STRING"), ("event_at", "TIMESTAMP")]

# Refused loads, with the rules that hold their rows, or what landing and Spark count differently.
REFUSED: Columns = [
    ("load_id", "STRING"),
    ("rule", "STRING"),
    ("imbalance", "STRING"),
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


def names(columns: Sequence[tuple[str, str]]) -> list[str]:
    """The names of columns, in order."""
    return [name for name, _ in columns]


def observations_uri(batch_uri: str, entity: str) -> str:
    """Where a batch keeps the observations that it adds to an entity's log."""
    return f"{batch_uri}/{entity}/observations/"
