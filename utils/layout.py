"""Creates the tables of silver and gold and the views over silver and bronze, and keeps them so.

A table or view carries the digest of its declaration in the label `layout`, so that one listing of
a dataset tells what is missing or was declared anew.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from google.cloud.bigquery import SchemaField, Table, TimePartitioning, TimePartitioningType
from google.cloud.bigquery.table import PrimaryKey, TableConstraints

from utils import bigquery
from utils.entities import entities
from utils.errors import StateError
from utils.paths import SQL
from utils.sql import gold_models, render

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from utils.entities import Entity, SilverTable
    from utils.settings import Settings
    from utils.sql import Column, Model

TIMEOUT = 30.0
_DIGEST_LENGTH = 16


def create_all(environment: Settings) -> None:
    """Creates what is missing of silver's tables, the views and gold's tables.

    Raises:
        StateError: a declaration lost a column that its table has.
    """
    create_silver_tables(environment)
    create_views(environment)
    create_gold_tables(environment)


def create_gold_tables(environment: Settings, models: Mapping[str, Model] | None = None) -> None:
    """Creates gold's tables, and adds the columns that a model gained.

    Raises:
        StateError: a model lost a column that its table has.
    """
    published = [m for m in (models or gold_models()).values() if m.header.published]
    _create(environment, "gold", [_gold_table(model, environment) for model in published])


def create_silver_tables(environment: Settings) -> None:
    """Creates silver's tables, and adds the columns that an entity gained.

    Raises:
        StateError: an entity lost a column that its table has.
    """
    tables = [table for entity in entities().values() for table in entity.silver_tables()]
    _create(environment, "silver", [_silver_table(table, environment) for table in tables])


def _create(environment: Settings, layer: str, tables: list[Table]) -> None:
    present = _present(environment, layer)
    for table in tables:
        table.labels = {"layout": _digest(json.dumps(table.to_api_repr(), sort_keys=True))}
        if table.table_id not in present:
            bigquery.client().create_table(table, exists_ok=True, timeout=TIMEOUT)
        elif present[table.table_id] != table.labels["layout"]:
            _update(table)


def create_views(environment: Settings) -> None:
    """Creates the views of silver, whose tables must exist, and of the bronze tables that exist."""
    bronze = _present(environment, "bronze")
    wanted = {("silver", name): query for name, query in _silver_views(environment).items()}
    if tables := sorted(name for name in bronze if "__" in name):
        wanted["bronze", "arrivals"] = _arrivals(environment, tables)
    present = {"silver": _present(environment, "silver"), "bronze": bronze}
    statements = [
        f"CREATE OR REPLACE VIEW `{environment.table(layer, name)}`\n"
        f"OPTIONS (labels = [('layout', '{_digest(query)}')]) AS\n{query};"
        for (layer, name), query in wanted.items()
        if present[layer].get(name) != _digest(query)
    ]
    if statements:
        bigquery.query("\n".join(statements))


def _present(environment: Settings, layer: str) -> dict[str, str]:
    """What a dataset holds, each with the digest of its declaration or an empty string."""
    listing = bigquery.client().list_tables(
        f"{environment.project}.{environment.dataset(layer)}", timeout=TIMEOUT
    )
    return {item.table_id: item.labels.get("layout", "") for item in listing}


def _silver_table(declared: SilverTable, environment: Settings) -> Table:
    table = Table(
        environment.table("silver", declared.name),
        schema=[
            SchemaField(column.name, column.type, description=column.description)
            for column in declared.columns
        ],
    )
    table.description = declared.description
    table.clustering_fields = [declared.key_column]
    return table


def _gold_table(model: Model, environment: Settings) -> Table:
    header = model.header
    table = Table(
        environment.table("gold", model.name),
        schema=[_field(name, column, header.keys) for name, column in header.columns.items()],
    )
    table.description = f"{header.description} Grain: {header.grain}."
    table.clustering_fields = list(header.cluster_by) or None
    table.table_constraints = TableConstraints(PrimaryKey(list(header.keys)), [])
    if header.partition_by:
        table.time_partitioning = TimePartitioning(
            TimePartitioningType.MONTH, field=header.partition_by
        )
    return table


def _field(name: str, column: Column, keys: tuple[str, ...]) -> SchemaField:
    mode = "REQUIRED" if name in keys else "NULLABLE"
    return SchemaField(name, column.sql_type, mode, description=column.description)


def _update(table: Table) -> None:
    client = bigquery.client()
    present = client.get_table(table.reference, timeout=TIMEOUT)
    declared = {field.name for field in table.schema}
    if lost := [field.name for field in present.schema if field.name not in declared]:
        raise StateError(
            f"The table has columns that its declaration lacks: {', '.join(lost)}",
            where=f"{table.dataset_id}.{table.table_id}",
            remedy="Declare them again, or drop the table: the next run builds it anew",
        )
    client.update_table(table, ["schema", "description", "labels"], timeout=TIMEOUT)


def _silver_views(environment: Settings) -> dict[str, str]:
    """Current versions of every entity, and validity periods of those that gold dates."""

    def ref(name: str) -> str:
        return f"`{environment.table('silver', name)}`"

    dated = {name for model in gold_models().values() for name in model.references}
    return {
        name: silver_view(entity, template, ref)
        for entity in entities().values()
        for template in ("current", "periods")
        if (name := f"{entity.name}_{template}") in dated or template == "current"
    }


def silver_view(entity: Entity, template: str, ref: Callable[[str], str]) -> str:
    """The SELECT of an entity's view; the template is the name of a file in `sql/silver/`."""
    return render(
        (SQL / "silver" / f"{template}.sql").read_text(encoding="utf-8"),
        ref,
        f"silver/{template}.sql",
        entity=entity.name,
        columns=",\n  ".join(column.name for column in entity.silver_schema()),
        key=", ".join(entity.key),
        key_column=entity.key_column,
        version_key_column=entity.version_key_column,
    )


def _arrivals(environment: Settings, tables: list[str]) -> str:
    return render(
        (SQL / "bronze" / "arrivals.sql").read_text(encoding="utf-8"),
        lambda name: f"`{environment.table('bronze', name)}`",
        "bronze/arrivals.sql",
        tables=tables,
    )


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGEST_LENGTH]
