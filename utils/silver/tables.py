"""Creates silver's tables and views, as `configs/entities/` declares them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from google.cloud.bigquery import SchemaField, Table

from utils.contracts.entities import entities
from utils.contracts.hospital_days import hospital_day
from utils.gcp.tables import declare_tables, declare_views
from utils.gcp.templates import render_file

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from utils.contracts.entities import Entity, SilverTable
    from utils.settings import Settings


def create_silver_tables(environment: Settings) -> None:
    """Creates silver's tables, and adds the columns that an entity gained.

    Raises:
        StateError: an entity lost a column that its table has.
    """
    tables = [table for entity in entities().values() for table in entity.silver_tables()]
    declare_tables(environment, "silver", [_table(table, environment) for table in tables])


def create_silver_views(environment: Settings, read: Collection[str]) -> None:
    """Creates the views of silver, whose tables must exist.

    Every entity has a view of its current versions. The view of its validity periods is there if
    it is among the names that somebody reads.
    """

    def ref(name: str) -> str:
        return f"`{environment.table('silver', name)}`"

    views = {
        name: silver_view(entity, template, ref)
        for entity in entities().values()
        for template in ("current", "periods")
        if (name := f"{entity.name}_{template}") in read or template == "current"
    }
    declare_views(environment, "silver", views)


def silver_view(entity: Entity, template: str, ref: Callable[[str], str]) -> str:
    """The SELECT of an entity's view; the template is the name of a file in `sql/silver/`."""
    return render_file(
        f"silver/{template}.sql",
        ref,
        entity=entity.name,
        columns=",\n  ".join(column.name for column in entity.silver_schema()),
        key=", ".join(entity.key),
        key_column=entity.key_column,
        version_key_column=entity.version_key_column,
        hospital_day=hospital_day,
    )


def _table(declared: SilverTable, environment: Settings) -> Table:
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
