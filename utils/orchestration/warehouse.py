"""Creates what is missing of the warehouse: tables and views of every layer but audit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from utils.gcp.tables import declare_views, present
from utils.gcp.templates import render_file
from utils.gold.models import gold_models
from utils.gold.tables import create_gold_tables
from utils.silver.tables import create_silver_tables, create_silver_views

if TYPE_CHECKING:
    from utils.settings import Settings


def create_all(environment: Settings) -> None:
    """Creates what is missing of silver's tables, the views and gold's tables.

    Raises:
        StateError: a declaration lost a column that its table has.
    """
    create_silver_tables(environment)
    create_views(environment)
    create_gold_tables(environment)


def create_views(environment: Settings) -> None:
    """Creates the views of silver, whose tables must exist, and of the bronze tables that exist."""
    read = {name for model in gold_models().values() for name in model.references}
    create_silver_views(environment, read)
    if tables := sorted(name for name in present(environment, "bronze") if "__" in name):
        arrivals = render_file(
            "bronze/arrivals.sql",
            lambda name: f"`{environment.table('bronze', name)}`",
            tables=tables,
        )
        declare_views(environment, "bronze", {"arrivals": arrivals})
