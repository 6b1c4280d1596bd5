"""A gold model's SELECT over given tables.

A case is a folder: `given/<table>.yaml` are the rows that the model reads, `expect.yaml` the rows
that it must return and, if it matters, the business date. A table without a file is empty.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tests.given_tables import (
    BUSINESS_DATE,
    Row,
    column_types,
    given_name,
    given_rows,
    given_table,
    in_order,
    load_rows,
    rows_json,
)
from tests.warehouse_support import named_run
from utils.contracts.entities import Entity, entities
from utils.gcp import bigquery
from utils.gcp.templates import render_file
from utils.gold.models import gold_models
from utils.gold.models import select as select_of
from utils.gold.script import build_statement
from utils.silver.names import histories
from utils.silver.tables import silver_view

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import date

CASES = Path(__file__).parent / "sql" / "gold"


def run_model(name: str, given: dict[str, list[Row]], business_date: date) -> list[Row]:
    """Builds a gold model from the given tables; nothing is stored."""
    model = gold_models()[name]
    tables = {table: column_types(table) for table in _read_by(name)}
    if unread := given.keys() - tables.keys():
        raise AssertionError(f"{name} does not read {sorted(unread)}")
    script = [
        *(given_table(table, columns) for table, columns in tables.items()),
        *(
            f"CREATE TEMP TABLE {view} AS\n{select};"
            for view, select in _given_views(model.references).items()
        ),
        build_statement(model, given_name),
        f"SELECT {', '.join(model.header.columns)} FROM {name};",
    ]
    rows = {given_name(table): rows_json(table, given.get(table, [])) for table in tables}
    values = {**named_run("test").identity, "business_date": business_date}
    return bigquery.query("\n".join(script), {**values, **rows})


def one_query(
    name: str, given: dict[str, list[Row]], business_date: date
) -> tuple[str, dict[str, str | date]]:
    """A gold model over the given tables as one SELECT, with its parameters."""
    model = gold_models()[name]
    tables = {table: column_types(table) for table in _read_by(name)}
    parts = {given_name(table): given_rows(table, columns) for table, columns in tables.items()}
    parts |= _given_views(model.references)
    ctes = ",\n".join(f"{part} AS (\n{select}\n)" for part, select in parts.items())
    columns = ", ".join(
        f"CAST({column} AS {c.sql_type}) AS {column}" for column, c in model.header.columns.items()
    )
    rows = {given_name(table): rows_json(table, given.get(table, [])) for table in tables}
    values: dict[str, str | date] = {**named_run("test").identity, "business_date": business_date}
    built = f"SELECT {columns}\nFROM (\n{select_of(model, given_name)}\n)"
    return f"{f'WITH {ctes}' if ctes else ''}\n{built}", {**values, **rows}


def run_case(folder: Path) -> tuple[list[Row], list[Row]]:
    """The rows that a case expects, and those that its model returns, both in the same order.

    Only the columns that the first expected row names are compared; `only: {column: [values]}`
    looks at a part of the rows.
    """
    given = {path.stem: load_rows(path) for path in (folder / "given").glob("*.yaml")}
    expect = load_rows(folder / "expect.yaml")
    business_date = expect.get("business_date", BUSINESS_DATE)
    actual = run_model(folder.name, given, business_date)
    for column, values in expect.get("only", {}).items():
        actual = [row for row in actual if row[column] in values]
    columns = list(expect["rows"][0])
    return (
        in_order({name: row[name] for name in columns} for row in expect["rows"]),
        in_order({name: row[name] for name in columns} for row in actual),
    )


def broken_promises(entity: str, rows: list[Row]) -> dict[str, int]:
    """How many of these versions of an entity break each promise of `sql/silver/history.sql`."""
    script = [
        given_table(entity, column_types(entity)),
        history_query([entities()[entity]], given_name),
    ]
    found = bigquery.query("\n".join(script), {given_name(entity): rows_json(entity, rows)})
    return {row["broken_promise"]: row["row_count"] for row in found}


def history_query(checked: Iterable[Entity], ref: Callable[[str], str]) -> str:
    """Counts versions and revisions of entities that break a promise, as publication does."""
    tables = [table for entity in checked for table in entity.silver_tables()]
    return render_file("silver/broken_promises.sql", ref, **histories(tables))


def _read_by(name: str) -> list[str]:
    """Tables that a model reads; a silver view stands for the table under it."""
    references = gold_models()[name].references
    return list(dict.fromkeys(_entity_of(table) or table for table in references))


def _entity_of(table: str) -> str | None:
    entity, _, suffix = table.rpartition("_")
    return entity if suffix in ("current", "periods") and entity in entities() else None


def _given_views(references: tuple[str, ...]) -> dict[str, str]:
    return {
        given_name(table): silver_view(
            entities()[entity], table.removeprefix(f"{entity}_"), given_name
        )
        for table in references
        if (entity := _entity_of(table))
    }
