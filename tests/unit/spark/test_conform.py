"""From what a source says to the contract's types; the unreadable is flagged, never guessed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from tests.conform_support import CASES, IDS, conformed_row, read_all, things_entity
from tests.oracle import surrogate
from tests.readings import INSTANT, LOCAL, utc
from tests.spark_support import column_json, write_bronze
from utils.batch.spec import SpecError
from utils.landing.bronze import total_amount


@pytest.fixture(scope="module")
def readings(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    return read_all(spark, tmp_path_factory.mktemp("bronze"))


@pytest.mark.parametrize("case", range(len(CASES)), ids=IDS)
def test_a_value_is_read_as(case: int, readings: list[Any]) -> None:
    assert readings[case] == CASES[case][3]


# Landing adds up texts: whatever a source has, it lands as one.
MONEY = [
    number
    for number, (kind, source, *_) in enumerate(CASES)
    if kind == "NUMERIC" and source == pa.string()
]


@pytest.mark.parametrize("case", MONEY, ids=[IDS[number] for number in MONEY])
def test_landing_counts_the_dollars_that_spark_reads(case: int, readings: list[Any]) -> None:
    _, source, raw, _ = CASES[case]
    read = readings[case]

    assert total_amount(pa.array([raw], source)) == (read if isinstance(read, Decimal) else 0)


Conformed = Callable[..., dict[str, Any]]


@pytest.fixture
def conformed(spark: SparkSession, tmp_path: Path) -> Conformed:
    """Conforms one bronze row of `things`."""

    def conform_row(bronze: dict[str, Any], **load: Any) -> dict[str, Any]:
        path = write_bronze(tmp_path / "part-0.parquet", bronze)
        entity = things_entity([column_json("value")], load)
        return conformed_row(spark, path, entity)

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


def test_the_key_is_a_hash_of_source_and_id_as_it_is_spelled(conformed: Conformed) -> None:
    row = conformed({"ID": [" ab-1\u200b "]}, columns={"thing_id": "ID"})
    assert row["thing_key"] == surrogate(["hospital_a", "ab-1"])


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
    entity = things_entity(columns, {"columns": {"thing_id": "ID"}, "constants": constants})

    row = conformed_row(spark, path, entity)

    assert [row[name] for name in types] == [
        date(2026, 1, 31), Decimal("12.50"), True, utc(2026, 1, 31, 17),
    ]  # fmt: skip
    assert not any(row[f"_{name}_invalid"] for name in types)


def test_loads_of_other_maps_are_read_apart() -> None:
    loads: list[dict[str, Any]] = [
        {"columns": MAPPED},
        {"columns": MAPPED, "values": {"value": {"a": "b"}}},
        {"columns": MAPPED, "splits": {"value": {"separator": " ", "part": 1}}},
        {"columns": {"thing_id": "ID"}, "constants": {"value": "x"}},
    ]
    shapes = {things_entity([column_json("value")], load).loads[0].shape for load in loads}
    assert len(shapes) == 4
