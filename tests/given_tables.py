"""Tables that a SQL test gives as rows: YAML or dictionaries that name only what matters."""

from __future__ import annotations

import json
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import yaml

from utils.audit.tables import audit_columns
from utils.contracts.entities import Entity, SilverTable, entities
from utils.gold.models import gold_models

if TYPE_CHECKING:
    from pathlib import Path

BUSINESS_DATE = date(2025, 6, 30)

Row = dict[str, Any]


class _Loader(yaml.SafeLoader):
    """Reads numbers with a point as exact decimals."""


def _decimal(loader: _Loader, node: yaml.ScalarNode) -> Decimal:
    return Decimal(loader.construct_scalar(node))


_Loader.add_constructor("tag:yaml.org,2002:float", _decimal)


def load_rows(path: Path) -> Any:
    return yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506 (a SafeLoader)


def silver_row(entity: Entity, row: Row) -> Row:
    """A version with readable keys: a test writes only the columns that matter to it."""
    natural = "/".join(str(row[name]) for name in entity.key if name in row)
    key = f"{row['source_system']}/{natural}"
    version = row.get("version", 1)
    parent = entity.belongs_to
    held = "/".join(str(row.get(name)) for name in parent.by) if parent else ""
    return {
        entity.key_column: key,
        **({parent.key_column: f"{row['source_system']}/{held}"} if parent else {}),
        entity.version_key_column: f"{key}/v{version}",
        "version": version,
        "effective_date": "2020-01-01T00:00:00Z",
        "expiry_date": "9999-12-31T00:00:00Z",
        "is_current": "expiry_date" not in row,
        "_load_id": "test",
        **row,
    }


def column_types(table: str) -> dict[str, str]:
    if table in (silver := _silver_tables()):
        return {column.name: column.type for column in silver[table].columns}
    if table in gold_models():
        columns = gold_models()[table].header.columns
        return {name: column.sql_type.partition("(")[0] for name, column in columns.items()}
    return audit_columns(table)


def _silver_tables() -> dict[str, SilverTable]:
    return {table.name: table for entity in entities().values() for table in entity.silver_tables()}


def given_table(table: str, columns: dict[str, str]) -> str:
    return f"CREATE TEMP TABLE {given_name(table)} AS {given_rows(table, columns)};"


def given_rows(table: str, columns: dict[str, str]) -> str:
    values = ", ".join(
        f"CAST(JSON_VALUE(row_json, '$.{name}') AS {kind}) AS {name}"
        for name, kind in columns.items()
    )
    return f"SELECT {values} FROM UNNEST(JSON_QUERY_ARRAY(@{given_name(table)})) AS row_json"


def given_name(name: str) -> str:
    return f"given_{name}"


def rows_json(table: str, rows: list[Row]) -> str:
    if table in entities():
        rows = [silver_row(entities()[table], row) for row in rows]
    return json.dumps(rows, default=_as_json)


def _as_json(value: object) -> str:
    return value.isoformat() if isinstance(value, date | datetime) else str(value)


def in_order(rows: Any) -> list[Row]:
    return sorted(rows, key=lambda row: [str(value) for value in row.values()])
