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
BAD = "BAD"  # no such value


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
    ("NUMERIC", pa.string(), "1,234.56", BAD),
    ("NUMERIC", pa.string(), "1.234,56", BAD),
    ("NUMERIC", pa.string(), "12-", BAD),
    ("NUMERIC", pa.string(), "-", BAD),
    ("NUMERIC", pa.string(), "1.2E+3", BAD),
    ("NUMERIC", pa.string(), "$", BAD),
    ("NUMERIC", pa.string(), "$12.00", BAD),
    ("NUMERIC", pa.string(), "12.00 USD", BAD),
    ("NUMERIC", pa.string(), "12.00\u20ac", BAD),
    ("NUMERIC", pa.string(), "\u221212.00", BAD),
    ("NUMERIC", pa.string(), "\uff11\uff12", BAD),
    ("NUMERIC", pa.string(), "#N/A", BAD),
    ("NUMERIC", pa.string(), "#VALUE!", BAD),
    ("NUMERIC", pa.string(), "nan", BAD),
    ("NUMERIC", pa.string(), "n/a", BAD),
    ("NUMERIC", pa.string(), "+3.10", Decimal("3.10")),
    ("NUMERIC", pa.string(), "NULL", None),
    ("NUMERIC", pa.string(), "\\N", None),
    ("NUMERIC", pa.string(), " None ", None),
    ("NUMERIC", pa.string(), "<NA>", None),
    ("DATE", pa.string(), "NaT", None),
    ("DATE", pa.string(), "(null)", None),
    ("DATE", pa.string(), "Mar 4 2024", BAD),
    ("DATE", pa.string(), "3/4/2024", BAD),
    ("DATE", pa.string(), "04.03.2024", BAD),
    ("DATE", pa.string(), "45292.0", BAD),
    ("DATE", pa.string(), "1709510400000", BAD),
    ("DATE", pa.string(), "2024-03-04T00:00:00.0000000", date(2024, 3, 4)),
    ("DATE", pa.string(), "1899-12-30", date(1899, 12, 30)),
    ("TIMESTAMP", pa.string(), "2024-03-04T00:00:00.0000000", utc(2024, 3, 4, 5)),
    ("TIMESTAMP", pa.string(), "1709510400000", BAD),
    ("TIMESTAMP", pa.string(), "1709510400", BAD),
    ("TIMESTAMP", pa.string(), "45355.5", BAD),
    ("TIMESTAMP", pa.string(), "3/4/2024 10:00 AM", BAD),
    ("TIMESTAMP", pa.string(), "NULL", None),
    ("INT64", pa.string(), "1,000", BAD),
    ("INT64", pa.string(), "42.0", 42),
    ("INT64", pa.string(), "None", None),
    ("BOOL", pa.string(), "null", None),
    ("BOOL", pa.string(), "Y", BAD),
    ("STRING", pa.string(), "Null", "Null"),
    ("STRING", pa.string(), "None", "None"),
    ("STRING", pa.string(), "\\N", None),
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
    ("DATE", pa.string(), "0000-00-00", None),
    ("DATE", pa.string(), "0000-00-00 00:00:00", None),
    ("DATE", pa.string(), "01/02/2024", BAD),
    ("DATE", pa.string(), "20240101", BAD),
    ("DATE", pa.string(), "2024-1-1", BAD),
    ("DATE", pa.string(), "2024-01-01 10:00:00", date(2024, 1, 1)),
    ("DATE", pa.string(), "2024-01-01T23:59:59.9", date(2024, 1, 1)),
    ("DATE", pa.string(), "2024-01-01 25:00:00", BAD),
    ("DATE", pa.string(), "2024-01-01T10:00:00Z", BAD),
    ("DATE", pa.string(), "2024-01-01 00:00:00", date(2024, 1, 1)),
    ("DATE", pa.string(), "2024-01-01T00:00:00Z", date(2024, 1, 1)),
    ("DATE", pa.string(), "2024-01-01 00:00", date(2024, 1, 1)),
    ("DATE", pa.string(), "2024-01-01T00:00:00.000", date(2024, 1, 1)),
    ("DATE", pa.string(), "2024-01-01T00:00:00+02:00", BAD),
    ("DATE", pa.string(), "2024-02-30 00:00:00", BAD),
    ("DATE", pa.string(), "45292", BAD),
    ("DATE", pa.string(), " ", None),
    ("DATE", pa.string(), "1900-01-01", date(1900, 1, 1)),
    ("DATE", pa.string(), "2199-12-31", date(2199, 12, 31)),
    ("TIMESTAMP", pa.string(), "1970-01-01", utc(1970, 1, 1, 5)),
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
    ("ID", pa.string(), " AB 12\u00a0", "AB 12"),
    ("ID", pa.string(), "ab\u200b1\u200b", "ab\u200b1"),
    ("ID", pa.string(), "00Qab1", "00Qab1"),
    ("ID", pa.string(), "\u00e9t\u00e9", "\u00e9t\u00e9"),
    ("ID", pa.string(), "000123", "000123"),
    ("ID", pa.string(), " \u200b ", None),
    ("ID", pa.int64(), 1001, "1001"),
    ("ID", pa.uint64(), 2**64 - 1, "18446744073709551615"),
    ("ID", pa.float64(), 1001.0, "1001"),
    ("ID", pa.float64(), 2.0**53, "9007199254740992"),
    ("ID", pa.float64(), 2.0**53 + 2, BAD),
    ("ID", pa.float64(), 1001.5, BAD),
    ("ID", pa.float64(), float("nan"), BAD),
    ("ID", pa.float64(), None, None),
    ("ID", pa.float32(), 16777216.0, "16777216"),
    ("ID", pa.float32(), 16777218.0, BAD),
    ("ID", pa.decimal128(20, 2), Decimal("1001.00"), "1001"),
    ("ID", pa.decimal128(20, 2), Decimal("1001.50"), BAD),
    (
        "ID",
        pa.decimal128(38, 0),
        Decimal("12345678901234567890123456789012345678"),
        "12345678901234567890123456789012345678",
    ),
    ("STRING", pa.int64(), 12, "12"),
    ("STRING", pa.date32(), date(2024, 2, 29), "2024-02-29"),
]
# (MySQL type, SQL of a value, its text in bronze, contract type, value or BAD). The server stores
# what the SQL says, landing spells it, and both engines read that text.
MYSQL: list[tuple[str, str, str | None, str, Any]] = [
    ("TINYINT(1)", "7", "7", "STRING", "7"),
    ("TINYINT(1)", "1", "1", "BOOL", True),
    ("BOOLEAN", "FALSE", "0", "BOOL", False),
    ("SMALLINT UNSIGNED", "65535", "65535", "INT64", 65535),
    ("MEDIUMINT", "-8388608", "-8388608", "NUMERIC", Decimal("-8388608.00")),
    ("INT UNSIGNED", "4294967295", "4294967295", "INT64", 4294967295),
    ("BIGINT", "-9223372036854775808", "-9223372036854775808", "INT64", -(2**63)),
    ("BIGINT UNSIGNED", "18446744073709551615", "18446744073709551615", "STRING", str(2**64 - 1)),
    ("BIGINT UNSIGNED", "18446744073709551615", "18446744073709551615", "INT64", BAD),
    ("INT(6) UNSIGNED ZEROFILL", "42", "000042", "STRING", "000042"),
    ("INT(6) UNSIGNED ZEROFILL", "1234567", "1234567", "STRING", "1234567"),
    ("BIGINT(20) ZEROFILL", "7", "00000000000000000007", "STRING", "0" * 19 + "7"),
    ("DECIMAL(8,2) ZEROFILL", "1.5", "000001.50", "NUMERIC", Decimal("1.50")),
    ("INT(9) ZEROFILL", "78051120", "078051120", "STRING", "078051120"),
    ("DECIMAL(18,2)", "-0.10", "-0.10", "NUMERIC", Decimal("-0.10")),
    ("DECIMAL(18,4)", "12.5", "12.5000", "NUMERIC", Decimal("12.50")),
    ("DECIMAL(10,0)", "42", "42", "INT64", 42),
    ("DECIMAL(10,2)", "42", "42.00", "INT64", 42),
    ("DECIMAL(10,2)", "42.5", "42.50", "INT64", BAD),
    ("DECIMAL(65,18)", "0.000000000000000001", "0.000000000000000001", "NUMERIC", Decimal("0.00")),
    ("DECIMAL(65,30)", "1", "1." + "0" * 30, "NUMERIC", BAD),
    ("DECIMAL(40,2)", "12345678901234567890.12", "12345678901234567890.12", "NUMERIC", BAD),
    ("FLOAT", "300000.1", "300000.09375", "NUMERIC", Decimal("300000.09")),
    ("FLOAT", "988.37", "988.3699951171875", "NUMERIC", Decimal("988.37")),
    ("FLOAT(10,2)", "0.1", "0.10000000149011612", "NUMERIC", Decimal("0.10")),
    ("FLOAT", "16777216", "16777216", "STRING", "16777216"),
    ("DOUBLE", "1.005", "1.005", "NUMERIC", Decimal("1.01")),
    ("DOUBLE", "123456789012.34", "123456789012.34", "NUMERIC", Decimal("123456789012.34")),
    ("DOUBLE", "0.1 + 0.2E0 - 0.3E0", "0.000000000000000056", "NUMERIC", Decimal("0.00")),
    ("DOUBLE", "-0E0", "0", "NUMERIC", Decimal("0.00")),
    ("DOUBLE", "1E300", "1" + "0" * 300, "NUMERIC", BAD),
    ("DOUBLE", "1234567890123", "1234567890123", "STRING", "1234567890123"),
    ("BIT(1)", "b'1'", "1", "BOOL", True),
    ("BIT(8)", "b'101'", "5", "INT64", 5),
    ("BIT(64)", "18446744073709551615", "18446744073709551615", "STRING", str(2**64 - 1)),
    ("YEAR", "2024", "2024", "INT64", 2024),
    ("YEAR", "0", "0000", "STRING", "0000"),
    ("DATE", "'2024-02-29'", "2024-02-29", "DATE", date(2024, 2, 29)),
    ("DATE", "'2024-02-29'", "2024-02-29", "TIMESTAMP", utc(2024, 2, 29, 5)),
    ("DATE", "'0000-00-00'", "0000-00-00", "DATE", None),
    ("DATE", "'2024-02-30'", "2024-02-30", "DATE", BAD),
    ("DATE", "'2024-05-00'", "2024-05-00", "DATE", BAD),
    ("DATETIME", "'2024-02-29 23:59:00'", "2024-02-29 23:59:00", "DATE", date(2024, 2, 29)),
    ("DATETIME", "'2024-06-01 10:00:00'", "2024-06-01 10:00:00", "TIMESTAMP", utc(2024, 6, 1, 14)),
    ("DATETIME", "'0000-00-00'", "0000-00-00 00:00:00", "TIMESTAMP", None),
    (
        "DATETIME(6)",
        "'2024-06-01 10:00:00.25'",
        "2024-06-01 10:00:00.250000",
        "TIMESTAMP",
        utc(2024, 6, 1, 14, 0, 0, 250_000),
    ),
    ("DATETIME(3)", "'0000-00-00'", "0000-00-00 00:00:00.000", "DATE", None),
    (
        "TIMESTAMP NULL",
        "'2024-06-01 10:00:00'",
        "2024-06-01 10:00:00+00:00",
        "TIMESTAMP",
        utc(2024, 6, 1, 10),
    ),
    (
        "TIMESTAMP NULL",
        "'2024-06-01 02:00:00'",
        "2024-06-01 02:00:00+00:00",
        "DATE",
        date(2024, 5, 31),
    ),
    ("TIMESTAMP NULL", "0", "0000-00-00 00:00:00+00:00", "TIMESTAMP", None),
    ("TIME", "'-838:59:59'", "-838:59:59", "STRING", "-838:59:59"),
    ("TIME(3)", "'10:00:00.5'", "10:00:00.500", "STRING", "10:00:00.500"),
    ("ENUM('Paid','Denied')", "'Denied'", "Denied", "STRING", "Denied"),
    ("ENUM('Paid','Denied')", "NULL", None, "STRING", None),
    ("SET('a','b','c')", "'c,a'", "a,c", "STRING", "a,c"),
    ("JSON", "'{\"a\": [1]}'", '{"a": [1]}', "STRING", '{"a": [1]}'),
    ("VARCHAR(20) CHARACTER SET latin1", "'é'", "é", "STRING", "é"),
    ("VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin", "'aB'", "aB", "STRING", "aB"),
    ("VARCHAR(20) CHARACTER SET ascii", "'plain'", "plain", "STRING", "plain"),
    ("CHAR(8) CHARACTER SET utf16", "'😀'", "😀", "STRING", "😀"),
    ("LONGTEXT", "'x'", "x", "STRING", "x"),
    (
        "BINARY(16)",
        "X'00FF0102030405060708090A0B0C0D0E'",
        "00ff0102030405060708090a0b0c0d0e",
        "STRING",
        "00ff0102030405060708090a0b0c0d0e",
    ),
    ("BINARY(4)", "X'01'", "01000000", "STRING", "01000000"),
    ("VARBINARY(20)", "'P1'", "5031", "STRING", "5031"),
    ("BLOB", "X'FF'", "ff", "STRING", "ff"),
]
READINGS += [(kind, pa.string(), landed, value) for _, _, landed, kind, value in MYSQL]
# What is no type of a contract but a spelling rule.
RULES: dict[str, dict[str, Any]] = {
    "ID": {"type": "STRING", "normalize": "id"},
}
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
    columns = [
        column_json(f"c{n}", **RULES.get(kind, {"type": kind}))
        for n, (kind, *_) in enumerate(READINGS)
    ]
    mapping = {"thing_id": "ID", **{f"c{n}": f"C {n}" for n in range(len(READINGS))}}
    entity = things_entity(columns, {"columns": mapping})
    row = conformed_row(spark, path, entity)
    return [_reading(row, f"c{n}") for n in range(len(READINGS))]


def _reading(row: dict[str, Any], name: str) -> Any:
    if row.get(f"_{name}_invalid"):
        return BAD
    return row[name]
