"""Every dataset of a batch has the columns of its contract, also when there is nothing in it."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet
from pyspark.sql import SparkSession

from spark_jobs.build_silver import build_silver
from tests.spark_support import batch_json, entity_json
from utils.batch.reports import REPORTS
from utils.batch.spec_reader import parse_batch
from utils.contracts.entities import SilverTable, entities

ENTITIES = tuple(entities())
LOG_TAIL = ["_event_at", "_observed_at", "_row_hash", "_load_id", "_row_id", "_is_deleted"]
ARROW = {
    "STRING": (pa.string(), pa.large_string(), pa.string_view()),
    "INT64": (pa.int64(),),
    "BOOL": (pa.bool_(),),
    "DATE": (pa.date32(),),
    "TIMESTAMP": (pa.timestamp("us", tz="UTC"),),
    "NUMERIC": (pa.decimal128(18, 2), pa.decimal128(18, 6), pa.decimal128(28, 2)),
}


@pytest.fixture(scope="module")
def empty(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The output of a batch of all configured entities that brings nothing."""
    folder = tmp_path_factory.mktemp("empty")
    build_silver(spark, parse_batch(batch_json(*map(entity_json, ENTITIES))), str(folder))
    return folder


@pytest.mark.parametrize(
    ("name", "declared"),
    [
        pytest.param(name, table, id=table.name)
        for name in ENTITIES
        for table in entities()[name].silver_tables()
    ],
)
def test_tables_without_rows_have_the_columns_of_the_contract(
    empty: Path, name: str, declared: SilverTable
) -> None:
    table = parquet.read_table(empty / name / declared.folder)

    assert table.num_rows == 0
    assert table.column_names == [column.name for column in declared.columns]
    for column in declared.columns:
        assert table.schema.field(column.name).type in ARROW[column.type], column.name


@pytest.mark.parametrize("name", ENTITIES)
def test_observations_without_rows_have_the_columns_of_the_log(empty: Path, name: str) -> None:
    entity = entities()[name]
    names = parquet.read_table(empty / name / "observations").column_names
    assert names == ["source_system", entity.key_column, *entity.columns, *LOG_TAIL]


@pytest.mark.parametrize(
    ("report", "columns"),
    REPORTS.items(),
)
def test_reports_have_the_columns_that_publication_loads(
    empty: Path, report: str, columns: list[tuple[str, str]]
) -> None:
    schema = parquet.read_table(empty / report).schema
    assert schema.names == [name for name, _ in columns]
    assert all(schema.field(name).type in ARROW[kind] for name, kind in columns)
