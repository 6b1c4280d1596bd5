"""A hospital with every trouble at once changes nothing of its neighbour's."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from spark_jobs.main import run
from tests.spark_support import batch_json, column_json, read_rows, write_bronze
from tests.unit.spark.lake import things_json

COLUMNS = ("ID", "Value", "Day", "Flag", "Changed")
DAYS = [f"2026-01-{day:02d} 08:00:00" for day in range(1, 20)]
TROUBLES: dict[str, list[Any]] = {
    "ID": [None, " ", "ab1", "AB1", "1001.0", "1,001", "1.2E+15", "P1\u200b", "P 1", "p1"],
    "Value": [None, "", "$5", "1e3", "NaN", "9" * 20, "-1"],
    "Day": [None, "0001-01-01", "9999-12-31", "2026-02-30", "45292"],
    "Flag": [None, "1", "true", "?"],
    "Changed": [None, "yesterday", "0001-01-01", "9999-12-31", "2026-01-05 08:00:00"],
}


def healthy_rows(chance: random.Random) -> list[tuple[Any, ...]]:
    """Versions of keys that the other hospital has too."""
    return [
        (f"P{n}", str(chance.randint(0, 9)), "2026-01-02", "0", changed)
        for n in range(12)
        for changed in chance.sample(DAYS, 3)
    ]


def sick_rows(chance: random.Random) -> list[tuple[Any, ...]]:
    """Rows of which each value may be any trouble."""
    sound = healthy_rows(chance)
    return [
        tuple(
            chance.choice(TROUBLES[name]) if chance.random() < 0.3 else value
            for name, value in zip(COLUMNS, row, strict=True)
        )
        for row in [*sound, *sound]
    ]


def things(folder: Path, hospitals: dict[str, list[tuple[Any, ...]]], history: list[str]) -> Any:
    """The entity with a load of each hospital."""
    loads = []
    for name, rows in hospitals.items():
        load_id = f"{folder.name}-{name}"
        columns = [pa.array(list(values), pa.string()) for values in zip(*rows, strict=True)]
        path = write_bronze(
            folder / f"{load_id}.parquet", dict(zip(COLUMNS, columns, strict=True)), load_id
        )
        loads.append(
            {
                "load_id": load_id, "source_system": name, "time_zone": "America/Chicago",
                "path": str(path), "watermark": "Changed",
                "columns": {"thing_id": "ID", "value": "Value", "day": "Day"},
                "deleted_when": {"Flag": ["1"]}, "observed_at": "2026-02-01T05:00:00Z",
                "limit": {"share": 0.9, "rows": 5},
            }
        )  # fmt: skip
    columns = [
        column_json("thing_id", normalize="id", required=True, fold="case"),
        column_json("value", type="NUMERIC", required=True),
        column_json("day", type="DATE"),
    ]
    return things_json(columns=columns, amounts={"billed": "value"}, loads=loads, history=history)


@pytest.mark.parametrize("seed", range(3))
def test_a_healthy_hospitals_silver_is_the_same_without_a_sick_one(
    spark: SparkSession, tmp_path: Path, seed: int
) -> None:
    found: dict[str, list[list[str]]] = {}
    for world in ("with", "without"):
        history: list[str] = []
        found[world] = []
        chance, trouble = random.Random(seed), random.Random(f"trouble {seed}")
        for batch in ("b0", "b1"):
            hospitals = {"hospital_b": healthy_rows(chance)}
            if world == "with":
                hospitals["hospital_a"] = sick_rows(trouble)
            folder = tmp_path / world / batch
            folder.mkdir(parents=True)
            spec = folder / "spec.json"
            spec.write_text(batch_json(things(folder, hospitals, history)), encoding="utf-8")
            run(spark, str(spec), str(folder))
            history.append(str(folder / "things/observations"))
            found[world] += [
                sorted(
                    str(row)
                    for row in read_rows(folder / report)
                    if row["source_system"] == "hospital_b"
                )
                for report in ("things/observations", "things/versions", "things/revisions",
                               "quarantine", "dq", "loads")
            ]  # fmt: skip
            if world == "with":
                held = [
                    row for row in read_rows(folder / "quarantine")
                    if row["source_system"] == "hospital_a"
                ]  # fmt: skip
                assert len(held) > 10, "the neighbour is not sick enough"

    assert found["with"] == found["without"]
    assert found["with"][1], "the healthy hospital has versions"
