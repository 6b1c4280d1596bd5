"""What a batch leaves in the lake."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from spark_jobs import io
from spark_jobs.build_silver import build_silver, is_complete
from spark_jobs.io import MOUNT_VARIABLE
from spark_jobs.main import run
from tests.spark_support import ROOT, batch_json, entity_json, load_json, read_rows, write_bronze
from tests.unit.spark.lake import things_json
from tests.unit.spark.test_silver_columns import ENTITIES
from utils.batch.spec import batch_json as written
from utils.batch.spec_reader import parse_batch


def _transactions(folder: Path) -> Path:
    return write_bronze(
        folder / "part-0.parquet",
        {
            "TransactionID": ["T1", "T2"],
            "PatientID": ["P1", "P1"],
            "ServiceDate": pa.array([date(2026, 1, 3), date(2026, 1, 4)], pa.date32()),
            "Amount": pa.array([Decimal("100.00"), Decimal("0.00")], pa.decimal128(18, 2)),
            "PaidAmount": pa.array([Decimal("66.67"), Decimal("0.00")], pa.decimal128(18, 2)),
            "AdjustmentAmount": pa.array([Decimal("33.33"), None], pa.decimal128(18, 2)),
            "LineOfBusiness": ["SELF PAY", ""],
            "ModifiedDate": pa.array([datetime(2026, 1, 5, 10)] * 2, pa.timestamp("us")),  # noqa: DTZ001
        },
    )


@pytest.fixture(scope="module")
def lake(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake that is named by gs:// addresses, with one batch of transactions."""
    mount = tmp_path_factory.mktemp("mount")
    path = _transactions(mount / "lake/bronze/hospital_a/transactions/load_id=l1")
    load = load_json(path, "hospital_a", "transactions")
    load["path"] = f"gs://lake/{path.parent.relative_to(mount / 'lake')}/"
    spec = mount / "lake/silver/specs/b1.json"
    spec.parent.mkdir(parents=True)
    spec.write_text(batch_json(entity_json("transactions", loads=[load])), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(MOUNT_VARIABLE, str(mount))
        run(spark, "gs://lake/silver/specs/b1.json", "gs://lake/silver/batches/b1")
    return mount / "lake/silver/batches/b1"


def test_a_version_carries_its_derived_columns(lake: Path) -> None:
    first, second = sorted(
        read_rows(lake / "transactions/versions"), key=lambda row: str(row["transaction_id"])
    )
    assert first["transaction_id"] == "T1"
    assert first["effective_date"] == datetime(2026, 1, 5, 15, tzinfo=UTC)
    assert first["open_amount"] == Decimal("0.00")
    assert first["coverage_rate"] == Decimal("0.666700")
    assert first["payment_status"] == "Paid"
    assert first["line_of_business"] == "Self-Pay"
    assert second["coverage_rate"] is None
    assert second["line_of_business"] is None


def test_dollars_of_a_load_balance(lake: Path) -> None:
    [load] = read_rows(lake / "loads")
    assert (load["rows_read"], load["rows_merged"]) == (2, 2)
    assert (load["billed_read"], load["billed_merged"]) == (Decimal("100.00"), Decimal("100.00"))
    assert (load["paid_read"], load["paid_quarantined"]) == (Decimal("66.67"), Decimal("0.00"))


def test_a_batch_that_is_built_again_replaces_its_files(
    spark: SparkSession, tmp_path: Path
) -> None:
    path = _transactions(tmp_path / "l1")
    load = load_json(path, "hospital_a", "transactions")
    batch = parse_batch(batch_json(entity_json("transactions", loads=[load])))
    for _ in range(2):
        build_silver(spark, batch, str(tmp_path / "out"))
    assert len(read_rows(tmp_path / "out/transactions/versions")) == 2
    assert len(read_rows(tmp_path / "out/loads")) == 1

    nothing = parse_batch(batch_json(entity_json("transactions")))
    build_silver(spark, nothing, str(tmp_path / "out"))
    assert read_rows(tmp_path / "out/transactions/versions") == []


@pytest.mark.parametrize("lost", ["nothing", "loads"], ids=["complete", "cut-off"])
def test_only_a_batch_that_was_cut_off_is_built_by_a_repeated_job(
    spark: SparkSession, tmp_path: Path, lost: str
) -> None:
    path = _transactions(tmp_path / "l1")
    load = load_json(path, "hospital_a", "transactions")
    (tmp_path / "spec.json").write_text(batch_json(entity_json("transactions", loads=[load])))
    out = tmp_path / "out"
    run(spark, str(tmp_path / "spec.json"), str(out))
    before = {file: file.read_bytes() for file in out.rglob("*.parquet")}
    shutil.rmtree(out / lost, ignore_errors=True)

    run(spark, str(tmp_path / "spec.json"), str(out))
    after = {file: file.read_bytes() for file in out.rglob("*.parquet")}
    assert (after == before) == (lost == "nothing")
    assert len(read_rows(out / "transactions/versions")) == 2
    assert len(read_rows(out / "loads")) == 1


def test_a_batch_during_which_spark_was_started_again_is_not_complete(
    lake: Path, spark: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a new session makes of local times depends on the machine's zone."""
    monkeypatch.setenv(MOUNT_VARIABLE, str(lake.parents[3]))
    batch = io.read_text(spark, "gs://lake/silver/specs/b1.json")
    spark.conf.set("spark.sql.session.timeZone", "Etc/UTC")
    try:
        with pytest.raises(io.SessionLost, match="run the task again"):
            build_silver(spark, parse_batch(batch), "gs://lake/silver/batches/b2")
    finally:
        io.configure(spark)

    assert not is_complete(spark, "gs://lake/silver/batches/b2")


def test_a_load_that_names_rows_reads_only_these(spark: SparkSession, tmp_path: Path) -> None:
    path = _transactions(tmp_path / "l1")
    load = load_json(path, "hospital_a", "transactions", rows=[2])
    batch = parse_batch(batch_json(entity_json("transactions", loads=[load])))
    build_silver(spark, batch, str(tmp_path / "out"))

    [version] = read_rows(tmp_path / "out/transactions/versions")
    [totals] = read_rows(tmp_path / "out/loads")
    assert (version["transaction_id"], totals["rows_read"]) == ("T2", 1)


def test_loads_of_one_shape_are_read_together(spark: SparkSession, tmp_path: Path) -> None:
    loads = [
        {
            "load_id": f"l{number}",
            "source_system": "hospital_a",
            "time_zone": "UTC",
            "path": str(
                write_bronze(
                    tmp_path / f"load_id=l{number}/part-0.parquet",
                    {"ID": ["1", "2"], "Value": [f"v{number}", "same"]},
                    f"l{number}",
                )
            ),
            "columns": {"thing_id": "ID", "value": "Value"},
            "watermark": None,
            "observed_at": f"2026-01-{number:02}T00:00:00Z",
        }
        for number in range(1, 31)
    ]
    batch = parse_batch(batch_json(things_json(loads=loads)))
    assert len(batch.entities[0].loads_by_shape) == 1

    build_silver(spark, batch, str(tmp_path / "out"))
    versions = read_rows(tmp_path / "out/things/versions")
    assert len([row for row in versions if row["thing_id"] == "1"]) == 30
    assert len([row for row in versions if row["thing_id"] == "2"]) == 1
    assert {row["rows_read"] for row in read_rows(tmp_path / "out/loads")} == {2}


def _load_of(folder: Path, load_id: str, good: int, bad: int, **parts: Any) -> dict[str, Any]:
    """A load of things that are named after it, of which some lack their key."""
    ids = [*(f"{load_id}-{number}" for number in range(good)), *[None] * bad]
    path = write_bronze(folder / f"{load_id}.parquet", {"ID": pa.array(ids, pa.string())}, load_id)
    return {
        "load_id": load_id,
        "source_system": "hospital_a",
        "time_zone": "UTC",
        "path": str(path),
        "columns": {"thing_id": "ID"},
        "watermark": None,
        "observed_at": "2026-01-01T00:00:00Z",
        **parts,
    }


def test_a_load_of_which_rules_hold_too_much_is_refused_whole(
    spark: SparkSession, tmp_path: Path
) -> None:
    """B36: more than the share and more than the number; the other loads go on."""
    limit = {"limit": {"share": 0.5, "rows": 2}}
    loads = [
        _load_of(tmp_path, "over", 2, 3, **limit),
        _load_of(tmp_path, "at-the-share", 3, 3, **limit),
        _load_of(tmp_path, "few", 1, 2, **limit),
        _load_of(tmp_path, "no-limit", 0, 9),
    ]
    build_silver(spark, parse_batch(batch_json(things_json(loads=loads))), str(tmp_path / "out"))

    others = {"at-the-share", "few", "no-limit"}
    assert read_rows(tmp_path / "out/refused") == [
        {
            **{"load_id": "over", "rule": "thing_id_missing", "imbalance": None},
            **{"rows_read": 5, "rows_held": 3},
        }
    ]
    assert {row["load_id"] for row in read_rows(tmp_path / "out/loads")} == others
    assert {row["load_id"] for row in read_rows(tmp_path / "out/dq")} == others
    held = [row["load_id"] for row in read_rows(tmp_path / "out/quarantine")]
    assert sorted(held) == ["at-the-share"] * 3 + ["few"] * 2 + ["no-limit"] * 9
    published = {row["thing_id"][:3] for row in read_rows(tmp_path / "out/things/versions")}
    assert published == {"at-", "few"}


def test_an_entity_of_plain_texts_is_read(spark: SparkSession, tmp_path: Path) -> None:
    """No column of a procedure can be unreadable or out of range."""
    path = write_bronze(tmp_path / "l1.parquet", {"CPT Codes": ["99213"]})
    load = load_json(path, "reference_codes", "cptcodes")
    entity = entity_json("procedures", loads=[load])
    build_silver(spark, parse_batch(batch_json(entity)), str(tmp_path / "out"))

    [version] = read_rows(tmp_path / "out/procedures/versions")
    assert version["procedure_code"] == "99213"


def test_a_load_that_reads_otherwise_than_it_landed_is_refused_and_the_others_go_on(
    spark: SparkSession, tmp_path: Path
) -> None:
    def limit(rows: int) -> dict[str, Any]:
        return {"limit": {"share": 0.5, "rows": 2, "landed": {"rows": str(rows)}}}

    loads = [
        _load_of(tmp_path, "one-short", 2, 0, **limit(3)),
        _load_of(tmp_path, "whole", 3, 0, **limit(3)),
    ]
    build_silver(spark, parse_batch(batch_json(things_json(loads=loads))), str(tmp_path / "out"))

    assert read_rows(tmp_path / "out/refused") == [
        {
            **{"load_id": "one-short", "rule": None, "rows_read": 2, "rows_held": 0},
            "imbalance": "rows: 3.00 landed, 2.00 read",
        }
    ]
    assert {row["load_id"] for row in read_rows(tmp_path / "out/loads")} == {"whole"}


@pytest.mark.parametrize("missing", ["load", "history"])
def test_input_that_is_not_in_the_lake_is_an_error(
    spark: SparkSession, tmp_path: Path, missing: str
) -> None:
    path = _transactions(tmp_path / "l1")
    load = load_json(path, "hospital_a", "transactions")
    if missing == "load":
        path.unlink()
    history = [str(tmp_path / "b0/transactions/observations")] if missing == "history" else []
    entity = entity_json("transactions", loads=[load], history=history)
    with pytest.raises(FileNotFoundError, match="Nothing to read at"):
        build_silver(spark, parse_batch(batch_json(entity)), str(tmp_path / "out"))


def test_the_job_runs_as_a_program(spark: SparkSession, tmp_path: Path) -> None:
    path = _transactions(tmp_path / "l1")
    load = load_json(path, "hospital_a", "transactions")
    spec = tmp_path / "spec.json"
    spec.write_text(batch_json(entity_json("transactions", loads=[load])), encoding="utf-8")
    command = [sys.executable, str(ROOT / "spark_jobs/main.py"), "--spec", str(spec)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [*command, "--output", str(tmp_path / "out")],
        env=environment, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert len(read_rows(tmp_path / "out/transactions/versions")) == 2
    assert "p1" not in done.stdout + done.stderr


def test_the_specification_of_the_dag_is_what_the_job_reads() -> None:
    from utils.silver.spec import silver_spec

    planned = silver_spec("b1", date(2026, 1, 31), [], ["gs://lake/silver/batches/b0"])
    batch = parse_batch(written(planned))
    assert batch == planned
    assert [entity.name for entity in batch.entities] == list(ENTITIES)
    assert batch.entities[0].history == (
        f"gs://lake/silver/batches/b0/{batch.entities[0].name}/observations/",
    )
