"""What a source's values are read as: one table of cases for landing and both Spark engines."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyspark.sql import SparkSession

from spark_jobs.transforms.conform import conform
from tests.spark_support import batch_json, column_json, write_bronze
from tests.unit.spark.lake import things_json
from utils.batch.spec import Entity
from utils.batch.spec_reader import parse_batch

LOCAL = pa.timestamp("us")
INSTANT = pa.timestamp("us", tz="UTC")
BAD = "BAD"


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type]


# (contract type, source type, source value, value or BAD)
READINGS: list[tuple[str, pa.DataType, Any, Any]] = [
    ("NUMERIC", pa.string(), "12.5", Decimal("12.50")),
    ("NUMERIC", pa.string(), " 12 ", Decimal("12.00")),
    ("NUMERIC", pa.string(), "-0.005", Decimal("-0.01")),
    ("NUMERIC", pa.string(), "1.005", Decimal("1.01")),
    ("NUMERIC", pa.string(), "988.3699951171875", Decimal("988.37")),
    ("NUMERIC", pa.string(), "9999999999999999.99", Decimal("9999999999999999.99")),
    ("NUMERIC", pa.string(), "99999999999999999", BAD),
    ("NUMERIC", pa.string(), ".50", Decimal("0.50")),
    ("NUMERIC", pa.string(), "-.755", Decimal("-0.76")),
    ("NUMERIC", pa.string(), "12.", Decimal("12.00")),
    ("NUMERIC", pa.string(), ".", BAD),
    ("NUMERIC", pa.string(), "\u00a012\u20073\u00a0", BAD),
    ("NUMERIC", pa.string(), "\u00a0123.45\x0b", Decimal("123.45")),
    ("NUMERIC", pa.string(), "12\u200b3.45", Decimal("123.45")),
    ("NUMERIC", pa.string(), "0.123456789012345678", Decimal("0.12")),
    ("NUMERIC", pa.string(), "0.1234567890123456789", BAD),
    ("NUMERIC", pa.float32(), 300000.1, Decimal("300000.09")),
    ("NUMERIC", pa.float32(), 988.37, Decimal("988.37")),
    ("NUMERIC", pa.string(), "$1,234.50", BAD),
    ("NUMERIC", pa.string(), "(12.00)", BAD),
    ("NUMERIC", pa.string(), "1.234,50", BAD),
    ("NUMERIC", pa.string(), "5-", BAD),
    ("NUMERIC", pa.string(), "1e3", BAD),
    ("NUMERIC", pa.string(), "NaN", BAD),
    ("NUMERIC", pa.string(), "Infinity", BAD),
    ("NUMERIC", pa.string(), "12 50", BAD),
    ("NUMERIC", pa.string(), "", None),
    ("NUMERIC", pa.string(), "\u00a0", None),
    ("NUMERIC", pa.string(), None, None),
    ("NUMERIC", pa.decimal128(20, 4), Decimal("1.0050"), Decimal("1.01")),
    ("NUMERIC", pa.decimal128(20, 4), Decimal("-1.0050"), Decimal("-1.01")),
    ("NUMERIC", pa.decimal128(38, 2), Decimal("12345678901234567.89"), BAD),
    ("NUMERIC", pa.int32(), 7, Decimal("7.00")),
    ("NUMERIC", pa.float64(), 988.3699951171875, Decimal("988.37")),
    ("NUMERIC", pa.float64(), 1.005, Decimal("1.01")),
    ("NUMERIC", pa.float64(), 12345678.9, Decimal("12345678.90")),
    ("NUMERIC", pa.float64(), 123456789012.34, Decimal("123456789012.34")),
    ("NUMERIC", pa.float64(), 1234567890.005, Decimal("1234567890.01")),
    ("NUMERIC", pa.float64(), 1e17, BAD),
    ("NUMERIC", pa.float64(), float("nan"), BAD),
    ("NUMERIC", pa.float64(), 0.00001, Decimal("0.00")),
    ("NUMERIC", pa.string(), "9999999999999999.995", BAD),
    ("DATE", pa.string(), "2024-02-29", date(2024, 2, 29)),
    ("DATE", pa.string(), "2024-02-30", BAD),
    ("DATE", pa.string(), "0000-00-00", BAD),
    ("DATE", pa.string(), "01/02/2024", BAD),
    ("DATE", pa.string(), "20240101", BAD),
    ("DATE", pa.string(), "2024-1-1", BAD),
    ("DATE", pa.string(), "2024-01-01 10:00:00", BAD),
    ("DATE", pa.string(), "2024-01-01 00:00:00", date(2024, 1, 1)),
    ("DATE", pa.string(), "2024-01-01T00:00:00Z", date(2024, 1, 1)),
    ("DATE", pa.string(), "2024-01-01 00:00", date(2024, 1, 1)),
    ("DATE", pa.string(), "2024-01-01T00:00:00.000", date(2024, 1, 1)),
    ("DATE", pa.string(), "2024-01-01T00:00:00+02:00", BAD),
    ("DATE", pa.string(), "2024-02-30 00:00:00", BAD),
    ("DATE", pa.string(), "45292", BAD),
    ("DATE", pa.string(), " ", None),
    ("DATE", pa.date32(), date(2024, 2, 29), date(2024, 2, 29)),
    ("DATE", LOCAL, datetime(2024, 2, 29, 23, 59), date(2024, 2, 29)),  # noqa: DTZ001
    ("TIMESTAMP", pa.string(), "2024-06-01 10:00:00", utc(2024, 6, 1, 14)),
    ("TIMESTAMP", pa.string(), "2024-06-01T10:00:00.25", utc(2024, 6, 1, 14, 0, 0, 250_000)),
    ("TIMESTAMP", pa.string(), "2024-06-01", utc(2024, 6, 1, 4)),
    ("TIMESTAMP", pa.string(), "2024-12-01", utc(2024, 12, 1, 5)),
    ("TIMESTAMP", pa.string(), "2024-06-01T10:00:00Z", utc(2024, 6, 1, 10)),
    ("TIMESTAMP", pa.string(), "2024-06-01 10:00:00+05:30", utc(2024, 6, 1, 4, 30)),
    ("TIMESTAMP", pa.string(), "2024-06-01 10:00:00 UTC", utc(2024, 6, 1, 10)),
    ("TIMESTAMP", pa.string(), "2024-06-01 10:00:00.1234567", utc(2024, 6, 1, 14, 0, 0, 123_456)),
    (
        "TIMESTAMP",
        pa.string(),
        "2024-06-01 10:00:00.123456789Z",
        utc(2024, 6, 1, 10, 0, 0, 123_456),
    ),
    ("TIMESTAMP", pa.string(), "2024-06-01T10:00:00.000+0000", utc(2024, 6, 1, 10)),
    ("TIMESTAMP", pa.string(), "2024-06-01T10:00:00-0430", utc(2024, 6, 1, 14, 30)),
    ("TIMESTAMP", pa.string(), "2024-06-01 10:00", utc(2024, 6, 1, 14)),
    ("TIMESTAMP", pa.string(), "2024-06-01 10:00:00+00", utc(2024, 6, 1, 10)),
    ("TIMESTAMP", pa.string(), "2024-06-01 10:00:00-05", utc(2024, 6, 1, 15)),
    ("TIMESTAMP", pa.string(), "2024-06-01T10:00Z", utc(2024, 6, 1, 10)),
    ("TIMESTAMP", pa.string(), "2024-06-01 10:00:00 +02:00", utc(2024, 6, 1, 8)),
    ("TIMESTAMP", pa.string(), "2024-06-01 10:00:00 GMT", utc(2024, 6, 1, 10)),
    ("TIMESTAMP", pa.string(), "2024-06-01 10", BAD),
    ("TIMESTAMP", pa.string(), "2024-06-01 10:00:00 EST", BAD),
    ("TIMESTAMP", pa.string(), "2024-06-01 10:00:00.", BAD),
    ("TIMESTAMP", pa.string(), "2024-06-01 25:00:00", BAD),
    ("TIMESTAMP", pa.string(), "June 1st", BAD),
    ("TIMESTAMP", pa.date32(), date(2024, 6, 1), utc(2024, 6, 1, 4)),
    ("TIMESTAMP", LOCAL, datetime(2024, 12, 1, 10), utc(2024, 12, 1, 15)),  # noqa: DTZ001
    ("TIMESTAMP", LOCAL, datetime(2024, 3, 10, 2, 30), utc(2024, 3, 10, 7, 30)),  # noqa: DTZ001
    ("TIMESTAMP", LOCAL, datetime(2024, 11, 3, 1, 30), utc(2024, 11, 3, 5, 30)),  # noqa: DTZ001
    ("TIMESTAMP", INSTANT, utc(2024, 6, 1, 10), utc(2024, 6, 1, 10)),
    ("INT64", pa.string(), "42", 42),
    ("INT64", pa.string(), "9223372036854775807", 9223372036854775807),
    ("INT64", pa.string(), "9223372036854775808", BAD),
    ("INT64", pa.string(), "4.2", BAD),
    ("INT64", pa.int16(), 42, 42),
    ("BOOL", pa.string(), "TRUE", True),
    ("BOOL", pa.string(), "0", False),
    ("BOOL", pa.string(), "perhaps", BAD),
    ("BOOL", pa.bool_(), True, True),
    ("RATE", pa.string(), "0.3333335", Decimal("0.333334")),
    ("STRING", pa.int64(), 12, "12"),
    ("STRING", pa.date32(), date(2024, 2, 29), "2024-02-29"),
]
IDS = [f"{kind}-{source}-{raw!a}" for kind, source, raw, _ in READINGS]


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
            **{f"C {n}": pa.array([raw], kind) for n, (_, kind, raw, _) in enumerate(READINGS)},
        },
    )
    columns = [column_json(f"c{n}", type=kind) for n, (kind, _, _, _) in enumerate(READINGS)]
    mapping = {"thing_id": "ID", **{f"c{n}": f"C {n}" for n in range(len(READINGS))}}
    entity = things_entity(columns, {"columns": mapping})
    row = conformed_row(spark, path, entity)
    return [BAD if row.get(f"_c{n}_invalid") else row[f"c{n}"] for n in range(len(READINGS))]
