"""What a key is, which rows of one contradict each other, and which say that it is gone."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from spark_jobs.main import run
from tests.spark_support import batch_json, column_json, read_rows, write_bronze
from tests.unit.spark.lake import things_json

Row = tuple[str | None, str, str]  # id, value, time of change
FIRST, SECOND = "2026-01-05", "2026-01-06"


@dataclass
class Things:
    """A lake into which loads of things come, one batch after the other."""

    spark: SparkSession
    folder: Path
    contract: dict[str, Any] = field(default_factory=dict)
    history: list[str] = field(default_factory=list)
    deleted_when: dict[str, list[str]] = field(default_factory=dict)
    flags: Any = None

    def bring(self, *loads: list[Row], rows: list[int] | None = None) -> Path:
        """Merges loads in one batch and returns its folder; `rows` are those to replay."""
        batch = self.folder / f"b{len(self.history)}"
        declared = [self._load(batch, n, load, rows) for n, load in enumerate(loads)]
        columns = [
            column_json("thing_id", normalize="id", required=True, **self.contract),
            column_json("value", type="NUMERIC"),
            column_json("note", tracked=False),
        ]
        entity = things_json(
            columns=columns, amounts={"billed": "value"}, loads=declared, history=self.history
        )
        spec = batch / "spec.json"
        spec.write_text(batch_json(entity), encoding="utf-8")
        run(self.spark, str(spec), str(batch))
        self.history.append(str(batch / "things/observations"))
        return batch

    def _load(self, batch: Path, number: int, load: list[Row], rows: list[int] | None) -> Any:
        load_id = f"{batch.name}-l{number}"
        names = ("ID", "Value", "Changed")
        content = dict(zip(names, map(list, zip(*load, strict=True)), strict=True))
        if self.flags is not None:
            content["Flag"] = self.flags
        path = write_bronze(batch / f"{load_id}.parquet", content, load_id)
        return {
            "load_id": load_id,
            "source_system": "hospital_a",
            "time_zone": "UTC",
            "path": str(path),
            "columns": {"thing_id": "ID", "value": "Value"},
            "watermark": "Changed",
            "observed_at": f"2026-02-0{1 + len(self.history)}T0{number}:00:00Z",
            "rows": rows,
            "deleted_when": self.deleted_when,
        }


@pytest.fixture
def things(spark: SparkSession, tmp_path: Path) -> Things:
    return Things(spark, tmp_path)


def loaded(batch: Path) -> dict[str, float]:
    """The current value of each key that the batch published."""
    rows = read_rows(batch / "things/versions")
    return {row["thing_id"]: float(row["value"]) for row in rows if row["is_current"]}


def held(batch: Path) -> list[tuple[int, str]]:
    """Row and rule of what the batch holds."""
    rows = read_rows(batch / "quarantine")
    return sorted((row["row_id"], row["rule"]) for row in rows)


def test_keys_that_differ_in_case_or_blanks_only_are_different_keys(things: Things) -> None:
    spellings = ["AB 12", "ab12", "AB1 2", "AB12", "Ab12", "AB  12"]
    batch = things.bring([(name, str(n), FIRST) for n, name in enumerate(spellings)])

    assert loaded(batch) == {name: n for n, name in enumerate(spellings)}
    assert len({row["thing_version_key"] for row in read_rows(batch / "things/versions")}) == 6


def test_several_lines_of_one_key_are_held_with_all_their_dollars(things: Things) -> None:
    batch = things.bring(
        [("C10", "100", FIRST), ("C10", "150", FIRST), ("C10", "200", FIRST), ("C11", "7", FIRST)]
    )

    assert loaded(batch) == {"C11": 7}
    assert held(batch) == [(n, "several_rows_of_one_key") for n in (1, 2, 3)]
    rows = read_rows(batch / "quarantine")
    assert len({row["held_key"] for row in rows}) == 3, "each line's dollars count"
    assert len({row["record_key"] for row in rows}) == 1
    [load] = read_rows(batch / "loads")
    assert (load["billed_read"], load["billed_quarantined"]) == (457, 450)


@pytest.mark.parametrize(
    ("rows", "value"),
    [
        pytest.param([("1", "5", FIRST), ("1", "5", FIRST)], 5, id="exact-duplicates"),
        pytest.param([("1", "5", FIRST), ("1", "6", SECOND)], 6, id="two-versions"),
    ],
)
def test_rows_that_do_not_contradict_each_other_are_merged(
    things: Things, rows: list[Row], value: float
) -> None:
    batch = things.bring(rows)
    assert (loaded(batch), held(batch)) == ({"1": value}, [])


def test_a_corrected_load_is_no_contradiction(things: Things) -> None:
    batch = things.bring([("1", "5", FIRST)], [("1", "6", FIRST)])
    assert (loaded(batch), held(batch)) == ({"1": 6}, [])


def test_a_line_that_another_rule_holds_contradicts_the_rest(things: Things) -> None:
    things.contract = {}
    batch = things.bring([("1", "5", FIRST), ("1", "1001.5.0", FIRST), ("1", "7", FIRST)])
    assert loaded(batch) == {}
    assert [row for row, _ in held(batch)] == [1, 2, 3]


def test_a_line_that_is_replayed_alone_stays_held(things: Things) -> None:
    lines: list[Row] = [("C10", "100", FIRST), ("C10", "150", FIRST), ("2", "1", FIRST)]
    batch = things.bring(lines, rows=[1])

    assert (loaded(batch), held(batch)) == ({}, [(1, "several_rows_of_one_key")])
    [load] = read_rows(batch / "loads")
    assert load["rows_read"] == 1


FOLDED = {"fold": "case"}


def test_a_folded_key_is_read_in_one_case(things: Things) -> None:
    things.contract = FOLDED
    batch = things.bring([("ab1", "5", FIRST)])
    assert loaded(batch) == {"AB1": 5}


def test_two_spellings_of_a_folded_key_in_one_load_are_both_held_by_name(things: Things) -> None:
    things.contract = FOLDED
    batch = things.bring([("ab1", "5", FIRST), ("AB1", "6", SECOND), ("2", "7", FIRST)])

    assert loaded(batch) == {"2": 7}
    assert held(batch) == [(n, "key_spelled_otherwise") for n in (1, 2)]
    for row in read_rows(batch / "quarantine"):
        assert "Both `AB1` and `ab1` came." in row["reason"]


def test_a_folded_key_keeps_its_first_spelling_over_batches(things: Things) -> None:
    things.contract = FOLDED
    things.bring([("ab1", "5", FIRST)])
    other = things.bring([("AB1", "6", SECOND)])
    same = things.bring([("ab1", "8", SECOND)])

    assert (loaded(other), held(other)) == ({}, [(1, "key_spelled_otherwise")])
    assert "Both `AB1` and `ab1` came." in read_rows(other / "quarantine")[0]["reason"]
    assert (loaded(same), held(same)) == ({"AB1": 8}, [])


def test_one_batch_of_both_loads_holds_what_two_batches_hold(things: Things) -> None:
    things.contract = FOLDED
    batch = things.bring([("ab1", "5", FIRST)], [("AB1", "6", SECOND)])
    assert (loaded(batch), held(batch)) == ({"AB1": 5}, [(1, "key_spelled_otherwise")])


def test_a_persons_number_is_named_in_no_report(things: Things) -> None:
    things.contract = {**FOLDED, "phi": True}
    batch = things.bring([("ab1", "5", FIRST), ("AB1", "6", SECOND)])
    reasons = {row["reason"] for row in read_rows(batch / "quarantine")}
    assert len(held(batch)) == 2
    assert "ab1" not in "".join(reasons).lower()


def deletions_of(things: Things, flags: list[Any], deleted_when: dict[str, list[str]]) -> Path:
    """A batch of one load in which thing n carries the n-th flag."""
    things.deleted_when, things.flags = deleted_when, flags
    return things.bring([(str(n), "5", SECOND) for n, _ in enumerate(flags)])


@pytest.mark.parametrize(
    ("flags", "values", "gone"),
    [
        pytest.param(pa.array([1, 0, None], pa.int8()), ["1"], {"0"}, id="tinyint"),
        pytest.param(pa.array([True, False, None]), ["1"], {"0"}, id="bit"),
        pytest.param(["TRUE", "0", " 1 "], ["true"], {"0", "2"}, id="spellings-of-true"),
        pytest.param(["Void", "Posted", "VOID "], ["void"], {"0", "2"}, id="status"),
        pytest.param(["N", "Y", None], ["N"], {"0"}, id="active"),
    ],
)
def test_a_row_whose_flag_says_deleted_closes_its_key(
    things: Things, flags: Any, values: list[str], gone: set[str]
) -> None:
    """B20."""
    things.bring([(str(n), "5", FIRST) for n in range(3)])
    batch = deletions_of(things, flags, {"Flag": values})

    versions = read_rows(batch / "things/versions")
    assert {row["thing_id"] for row in versions if row["is_deleted"]} == gone
    assert all(not row["is_current"] for row in versions if row["thing_id"] in gone)
    [load] = read_rows(batch / "loads")
    assert (load["rows_merged"], load["billed_read"]) == (len(gone), 15)


def test_no_rule_holds_a_deletion_but_for_its_key_and_time(things: Things) -> None:
    things.bring([("1", "5", FIRST), ("2", "5", FIRST)])
    things.deleted_when, things.flags = {"Flag": ["1"]}, ["1", "1", "0", "1"]
    batch = things.bring(
        [("1", "bad", SECOND), ("2", "", SECOND), ("3", "6", SECOND), (None, "6", SECOND)]
    )

    assert held(batch) == [(4, "thing_id_missing")]
    rows = read_rows(batch / "things/versions")
    assert {row["thing_id"]: row["is_current"] for row in rows} == {
        "1": False,
        "2": False,
        "3": True,
    }


def test_what_is_deleted_and_put_back_is_there_again(things: Things) -> None:
    things.bring([("1", "5", "2026-01-05 08:00:00")])
    things.deleted_when, things.flags = {"Flag": ["1"]}, ["1", "0"]
    batch = things.bring([("1", "5", "2026-01-06 08:00:00"), ("1", "5", "2026-01-07 08:00:00")])

    versions = sorted(read_rows(batch / "things/versions"), key=lambda row: row["version"])
    assert [(row["is_deleted"], row["is_current"]) for row in versions] == [
        (True, False), (False, True),
    ]  # fmt: skip
