"""Creates tables and views in BigQuery as they are declared, and keeps them so.

A table or view carries the digest of its declaration in the label `layout`, so that one listing of
a dataset tells what is missing or was declared differently.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from utils.errors import StateError
from utils.gcp import bigquery

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from google.cloud.bigquery import Table

    from utils.settings import Settings

TIMEOUT = 30.0
_DIGEST_LENGTH = 16


def declare_tables(environment: Settings, layer: str, tables: Iterable[Table]) -> None:
    """Creates the tables of a layer that are missing, and adds the columns that others gained.

    Raises:
        StateError: a declaration lost a column that its table has.
    """
    known = present(environment, layer)
    for table in tables:
        table.labels = {"layout": _digest(json.dumps(table.to_api_repr(), sort_keys=True))}
        if table.table_id not in known:
            bigquery.client().create_table(table, exists_ok=True, timeout=TIMEOUT)
        elif known[table.table_id] != table.labels["layout"]:
            _update(table)


def declare_views(environment: Settings, layer: str, views: Mapping[str, str]) -> None:
    """Creates or replaces the views of a layer whose SELECT is new, by name."""
    known = present(environment, layer)
    statements = [
        f"CREATE OR REPLACE VIEW `{environment.table(layer, name)}`\n"
        f"OPTIONS (labels = [('layout', '{_digest(query)}')]) AS\n{query};"
        for name, query in views.items()
        if known.get(name) != _digest(query)
    ]
    if statements:
        bigquery.query("\n".join(statements))


def present(environment: Settings, layer: str) -> dict[str, str]:
    """What a dataset holds, each with the digest of its declaration or an empty string."""
    listing = bigquery.client().list_tables(
        f"{environment.project}.{environment.dataset(layer)}", timeout=TIMEOUT
    )
    return {item.table_id: item.labels.get("layout", "") for item in listing}


def _update(table: Table) -> None:
    client = bigquery.client()
    known = client.get_table(table.reference, timeout=TIMEOUT)
    declared = {field.name for field in table.schema}
    if lost := [field.name for field in known.schema if field.name not in declared]:
        raise StateError(
            f"The table has columns that its declaration lacks: {', '.join(lost)}",
            where=f"{table.dataset_id}.{table.table_id}",
            remedy="Declare them again, or drop the table: the next run creates it",
        )
    client.update_table(table, ["schema", "description", "labels"], timeout=TIMEOUT)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGEST_LENGTH]
