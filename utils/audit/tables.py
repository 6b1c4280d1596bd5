"""The audit tables, as `sql/audit/tables.sql` declares them."""

from __future__ import annotations

import re
from contextlib import suppress
from functools import cache
from typing import Any, NamedTuple

from google.api_core.exceptions import NotFound

from utils.batch.reports import DQ, QUARANTINE, STAGES
from utils.gcp import bigquery
from utils.gcp.templates import render_file
from utils.settings import settings

DATASETS = ("bronze", "silver", "gold", "audit", "staging")
_DECLARATION = re.compile(
    r"(?P<comment>(?:^-- [^\n]*\n)*)"
    r"^CREATE TABLE IF NOT EXISTS (?P<name>\w+) \(\n(?P<columns>.*?)\n\)",
    re.DOTALL | re.MULTILINE,
)
_REPORTS: dict[str, Any] = {"stages": STAGES, "quarantine_report": QUARANTINE, "dq_report": DQ}
_COLUMN = re.compile(r"^  (\w+) (\w+)", re.MULTILINE)


class _Declaration(NamedTuple):
    comment: str
    columns: dict[str, str]


@cache
def _declared() -> dict[str, _Declaration]:
    """What the file says of every table, by its name."""
    return {
        found["name"]: _Declaration(
            comment=re.sub(r"\n?-- ", " ", found["comment"]).strip(),
            columns=dict(_COLUMN.findall(found["columns"])),
        )
        for found in _DECLARATION.finditer(render_file("audit/tables.sql", str, **_REPORTS))
    }


def audit_columns(table: str) -> dict[str, str]:
    """Columns of an audit table with their types, read from the one place that declares them."""
    return _declared()[table].columns


def audit_declarations() -> dict[str, str]:
    """The audit tables, each with the comment above its declaration as one line."""
    return {name: declared.comment for name, declared in _declared().items()}


def audit_table(table: str) -> str:
    """Full name of an audit table, between backticks."""
    return f"`{settings().table('audit', table)}`"


def create_audit_tables() -> None:
    """Creates what is missing of the datasets, the audit tables and their columns."""
    present = _present()
    missing = {
        name: [
            (column, kind)
            for column, kind in declared.columns.items()
            if column not in present.get(name, ())
        ]
        for name, declared in _declared().items()
    }
    if not any(missing.values()):
        return
    bigquery.query_file(
        "audit/create.sql",
        audit_table,
        datasets=[_dataset(layer) for layer in DATASETS if layer != "staging"],
        staging=_dataset("staging"),
        location=settings().location,
        **_REPORTS,
        gained=[
            (table, column, kind)
            for table in missing.keys() & present.keys()
            for column, kind in missing[table]
        ],
    )


def _dataset(layer: str) -> str:
    return f"`{settings().project}.{settings().dataset(layer)}`"


def _present() -> dict[str, set[str]]:
    """Columns of the audit tables that there are."""
    schema = f"`{settings().project}.{settings().dataset('audit')}`.INFORMATION_SCHEMA"
    present: dict[str, set[str]] = {}
    with suppress(NotFound):
        for row in bigquery.query_file(
            "audit/present_columns.sql", audit_table, information_schema=schema
        ):
            present.setdefault(row["table_name"], set()).add(row["column_name"])
    return present
