"""What the one-shot run shows at its end, read back from what was published."""

from __future__ import annotations

from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from rich.box import SIMPLE_HEAD
from rich.table import Table

from utils.batch.reports import STAGES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from rich.console import Console

    from local.paths import StateFolder

_LOAD_HEADERS = ("read", "merged", "un-\nchanged", "dupli-\ncate", "held\nout", "$ held", "")
# Queries of sql/report/ with a row per hospital.
_BOOKS = (
    "books",
    "claim_outcomes",
    "clean_claims",
    "denials",
    "collection",
    "days_in_ar",
    "unbilled",
    "processing",
)


def show(
    console: Console,
    state: StateFolder,
    seconds: Mapping[str, float],
    peak_memory_mb: Mapping[str, int],
) -> int:
    """Prints the report; returns 1 when a load does not balance."""
    loads = _rows("loads")
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

    rows = bigquery.query_file("audit/failure.sql", audit_table, {"run_id": run_id})
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


def _rows(name: str) -> list[dict[str, Any]]:
    """The rows of a query of `sql/report/`."""
    from utils.gcp import bigquery
    from utils.gold.models import gold_models, published
    from utils.settings import settings

    return bigquery.query_file(f"report/{name}.sql", published(settings(), gold_models()))


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
                *(f"{row[f'rows_{stage}']:,}" for stage in STAGES),
                f"{row['billed_quarantined'] or 0:,.2f}",
                "[green]✓[/]" if row["is_balanced"] else "[red]✗[/]",
            )
    return table


def _book_table() -> Table:
    by_hospital: dict[str, dict[str, Any]] = {}
    for name in _BOOKS:
        for row in _rows(name):
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
    for row in _rows("quality"):
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
    for row in _rows("oddities"):
        table.add_row(row["statement"], f"{row['odd_count']:,}", f"{row['odd_rate']:.1%}")
    return table


def _time_table(seconds: Mapping[str, float]) -> Table:
    table = Table(title="Seconds per stage", title_justify="left")
    table.add_column("stage")
    table.add_column("seconds", justify="right")
    for stage, spent in seconds.items():
        table.add_row(stage, f"{spent:.1f}")
    return table
