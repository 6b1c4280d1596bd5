"""What a case shows at its end: audit, silver and gold, a line a row."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MOST_ROWS = 40
LAYERS = ("bronze", "silver", "gold", "audit")
# Title, layer, table, columns, order.
SECTIONS = (
    ("runs", "audit", "pipeline_runs", "business_date, state, failed_task, error", "started_at"),
    (
        "loads",
        "audit",
        "table_loads",
        "business_date, source_system, table_name, state, rows_landed, rows_merged, "
        "rows_deduplicated, rows_quarantined, billed_landed, billed_merged, billed_deduplicated, "
        "paid_merged, schema_events, error",
        "business_date, source_system, table_name",
    ),
    ("files", "audit", "files", "uri, state, reason, rows_read, rows_rejected", "uri"),
    (
        "held",
        "audit",
        "quarantine",
        "entity, source_system, row_id, rule, rules, reason, billed_amount, paid_amount, state",
        "entity, row_id",
    ),
    (
        "patients",
        "silver",
        "patients",
        "source_system, patient_id, version, last_name, ssn, is_current",
        "1, 2, 3",
    ),
    ("departments", "silver", "departments_current", "source_system, department_id, name", "1, 2"),
    (
        "claims",
        "silver",
        "claims_current",
        "claim_id, claim_amount, paid_amount, copay_amount, claim_frequency, original_claim_id, "
        "service_date, effective_date",
        "claim_id",
    ),
    (
        "remittances",
        "silver",
        "remittances",
        "remittance_id, payer_id, version, is_current, status_code, paid_amount",
        "1, 3",
    ),
    (
        "charges",
        "gold",
        "fact_transactions",
        "source_system, provider_key, department_key, patient_key, billed_amount",
        "1, 5",
    ),
    (
        "gold claims",
        "gold",
        "fact_claims",
        "claim_key, patient_key, first_outcome, is_first_pass, original_claim_key, billed_amount",
        "6",
    ),
    (
        "denials",
        "gold",
        "fact_denials",
        "claim_key, reason_code, denied_amount, appeal_deadline",
        "1",
    ),
    (
        "standings",
        "gold",
        "hospital_standings",
        "source_system, gold_date, is_held_back, reason",
        "1",
    ),
    (
        "reconciling items",
        "gold",
        "reconciling_items",
        "source_system, cause, difference_amount, item_amount, age_days",
        "1, 2, 3",
    ),
    (
        "months",
        "gold",
        "ar_rollforward",
        "COUNT(*) AS row_count, MIN(month_end_date) AS first_month",
        "1",
    ),
    (
        "ledger",
        "gold",
        "fact_ledger",
        "source_system, posting_kind, posting_date, posted_amount",
        "1, 2, 3",
    ),
)
_ERROR = re.compile(r"(?:^|\] )((?:\w+\.)+\w*(?:Error|Exception|Changed|Conflict|Request)\b: .*)")
_SHOWN_CHARACTERS = 400


def show(queries: Path, log: Path) -> None:
    """Prints the sections, the case's own queries and the errors in the log."""
    for title, statement in [*_sections(), *_own(queries)]:
        print(f"-- {title}")
        for line in _answer(statement):
            print(f"   {line}", flush=True)
    print("-- errors in the log")
    for line in dict.fromkeys(_errors(log)):
        print(f"   {line[:_SHOWN_CHARACTERS]}", flush=True)


def statements(file: Path) -> list[str]:
    """The statements of a file, each of which ends with a semicolon at the end of a line."""
    pieces = file.read_text(encoding="utf-8").split(";\n")
    return [piece for piece in pieces if piece.strip()]


def _sections() -> Iterator[tuple[str, str]]:
    from utils.settings import settings

    for title, layer, table, columns, order in SECTIONS:
        yield title, f"SELECT {columns} FROM `{settings().table(layer, table)}` ORDER BY {order}"


def _own(queries: Path) -> Iterator[tuple[str, str]]:
    from utils.settings import settings

    datasets = {layer: settings().dataset(layer) for layer in LAYERS}
    for statement in statements(queries) if queries.exists() else []:
        yield " ".join(statement.split()), statement.format(**datasets)


def _answer(statement: str) -> list[str]:
    """A line a row, without what is NULL; a table that was never made is an answer too."""
    from google.api_core.exceptions import GoogleAPICallError

    from utils.gcp import bigquery

    try:
        rows = bigquery.query(statement)
    except GoogleAPICallError as error:
        return [f"{type(error).__name__}: {str(error)[:300]}"]
    return [
        ", ".join(f"{name}={value}" for name, value in row.items() if value is not None)
        for row in rows[:MOST_ROWS]
    ]


def _errors(log: Path) -> list[str]:
    """The last lines of the tracebacks that tasks and Spark batches wrote."""
    with log.open(encoding="utf-8", errors="replace") as lines:
        return [found.group(1).strip() for line in lines if (found := _ERROR.search(line))]
