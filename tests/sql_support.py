"""What SQL tests share: tables written as YAML, and a model's SELECT run over them.

A case is a folder: `given/<table>.yaml` are the rows that the model reads, `expect.yaml` the rows
that it must return and, if it matters, the business date. A table without a file is empty.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from google.cloud.bigquery import QueryJobConfig

from utils.audit import lease
from utils.audit.loads import Load, record_loads
from utils.audit.rows import now
from utils.audit.runs import Run
from utils.audit.tables import audit_columns
from utils.contracts.entities import Entity, SilverTable, entities
from utils.gcp import bigquery
from utils.gcp.templates import render_file
from utils.gold.models import gold_models
from utils.gold.models import select as select_of
from utils.gold.script import build_statement, refresh_script
from utils.silver.names import histories, staged_table
from utils.silver.tables import silver_view

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    import pytest
    from google.cloud.bigquery import TableReference

    from utils.gold.models import Model
    from utils.settings import Settings

CASES = Path(__file__).parent / "sql" / "gold"
BUSINESS_DATE = date(2025, 6, 30)

Row = dict[str, Any]


def use_settings(patch: pytest.MonkeyPatch, environment: Settings) -> None:
    """Gives every module of `utils` that asks for the settings another environment's."""
    for name, module in list(sys.modules.items()):
        if name.startswith("utils.") and name != "utils.settings" and hasattr(module, "settings"):
            patch.setattr(module, "settings", lambda: environment)


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


def run_model(name: str, given: dict[str, list[Row]], business_date: date) -> list[Row]:
    """Builds a gold model from the given tables; nothing is stored."""
    model = gold_models()[name]
    tables = {table: column_types(table) for table in _read_by(name)}
    if unread := given.keys() - tables.keys():
        raise AssertionError(f"{name} does not read {sorted(unread)}")
    script = [
        *(_given_table(table, columns) for table, columns in tables.items()),
        *(
            f"CREATE TEMP TABLE {view} AS\n{select};"
            for view, select in _given_views(model.references).items()
        ),
        build_statement(model, _given),
        f"SELECT {', '.join(model.header.columns)} FROM {name};",
    ]
    rows = {_given(table): _complete(table, given.get(table, [])) for table in tables}
    values = {**named_run("test").identity, "business_date": business_date}
    return bigquery.query("\n".join(script), {**values, **rows})


def one_query(
    name: str, given: dict[str, list[Row]], business_date: date
) -> tuple[str, dict[str, str | date]]:
    """A gold model over the given tables as one SELECT, with its parameters."""
    model = gold_models()[name]
    tables = {table: column_types(table) for table in _read_by(name)}
    parts = {_given(table): _given_rows(table, columns) for table, columns in tables.items()}
    parts |= _given_views(model.references)
    ctes = ",\n".join(f"{part} AS (\n{select}\n)" for part, select in parts.items())
    columns = ", ".join(
        f"CAST({column} AS {c.sql_type}) AS {column}" for column, c in model.header.columns.items()
    )
    rows = {_given(table): _complete(table, given.get(table, [])) for table in tables}
    values: dict[str, str | date] = {**named_run("test").identity, "business_date": business_date}
    built = f"SELECT {columns}\nFROM (\n{select_of(model, _given)}\n)"
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
        _given_table(entity, column_types(entity)),
        history_query([entities()[entity]], _given),
    ]
    found = bigquery.query("\n".join(script), {_given(entity): _complete(entity, rows)})
    return {row["broken_promise"]: row["row_count"] for row in found}


def history_query(checked: Iterable[Entity], ref: Callable[[str], str]) -> str:
    """Counts versions and revisions of entities that break a promise, as publication does."""
    tables = [table for entity in checked for table in entity.silver_tables()]
    return render_file("silver/broken_promises.sql", ref, **histories(tables))


def in_order(rows: Any) -> list[Row]:
    return sorted(rows, key=lambda row: [str(value) for value in row.values()])


def _given(name: str) -> str:
    return f"given_{name}"


def _read_by(name: str) -> list[str]:
    """Tables that a model reads; a silver view stands for the table under it."""
    references = gold_models()[name].references
    return list(dict.fromkeys(_entity_of(table) or table for table in references))


def _entity_of(table: str) -> str | None:
    entity, _, suffix = table.rpartition("_")
    return entity if suffix in ("current", "periods") and entity in entities() else None


def column_types(table: str) -> dict[str, str]:
    if table in (silver := _silver_tables()):
        return {column.name: column.type for column in silver[table].columns}
    if table in gold_models():
        columns = gold_models()[table].header.columns
        return {name: column.sql_type.partition("(")[0] for name, column in columns.items()}
    return audit_columns(table)


def _silver_tables() -> dict[str, SilverTable]:
    return {table.name: table for entity in entities().values() for table in entity.silver_tables()}


def _given_table(table: str, columns: dict[str, str]) -> str:
    return f"CREATE TEMP TABLE {_given(table)} AS {_given_rows(table, columns)};"


def _given_rows(table: str, columns: dict[str, str]) -> str:
    values = ", ".join(
        f"CAST(JSON_VALUE(row_json, '$.{name}') AS {kind}) AS {name}"
        for name, kind in columns.items()
    )
    return f"SELECT {values} FROM UNNEST(JSON_QUERY_ARRAY(@{_given(table)})) AS row_json"


def _given_views(references: tuple[str, ...]) -> dict[str, str]:
    return {
        _given(table): silver_view(entities()[entity], table.removeprefix(f"{entity}_"), _given)
        for table in references
        if (entity := _entity_of(table))
    }


def _complete(table: str, rows: list[Row]) -> str:
    if table in entities():
        rows = [silver_row(entities()[table], row) for row in rows]
    return json.dumps(rows, default=_as_json)


def _as_json(value: object) -> str:
    return value.isoformat() if isinstance(value, date | datetime) else str(value)


def named_run(run_id: str) -> Run:
    """The run of the tests' DAG with this id."""
    return Run(run_id=run_id, dag_id="tests", business_date=BUSINESS_DATE)


def hold_lease(run_id: str) -> None:
    """Gives a run the lease, whoever held it."""
    run = named_run(run_id)
    if not (holder := lease.take(run)).is_run(run):
        lease.take(run, instead_of=holder)


@dataclass(frozen=True)
class Warehouse:
    """Datasets that a test module has for itself."""

    environment: Settings

    def fill(self, entity: str, rows: list[Row]) -> None:
        """Replaces the content of a silver table."""
        columns = column_types(entity)
        table = f"`{self.environment.table('silver', entity)}`"
        bigquery.query(
            f"{_given_table(entity, columns)}\nDELETE FROM {table} WHERE TRUE;\n"
            f"INSERT INTO {table} ({', '.join(columns)}) "
            f"SELECT {', '.join(columns)} FROM {_given(entity)};",
            {_given(entity): _complete(entity, rows)},
        )

    def stage_entity(
        self, batch_id: str, entity: str, versions: list[Row], revisions: list[Row]
    ) -> None:
        """Stages a batch's rows of an entity."""
        content = {"versions": _complete(entity, versions), "revisions": json.dumps(revisions)}
        for table in entities()[entity].silver_tables():
            columns = list(column_types(table.name).items())
            self.stage(batch_id, table.name, columns, content[table.folder])

    def stage(
        self, batch_id: str, name: str, columns: list[tuple[str, str]], rows_json: str = "[]"
    ) -> None:
        """Fills a staging table of a batch."""
        table = f"`{staged_table(batch_id, name)}`"
        declared = ", ".join(" ".join(column) for column in columns)
        bigquery.query(
            f"CREATE OR REPLACE TABLE {table} ({declared});\n"
            f"{_given_table(name, dict(columns))}\n"
            f"INSERT INTO {table} SELECT * FROM {_given(name)};",
            {_given(name): rows_json},
        )

    def refresh(
        self,
        run_id: str,
        models: Mapping[str, Model] | None = None,
        business_date: date = BUSINESS_DATE,
        unbuilt: Mapping[str, str] | None = None,
    ) -> int:
        """Runs the gold script and returns how many rows of gold it wrote or removed."""
        hold_lease(run_id)
        left_out = [{"source_system": name, "reason": why} for name, why in (unbuilt or {}).items()]
        values = {
            **named_run(run_id).identity,
            "business_date": business_date,
            "unbuilt": json.dumps(left_out),
        }
        config = QueryJobConfig(
            query_parameters=[bigquery.parameter(name, value) for name, value in values.items()]
        )
        client = bigquery.client()
        script = refresh_script(self.environment, models, unbuilt or ())
        job = client.query(script, job_config=config, timeout=30)
        job.result(timeout=120)
        return sum(
            child.num_dml_affected_rows or 0
            for child in client.list_jobs(parent_job=job.job_id, timeout=30)
            if any(self._is_gold(table) for table in child.referenced_tables or [])
        )

    def knows_hospitals(self, *hospitals: str) -> None:
        """Records a load for each, as a run does before gold is built."""
        record_loads(
            [
                Load(
                    load_id=f"known-{name}",
                    run_id="known",
                    business_date=BUSINESS_DATE,
                    source=name,
                    source_system=name,
                    table_name="charges",
                    entity="transactions",
                    load_type="full",
                    state="PUBLISHED",
                    planned_at=now(),
                )
                for name in hospitals
            ]
        )

    def _is_gold(self, table: TableReference) -> bool:
        return table.dataset_id == self.environment.dataset("gold")

    def rows(self, layer: str, table: str, columns: str, where: str = "TRUE") -> list[Row]:
        """Rows of a table in order of the columns."""
        name = self.environment.table(layer, table)
        return in_order(bigquery.query(f"SELECT {columns} FROM `{name}` WHERE {where}"))
