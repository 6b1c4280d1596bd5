"""Which rows are held, what is blanked, and what is only counted."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from spark_jobs.main import run
from spark_jobs.transforms.quality import Check
from tests.oracle import surrogate
from tests.spark_support import batch_json, column_json, read_rows, write_bronze
from tests.unit.spark.lake import things_json

RULES = [
    {
        "name": "amount_negative",
        "severity": "quarantine",
        "expect": "amount >= 0",
        "reason": "Neg.",
    },
    {"name": "amount_large", "severity": "warn", "expect": "amount < 1000", "reason": "Large."},
    {
        "name": "too_new",
        "severity": "warn",
        "expect": "source_system <> 'hospital_a' OR to_date(_event_at) < DATE '2026-01-31'",
        "reason": "New.",
    },
]
# id, amount, phone, watermark -> first quarantining rule, all failed rules
ROWS: dict[str, tuple[tuple[Any, ...], tuple[str | None, str]]] = {
    "good": (("1", "5", "703-210-5078", "2026-01-05"), (None, "")),
    "null_key": ((None, "5", None, "2026-01-05"), ("thing_id_missing", "thing_id_missing")),
    "blank_key": ((" \u00a0", "5", None, "2026-01-05"), ("thing_id_missing", "thing_id_missing")),
    "required_missing": (("2", "", None, "2026-01-05"), ("amount_missing", "amount_missing")),
    "required_unreadable": (("3", "1e3", None, "2026-01-05"), ("amount_invalid", "amount_invalid")),
    "optional_unreadable_is_blanked": (("4", "5", "call", "2026-01-05"), (None, "phone_invalid")),
    "event_time_missing": (("5", "5", None, ""), ("event_time_missing", "event_time_missing")),
    "event_time_unreadable": (("6", "5", None, "x"), ("event_time_missing", "event_time_missing")),
    "event_time_in_future": (
        ("7", "5", None, "2026-02-02"),
        ("event_time_in_future", "event_time_in_future,too_new"),
    ),
    "rule_quarantines": (("8", "-1", None, "2026-01-05"), ("amount_negative", "amount_negative")),
    "rule_warns": (("9", "2000", None, "2026-01-05"), (None, "amount_large")),
    "first_rule_in_order_counts": (
        (None, "-1", "call", "x"),
        (
            "thing_id_missing",
            "thing_id_missing,phone_invalid,event_time_missing,amount_negative",
        ),
    ),
}


@pytest.fixture(scope="module")
def output(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One batch with all rows, and a second load without any."""
    folder = tmp_path_factory.mktemp("quality")
    names = ("ID", "Amount", "Phone", "Changed")
    values = zip(*[row for row, _ in ROWS.values()], strict=True)
    bronze = dict(zip(names, values, strict=True))
    loads = [
        _load("l1", write_bronze(folder / "l1.parquet", bronze, "l1")),
        _load(
            "l2", write_bronze(folder / "l2.parquet", {n: pa.array([], "string") for n in names})
        ),
    ]
    columns = [
        column_json("thing_id", normalize="id", required=True),
        column_json("amount", type="NUMERIC", required=True),
        column_json("paid", type="NUMERIC"),
        column_json("phone", normalize="phone"),
    ]
    amounts = {"billed": "amount", "paid": "paid"}
    entity = things_json(columns=columns, rules=RULES, loads=loads, amounts=amounts)
    spec = folder / "spec.json"
    spec.write_text(batch_json(entity), encoding="utf-8")
    run(spark, str(spec), str(folder / "out"))
    return folder / "out"


def _load(load_id: str, path: Path) -> dict[str, Any]:
    return {
        "load_id": load_id,
        "source_system": "hospital_a",
        "time_zone": "UTC",
        "path": str(path),
        "columns": {"thing_id": "ID", "amount": "Amount", "phone": "Phone"},
        "watermark": "Changed",
        "observed_at": "2026-02-01T05:00:00Z",
    }


@pytest.mark.parametrize("case", ROWS)
def test_failed_rules_of(case: str, output: Path) -> None:
    row_id = list(ROWS).index(case) + 1
    [row] = [row for row in read_rows(output / "rows") if row["_row_id"] == row_id]
    assert (row["_rule"], row["_rules"]) == ROWS[case][1]


def test_the_quarantine_names_rule_reason_and_dollars_but_no_content(output: Path) -> None:
    held = {row["row_id"]: row for row in read_rows(output / "quarantine")}
    position = list(ROWS).index("rule_quarantines") + 1
    row = held[position]
    assert row == {
        "entity": "things",
        "source_system": "hospital_a",
        "load_id": "l1",
        "row_id": position,
        "record_key": surrogate(["hospital_a", "8"]),
        "parent_key": None,
        "held_key": surrogate(["hospital_a", "8"]),
        "row_hash": row["row_hash"],
        "event_at": datetime(2026, 1, 5, tzinfo=UTC),
        "observed_at": datetime(2026, 2, 1, 5, tzinfo=UTC),
        "rule": "amount_negative",
        "rule_version": _version("quarantine: amount >= 0"),
        "rules": "amount_negative",
        "reason": "Neg.",
        "billed_amount": -1,
        "paid_amount": None,
    }
    assert held[list(ROWS).index("null_key") + 1]["record_key"] is None
    assert len(held) == 9


def _version(declared: str) -> str:
    return hashlib.sha256(declared.encode()).hexdigest()[:12]


@pytest.mark.parametrize(
    ("case", "event_at"),
    [
        pytest.param("event_time_missing", datetime(2026, 2, 1, 5, tzinfo=UTC), id="missing"),
        pytest.param("event_time_in_future", datetime(2026, 2, 1, 5, tzinfo=UTC), id="future"),
        pytest.param("required_missing", datetime(2026, 1, 5, tzinfo=UTC), id="known"),
    ],
)
def test_a_held_row_is_dated_not_after_its_load(
    case: str, event_at: datetime, output: Path
) -> None:
    [row] = [
        row
        for row in read_rows(output / "quarantine")
        if row["row_id"] == list(ROWS).index(case) + 1
    ]
    assert row["event_at"] == event_at


def test_a_rules_version_follows_its_expectation_and_severity_only() -> None:
    def version(**changed: str) -> str:
        rule = Check(name="r", severity="warn", expect="a > 0", reason="R.")
        return replace(rule, **changed).version  # type: ignore[arg-type]

    assert version() == version(reason="In other words.") == _version("warn: a > 0")
    assert len({version(), version(expect="a > 1"), version(severity="quarantine")}) == 3


def test_what_is_blanked_is_loaded_as_null(output: Path) -> None:
    phones = {row["thing_id"]: row["phone"] for row in read_rows(output / "things/versions")}
    assert phones == {"1": "+17032105078", "4": None, "9": None}


def test_every_rule_of_every_load_is_counted(output: Path) -> None:
    found = {
        (row["load_id"], row["rule"]): (row["severity"], row["rows_checked"], row["rows_failed"])
        for row in read_rows(output / "dq")
    }
    counted = {
        "thing_id_missing": ("quarantine", 3),
        "thing_id_invalid": ("quarantine", 0),
        "thing_id_rewritten": ("quarantine", 0),
        "amount_missing": ("quarantine", 1),
        "amount_invalid": ("quarantine", 1),
        "paid_invalid": ("blank", 0),
        "phone_invalid": ("blank", 2),
        "event_time_missing": ("quarantine", 3),
        "event_time_in_future": ("quarantine", 1),
        "amount_negative": ("quarantine", 2),
        "amount_large": ("warn", 1),
        "too_new": ("warn", 1),
        "several_rows_of_one_key": ("quarantine", 0),
    }
    assert found == {
        (load_id, rule): (severity, 12 * (load_id == "l1"), failed * (load_id == "l1"))
        for load_id in ("l1", "l2")
        for rule, (severity, failed) in counted.items()
    }


def test_rows_and_dollars_balance_per_load(output: Path) -> None:
    loads = {row["load_id"]: row for row in read_rows(output / "loads")}
    first = loads["l1"]
    assert [first[f"rows_{stage}"] for stage in ("read", "merged", "quarantined")] == [12, 3, 9]
    assert [float(first[f"billed_{stage}"]) for stage in ("read", "merged", "quarantined")] == [
        2033.0, 2010.0, 23.0,
    ]  # fmt: skip
    empty = {name: value for name, value in loads["l2"].items() if name.startswith("rows_")}
    assert set(empty.values()) == {0}
