"""What the one-shot run shows at its end, read back from what was published."""

from __future__ import annotations

from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from rich.box import SIMPLE_HEAD
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from rich.console import Console

    from local.paths import StateFolder

_KINDS = ("read", "merged", "unchanged", "deduplicated", "quarantined")
_LOAD_HEADERS = ("read", "merged", "un-\nchanged", "dupli-\ncate", "held\nout", "$ held", "")
LOADS = """
SELECT
  source_system,
  table_name,
  SUM(rows_read) AS rows_read,
  SUM(rows_merged) AS rows_merged,
  SUM(rows_unchanged) AS rows_unchanged,
  SUM(rows_deduplicated) AS rows_deduplicated,
  SUM(rows_quarantined) AS rows_quarantined,
  SUM(billed_quarantined) AS billed_quarantined,
  LOGICAL_AND(
    rows_read = rows_merged + rows_unchanged + rows_deduplicated + rows_quarantined
  ) AS is_balanced
FROM `{audit}.table_loads`
WHERE state = 'PUBLISHED'
GROUP BY source_system, table_name
ORDER BY source_system, table_name
"""
QUALITY = """
SELECT
  entity,
  SUM(rows_checked) AS rows_checked,
  SUM(rows_failed) AS rows_failed,
  1 - SAFE_DIVIDE(SUM(rows_failed), SUM(rows_checked)) AS quality_rate
FROM `{audit}.dq_results`
WHERE layer = 'silver' AND severity != 'quarantine'
GROUP BY entity
ORDER BY entity
"""
ODDITIES = """
SELECT
  statement,
  SUM(odd_count) AS odd_count,
  SUM(odd_count) / SUM(checked_count) AS odd_rate
FROM `{gold}.data_oddities`
GROUP BY statement
ORDER BY odd_count DESC, statement
"""
BOOKS = """
SELECT
  source_system,
  SUM(transaction_count) AS transactions,
  SUM(billed_amount) AS billed,
  SUM(paid_amount) AS paid,
  SUM(patient_paid_amount) AS patient_paid,
  SUM(adjustment_amount) AS adjusted,
  SUM(write_off_amount) AS written_off,
  SUM(open_amount) AS open_amount
FROM `{gold}.kpi_revenue`
GROUP BY source_system
ORDER BY source_system
"""
OUTCOMES = """
SELECT
  source_system,
  SAFE_DIVIDE(SUM(approved_count), SUM(decided_count)) AS approval_rate,
  SAFE_DIVIDE(SUM(denied_count), SUM(decided_count)) AS denial_rate
FROM `{gold}.kpi_claim_outcomes`
GROUP BY source_system
"""
COLLECTION = """
SELECT
  source_system,
  SAFE_DIVIDE(SUM(collected_amount), SUM(billed_amount - adjustment_amount)) AS net_collection_rate
FROM `{gold}.kpi_collection`
WHERE is_mature
GROUP BY source_system
"""
DAYS = """
SELECT
  source_system,
  gross_days_in_ar,
  net_days_in_ar
FROM `{gold}.kpi_days_in_ar`
QUALIFY ROW_NUMBER() OVER (PARTITION BY source_system ORDER BY month_end_date DESC) = 1
"""
UNBILLED = """
SELECT
  source_system,
  dnfb_days
FROM `{gold}.kpi_dnfb`
QUALIFY ROW_NUMBER() OVER (PARTITION BY source_system ORDER BY month_end_date DESC) = 1
"""
CLEAN_CLAIMS = """
SELECT
  source_system,
  SAFE_DIVIDE(SUM(clean_count), SUM(claim_count)) AS clean_claim_rate,
  SAFE_DIVIDE(SUM(first_pass_count), SUM(claim_count)) AS first_pass_rate
FROM `{gold}.kpi_clean_claims`
GROUP BY source_system
"""
DENIALS = """
SELECT
  source_system,
  SAFE_DIVIDE(SUM(initial_denied_amount), SUM(claimed_amount)) AS initial_denial_rate,
  SAFE_DIVIDE(SUM(denial_write_off_amount), SUM(claimed_amount)) AS final_denial_rate
FROM `{gold}.kpi_denial_cohorts`
WHERE is_mature
GROUP BY source_system
"""
PROCESSING = """
SELECT
  source_system,
  SAFE_DIVIDE(SUM(processing_days_sum), SUM(measured_claim_count)) AS processing_days
FROM `{gold}.kpi_processing_days`
GROUP BY source_system
"""


def show(
    console: Console,
    state: StateFolder,
    seconds: Mapping[str, float],
    peak_memory_mb: Mapping[str, int],
) -> int:
    """Prints the report; returns 1 when a load does not balance."""
    loads = _rows(LOADS)
    console.print(_load_table(loads))
    console.print(_book_table())
    console.print(_quality_table())
    console.print(_oddity_table())
    console.print(_time_table(seconds))
    memory = " · ".join(f"{name} {mb:,} MB" for name, mb in peak_memory_mb.items())
    console.print(f"Peak memory: {memory}")
    console.print("Next: [bold]make verify[/] compares what was published with the answer key")
    console.print("      [bold]make ui[/] opens Airflow with the same DAGs")
    console.print(f"      logs in {state.path / 'logs'}", highlight=False)
    return 0 if all(row["is_balanced"] for row in loads) else 1


def failure(run_id: str) -> str:
    """What audit says about a failed run: the tasks and the reasons, on one line."""
    from utils.audit.tables import audit_table
    from utils.gcp import bigquery

    rows = bigquery.query(
        f"SELECT failed_task, error FROM {audit_table('pipeline_runs')} WHERE run_id = @run_id",
        {"run_id": run_id},
    )
    return "; ".join(f"{row['failed_task']}: {row['error']}" for row in rows)


def published_dates(dag_id: str) -> set[date]:
    """The business dates whose runs of a DAG did all their work."""
    from utils.audit.tables import audit_table
    from utils.gcp import bigquery

    rows = bigquery.query(
        f"SELECT business_date FROM {audit_table('pipeline_runs')} "
        "WHERE dag_id = @dag_id AND state = 'SUCCEEDED'",
        {"dag_id": dag_id},
    )
    return {row["business_date"] for row in rows}


def _rows(sql: str) -> list[dict[str, Any]]:
    from utils.gcp import bigquery
    from utils.settings import settings

    datasets = {
        layer: f"{settings().project}.{settings().dataset(layer)}" for layer in ("audit", "gold")
    }
    return bigquery.query(sql.format(**datasets))


def _load_table(loads: list[dict[str, Any]]) -> Table:
    table = Table(
        title="Rows read = merged + unchanged + deduplicated + quarantined",
        title_justify="left",
        box=SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        pad_edge=False,
        show_edge=False,
    )
    table.add_column("table", no_wrap=True, min_width=22)
    for header in _LOAD_HEADERS:
        table.add_column(header, justify="right")
    for source, tables in groupby(loads, key=itemgetter("source_system")):
        table.add_row(f"[bold]{source}[/]")
        for row in tables:
            table.add_row(
                f"  {row['table_name']}",
                *(f"{row[f'rows_{kind}']:,}" for kind in _KINDS),
                f"{row['billed_quarantined'] or 0:,.2f}",
                "[green]✓[/]" if row["is_balanced"] else "[red]✗[/]",
            )
    return table


def _book_table() -> Table:
    by_hospital: dict[str, dict[str, Any]] = {}
    for sql in (
        BOOKS,
        OUTCOMES,
        CLEAN_CLAIMS,
        DENIALS,
        COLLECTION,
        DAYS,
        UNBILLED,
        PROCESSING,
    ):
        for row in _rows(sql):
            by_hospital.setdefault(row["source_system"], {}).update(row)
    table = Table(title="The books", title_justify="left")
    table.add_column("")
    for hospital in sorted(by_hospital):
        table.add_column(hospital, justify="right")
    for label, column, style in (
        ("transactions", "transactions", "{:,}"),
        ("billed", "billed", "${:,.2f}"),
        ("paid by payers", "paid", "${:,.2f}"),
        ("paid by patients", "patient_paid", "${:,.2f}"),
        ("contractual adjustments", "adjusted", "${:,.2f}"),
        ("written off", "written_off", "${:,.2f}"),
        ("open", "open_amount", "${:,.2f}"),
        ("approval rate", "approval_rate", "{:.1%}"),
        ("denial rate", "denial_rate", "{:.1%}"),
        ("clean claim rate", "clean_claim_rate", "{:.1%}"),
        ("first pass rate", "first_pass_rate", "{:.1%}"),
        ("initial denial rate, $", "initial_denial_rate", "{:.1%}"),
        ("final denial rate, $", "final_denial_rate", "{:.1%}"),
        ("net collection rate", "net_collection_rate", "{:.1%}"),
        ("gross days in A/R", "gross_days_in_ar", "{:.1f}"),
        ("net days in A/R", "net_days_in_ar", "{:.1f}"),
        ("days not final billed", "dnfb_days", "{:.1f}"),
        ("processing days", "processing_days", "{:.1f}"),
    ):
        values = [by_hospital[hospital].get(column) for hospital in sorted(by_hospital)]
        table.add_row(label, *("–" if v is None else style.format(v) for v in values))
    return table


def _quality_table() -> Table:
    table = Table(title="Data quality of the published rows", title_justify="left")
    table.add_column("entity")
    for header in ("checks", "failed", "score"):
        table.add_column(header, justify="right")
    for row in _rows(QUALITY):
        table.add_row(
            row["entity"],
            f"{row['rows_checked']:,}",
            f"{row['rows_failed']:,}",
            "–" if row["quality_rate"] is None else f"{row['quality_rate']:.2%}",
        )
    return table


def _oddity_table() -> Table:
    table = Table(title="Kept, but it makes no sense", title_justify="left")
    table.add_column("what the data say")
    for header in ("rows", "share"):
        table.add_column(header, justify="right")
    for row in _rows(ODDITIES):
        table.add_row(row["statement"], f"{row['odd_count']:,}", f"{row['odd_rate']:.1%}")
    return table


def _time_table(seconds: Mapping[str, float]) -> Table:
    table = Table(title="Seconds per stage", title_justify="left")
    table.add_column("stage")
    table.add_column("seconds", justify="right")
    for stage, spent in seconds.items():
        table.add_row(stage, f"{spent:.1f}")
    return table
