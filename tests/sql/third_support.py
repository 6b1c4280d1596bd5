"""A simulated world in silver and its gold, without the pipeline between the sources and silver.

The records are those that the simulator says must be published, so that a difference in gold is
one of definition or of SQL.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa

from simulator.clock import ZONES
from simulator.model import ENTITIES, key_of
from simulator.truth.keys import surrogate, version_key
from simulator.world import HISTORIES, World, generate
from utils.contracts.entities import entities

if TYPE_CHECKING:
    from datetime import date

    from tests.given_tables import Row
    from tests.warehouse_support import Warehouse

PATIENTS, DAYS = 300, 2
QUERIES = Path(__file__).parent / "third"
LOADED_AT = time(5, tzinfo=UTC)


@dataclass(frozen=True)
class Published:
    """Gold of a world beside what it was made from.

    Attributes:
        warehouse: holds its silver and gold.
        key: the tables of the answer key of the last business date, by name.
        business_date: the last one.
    """

    warehouse: Warehouse
    key: dict[str, pa.Table]
    business_date: date

    def third(self, name: str) -> list[Row]:
        """The rows of a computation of its own, from the records alone."""
        connection = duckdb.connect()
        for table, content in self.key.items():
            layer, _, entity = table.partition(".")
            if layer == "silver":
                connection.register(entity, _by_the_hospitals_clock(content))
        connection.execute(f"SET VARIABLE business_date = DATE '{self.business_date}'")
        for views in sorted((QUERIES / "views").glob("*.sql")):
            connection.execute(views.read_text(encoding="utf-8"))
        result = connection.execute((QUERIES / f"{name}.sql").read_text(encoding="utf-8"))
        columns = [column[0] for column in result.description]
        return [dict(zip(columns, row, strict=True)) for row in result.fetchall()]


def publish(warehouse: Warehouse, seed: int, folder: Path) -> Published:
    """Makes a world, fills silver with its records and builds gold."""
    world = generate(seed, PATIENTS, DAYS, folder=folder)
    key = world.answer_key.tables(DAYS)
    for entity in ENTITIES:
        warehouse.fill(entity, _versions(entity, key[f"silver.{entity}"]))
    for entity in ("claims", "transactions"):
        warehouse.fill(f"{entity}_revisions", _revisions(entity, world))
    today = world.business_dates[-1]
    warehouse.refresh(f"third {seed}", business_date=today)
    return Published(warehouse, key, today)


def _by_the_hospitals_clock(table: pa.Table) -> pa.Table:
    """The table with its instants as its hospital's clock shows them, whose days DuckDB takes."""
    for position, one in enumerate(table.schema):
        if pa.types.is_timestamp(one.type):
            instants = zip(table[one.name].to_pylist(), table["source_system"].to_pylist(),
                           strict=True)  # fmt: skip
            shown = [
                at and at.astimezone(ZONES.get(hospital, UTC)).replace(tzinfo=None)
                for at, hospital in instants
            ]
            table = table.set_column(position, one.name, pa.array(shown, pa.timestamp("us")))
    return table


def _versions(entity: str, table: pa.Table) -> list[Row]:
    rows = [_keyed(entity, row) for row in table.to_pylist()]
    if "is_current" in table.column_names:
        return rows
    latest: dict[Any, Row] = {}
    for row in sorted(rows, key=lambda row: row["version"]):
        latest[row[entities()[entity].key_column]] = {**row, "version": 1}
    return list(latest.values())


def _revisions(entity: str, world: World) -> list[Row]:
    """What the loads of each business date said for the first time, known from the next morning."""
    rows = []
    for file in sorted((world.folder / HISTORIES).glob(f"*/{entity}.arrow")):
        for row in pa.ipc.open_file(str(file)).read_all().to_pylist():
            read = world.business_dates[row["_day"]] + timedelta(days=1)
            told = {"known_from": datetime.combine(read, LOADED_AT), "known_to": "9999-12-31"}
            rows.append({**_keyed(entity, row), **told, "event_at": row["effective_date"],
                         "is_deleted": False})  # fmt: skip
    return rows


def _keyed(entity: str, row: Row) -> Row:
    # A payer is one, however its name is written.
    natural = [
        row[name].upper() if name == "payer_id" else str(row[name]) for name in key_of(entity)
    ]
    key = surrogate(row["source_system"], *natural)
    contract = entities()[entity]
    is_dated = "effective_date" in row and len(natural) == 1
    parent = contract.belongs_to
    held_by = [str(row[name]) for name in parent.by] if parent else []
    return {
        contract.key_column: key,
        **({parent.key_column: surrogate(row["source_system"], *held_by)} if parent else {}),
        contract.version_key_column: version_key(
            row["source_system"], natural[0], row["effective_date"]
        )
        if is_dated
        else f"{key}/v{row['version']}",
        **{name: value for name, value in row.items() if not name.startswith("_")},
    }
