"""The audit tables, as `sql/audit/tables.sql` declares them."""

from __future__ import annotations

import re
from contextlib import suppress
from functools import cache

from google.api_core.exceptions import NotFound

from utils.gcp import bigquery
from utils.paths import SQL
from utils.settings import settings

DATASETS = ("bronze", "silver", "gold", "audit", "staging")


@cache
def audit_columns(table: str) -> dict[str, str]:
    """Columns of an audit table with their types, read from the one place that declares them."""
    ddl = (SQL / "audit" / "tables.sql").read_text(encoding="utf-8")
    body = re.search(rf'\{{\{{ audit\("{table}"\) \}}\}} \((.*?)\n\)', ddl, re.DOTALL)
    if body is None:
        raise KeyError(table)
    return dict(re.findall(r"^  (\w+) (\w+)", body.group(1), re.MULTILINE))


def audit_declarations() -> dict[str, str]:
    """The audit tables, each with the comment above its declaration as one line."""
    ddl = (SQL / "audit" / "tables.sql").read_text(encoding="utf-8")
    tables = re.findall(r'((?:^-- .*\n)*)CREATE TABLE .*audit\("(\w+)"\)', ddl, re.MULTILINE)
    return {table: re.sub(r"\n?-- ", " ", comment).strip() for comment, table in tables}


def audit_table(table: str) -> str:
    """Full name of an audit table, between backticks."""
    return f"`{settings().table('audit', table)}`"


def create_audit_tables() -> None:
    """Creates what is missing of the datasets, the audit tables and their columns."""
    declared = {table: audit_columns(table) for table in audit_declarations()}
    present = _present()
    if all(columns.keys() <= present.get(table, set()) for table, columns in declared.items()):
        return
    datasets = [
        f"CREATE SCHEMA IF NOT EXISTS `{settings().project}.{settings().dataset(layer)}` "
        f"OPTIONS (location = '{settings().location}');"
        for layer in DATASETS
    ]
    ddl = (SQL / "audit" / "tables.sql").read_text(encoding="utf-8")
    tables = re.sub(r'\{\{ audit\("(\w+)"\) \}\}', lambda found: audit_table(found.group(1)), ddl)
    gained = [
        f"ALTER TABLE {audit_table(table)} ADD COLUMN IF NOT EXISTS {column} {kind};"
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
