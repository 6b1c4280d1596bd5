"""Creates gold's tables, as the headers of `sql/gold/` declare them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from google.cloud.bigquery import SchemaField, Table, TimePartitioning, TimePartitioningType
from google.cloud.bigquery.table import PrimaryKey, TableConstraints

from utils.gcp.tables import declare_tables
from utils.gold.models import gold_models

if TYPE_CHECKING:
    from collections.abc import Mapping

    from utils.gold.models import Column, Model
    from utils.settings import Settings


def create_gold_tables(environment: Settings, models: Mapping[str, Model] | None = None) -> None:
    """Creates gold's tables, and adds the columns that a model gained.

    Raises:
        StateError: a model lost a column that its table has.
    """
    published = [m for m in (models or gold_models()).values() if m.header.published]
    declare_tables(environment, "gold", [_table(model, environment) for model in published])


def _table(model: Model, environment: Settings) -> Table:
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
