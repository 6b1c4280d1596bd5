"""How the engine under test reads the cases of `tests.readings`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
from pyspark.sql import SparkSession

from spark_jobs.transforms.conform import conform
from tests.mysql_readings import MYSQL
from tests.readings import BAD, READINGS
from tests.spark_support import batch_json, column_json, write_bronze
from tests.unit.spark.lake import things_json
from utils.batch.spec import Entity
from utils.batch.spec_reader import parse_batch

CASES = [*READINGS, *((kind, pa.string(), landed, value) for _, _, landed, kind, value in MYSQL)]
# What is no type of a contract but a spelling rule.
RULES: dict[str, dict[str, Any]] = {
    "ID": {"type": "STRING", "normalize": "id"},
}
IDS = [f"{kind}-{source}-{raw!a}" for kind, source, raw, _ in CASES]


def things_entity(columns: list[dict[str, Any]], load: dict[str, Any]) -> Entity:
    loads = [
        {
            "load_id": "l1",
            "source_system": "hospital_a",
            "time_zone": "America/New_York",
            "path": "-",
            "watermark": None,
            "observed_at": "2026-02-01T05:00:00Z",
            **load,
        }
    ]
    entity = things_json(columns=[*things_json()["columns"][:1], *columns], loads=loads)
    return parse_batch(batch_json(entity)).entities[0]


def conformed_row(spark: SparkSession, path: Path, entity: Entity) -> dict[str, Any]:
    [load] = entity.loads
    loads = spark.createDataFrame(
        [(load.load_id, load.observed_at)], "load_id string, observed_at timestamp"
    )
    rows = conform(spark.read.parquet(str(path)), loads, entity, load)
    [found] = rows.toArrow().to_pylist()
    return dict(found)


def read_all(spark: SparkSession, folder: Path) -> list[Any]:
    """What every case is read as: each is a column of its own in one bronze row."""
    path = write_bronze(
        folder / "part-0.parquet",
        {
            "ID": ["1"],
            **{f"C {n}": pa.array([raw], kind) for n, (_, kind, raw, _) in enumerate(CASES)},
        },
    )
    columns = [
        column_json(f"c{n}", **RULES.get(kind, {"type": kind}))
        for n, (kind, *_) in enumerate(CASES)
    ]
    mapping = {"thing_id": "ID", **{f"c{n}": f"C {n}" for n in range(len(CASES))}}
    entity = things_entity(columns, {"columns": mapping})
    row = conformed_row(spark, path, entity)
    return [_reading(row, f"c{n}") for n in range(len(CASES))]


def _reading(row: dict[str, Any], name: str) -> Any:
    if row.get(f"_{name}_invalid"):
        return BAD
    return row[name]
