"""From what a source says to the contract's types; the unreadable is flagged, never guessed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from spark_jobs.spec import Entity, SpecError, parse_batch
from spark_jobs.transforms.conform import conform
from tests.oracle import surrogate
from tests.spark_support import batch_json, column_json, write_bronze
from tests.unit.spark.lake import things_json

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
    ("DATE", pa.string(), "2024-02-29", date(2024, 2, 29)),
    ("DATE", pa.string(), "2024-02-30", BAD),
    ("DATE", pa.string(), "0000-00-00", BAD),
    ("DATE", pa.string(), "01/02/2024", BAD),
    ("DATE", pa.string(), "20240101", BAD),
    ("DATE", pa.string(), "2024-1-1", BAD),
    ("DATE", pa.string(), "2024-01-01 10:00:00", BAD),
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


def _entity(columns: list[dict[str, Any]], load: dict[str, Any]) -> Entity:
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


def _conformed(spark: SparkSession, path: Path, entity: Entity) -> dict[str, Any]:
    [load] = entity.loads
    loads = spark.createDataFrame(
        [(load.load_id, load.observed_at)], "load_id string, observed_at timestamp"
    )
    rows = conform(spark.read.parquet(str(path)), loads, entity, load)
    [found] = rows.toArrow().to_pylist()
    return dict(found)


@pytest.fixture(scope="module")
def readings(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    """Every case as a column of its own in one bronze row."""
    path = write_bronze(
        tmp_path_factory.mktemp("bronze") / "part-0.parquet",
        {
            "ID": ["1"],
            **{f"C {n}": pa.array([raw], kind) for n, (_, kind, raw, _) in enumerate(READINGS)},
        },
    )
    columns = [column_json(f"c{n}", type=kind) for n, (kind, _, _, _) in enumerate(READINGS)]
    mapping = {"thing_id": "ID", **{f"c{n}": f"C {n}" for n in range(len(READINGS))}}
    entity = _entity(columns, {"columns": mapping})
    row = _conformed(spark, path, entity)
    return [BAD if row.get(f"_c{n}_invalid") else row[f"c{n}"] for n in range(len(READINGS))]


@pytest.mark.parametrize("case", range(len(READINGS)), ids=IDS)
def test_a_value_is_read_as(case: int, readings: list[Any]) -> None:
    assert readings[case] == READINGS[case][3]


Conformed = Callable[..., dict[str, Any]]


@pytest.fixture
def conformed(spark: SparkSession, tmp_path: Path) -> Conformed:
    """Conforms one bronze row of `things`."""

    def conform_row(bronze: dict[str, Any], **load: Any) -> dict[str, Any]:
        path = write_bronze(tmp_path / "part-0.parquet", bronze)
        entity = _entity([column_json("value")], load)
        return _conformed(spark, path, entity)

    return conform_row


def test_a_column_that_the_load_lacks_is_null(conformed: Conformed) -> None:
    row = conformed({"ID": ["1"]}, columns={"thing_id": "ID"})
    assert row["value"] is None


def test_event_time_without_watermark_is_the_end_of_the_window(conformed: Conformed) -> None:
    row = conformed({"ID": ["1"]}, columns={"thing_id": "ID"})
    assert row["_event_at"] == row["_observed_at"] == utc(2026, 2, 1, 5)


@pytest.mark.parametrize(
    ("watermark", "instant"),
    [
        (pa.array([datetime(2026, 1, 5, 10)], LOCAL), utc(2026, 1, 5, 15)),  # noqa: DTZ001
        (pa.array([date(2026, 1, 5)], pa.date32()), utc(2026, 1, 5, 5)),
        (pa.array(["2026-01-05"]), utc(2026, 1, 5, 5)),
        (pa.array(["2026-01-05 10:00:00"]), utc(2026, 1, 5, 15)),
        (pa.array([utc(2026, 1, 5, 10)], INSTANT), utc(2026, 1, 5, 10)),
        (pa.array(["yesterday"]), None),
        (pa.array([None], LOCAL), None),
    ],
    ids=["local_time", "day", "day_text", "local_text", "instant", "unreadable", "null"],
)
def test_event_time_is_the_watermark_in_utc(
    conformed: Conformed, watermark: pa.Array, instant: datetime | None
) -> None:
    row = conformed({"ID": ["1"], "W": watermark}, columns={"thing_id": "ID"}, watermark="W")
    assert row["_event_at"] == instant


def test_the_key_is_a_hash_of_source_and_normalised_id(conformed: Conformed) -> None:
    row = conformed({"ID": [" ab\u200b-1 "]}, columns={"thing_id": "ID"})
    assert row["thing_key"] == surrogate(["hospital_a", "AB-1"])


def test_a_missing_id_has_no_key(conformed: Conformed) -> None:
    assert conformed({"ID": [" "]}, columns={"thing_id": "ID"})["thing_key"] is None


def test_a_mapped_column_that_is_not_in_the_load_is_an_error(conformed: Conformed) -> None:
    with pytest.raises(SpecError, match="load l1 of things has no column Value"):
        conformed({"ID": ["1"]}, columns={"thing_id": "ID", "value": "Value"})


MAPPED = {"thing_id": "ID", "value": "Value"}


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("Insurance Payment", "Paid"),
        ("  Insurance\u00a0Payment ", "Paid"),
        ("insurance payment", "insurance payment"),
        ("Open", "Insurance Payment"),
        ("Else", "Else"),
        (None, None),
    ],
    ids=["named", "blanks-around", "other-case-is-not-named", "once-only", "not-named", "null"],
)
def test_a_named_spelling_is_read_as_its_value(
    conformed: Conformed, said: str | None, value: str | None
) -> None:
    spellings = {"Insurance Payment": "Paid", "Open": "Insurance Payment"}
    bronze = {"ID": ["1"], "Value": pa.array([said], pa.string())}

    row = conformed(bronze, columns=MAPPED, values={"value": spellings})

    assert row["value"] == value


@pytest.mark.parametrize("column_type", [pa.int64(), pa.decimal128(3, 0)])
def test_a_number_of_the_source_can_be_named(conformed: Conformed, column_type: Any) -> None:
    bronze = {"ID": ["1"], "Value": pa.array([2], column_type)}

    assert conformed(bronze, columns=MAPPED, values={"value": {"2": "Male"}})["value"] == "Male"


@pytest.mark.parametrize(
    ("said", "separator", "part", "value"),
    [
        ("Rivera, Ana", ", ", 1, "Rivera"),
        ("Rivera, Ana Maria", ", ", 2, "Ana Maria"),
        ("Ana Maria Rivera", " ", -1, "Rivera"),
        ("A.B.C", ".", 2, "B"),
        ("Rivera", ", ", 2, None),
        ("Rivera", ", ", -2, None),
        (None, ", ", 1, None),
    ],
)
def test_a_part_of_a_text_is_read(
    conformed: Conformed, said: str | None, separator: str, part: int, value: str | None
) -> None:
    bronze = {"ID": ["1"], "Value": pa.array([said], pa.string())}

    split = {"value": {"separator": separator, "part": part}}

    assert conformed(bronze, columns=MAPPED, splits=split)["value"] == value


def test_a_part_is_named_after_it_is_taken(conformed: Conformed) -> None:
    row = conformed(
        {"ID": ["1"], "Value": ["x-7"]},
        columns=MAPPED,
        splits={"value": {"separator": "-", "part": 2}},
        values={"value": {"7": "Seven"}},
    )
    assert row["value"] == "Seven"


def test_a_constant_is_the_same_in_every_row(conformed: Conformed) -> None:
    row = conformed({"ID": ["1"]}, columns={"thing_id": "ID"}, constants={"value": "Private"})
    assert row["value"] == "Private"


def test_constants_are_read_by_their_type(spark: SparkSession, tmp_path: Path) -> None:
    path = write_bronze(tmp_path / "part-0.parquet", {"ID": ["1"]})
    constants = {"day": "2026-01-31", "cents": "12.50", "flag": "true", "at": "2026-01-31 12:00:00"}
    types = {"day": "DATE", "cents": "NUMERIC", "flag": "BOOL", "at": "TIMESTAMP"}
    columns = [column_json(name, type=kind) for name, kind in types.items()]
    entity = _entity(columns, {"columns": {"thing_id": "ID"}, "constants": constants})

    row = _conformed(spark, path, entity)

    assert [row[name] for name in types] == [
        date(2026, 1, 31), Decimal("12.50"), True, utc(2026, 1, 31, 17),
    ]  # fmt: skip
    assert not any(row[f"_{name}_invalid"] for name in types)


def test_loads_of_other_maps_are_read_apart() -> None:
    loads = [
        {"columns": MAPPED},
        {"columns": MAPPED, "values": {"value": {"a": "b"}}},
        {"columns": MAPPED, "splits": {"value": {"separator": " ", "part": 1}}},
        {"columns": {"thing_id": "ID"}, "constants": {"value": "x"}},
    ]
    shapes = {_entity([column_json("value")], load).loads[0].shape for load in loads}
    assert len(shapes) == 4
