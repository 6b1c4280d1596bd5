"""Addresses, and what happens to what is missing or empty."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from spark_jobs import io


@pytest.mark.parametrize(
    ("mount", "uri", "path"),
    [
        ("/mnt", "gs://lake/a/b.parquet", "/mnt/lake/a/b.parquet"),
        ("/mnt/", "gs://lake/a/", "/mnt/lake/a/"),
        ("/mnt", "/data/a", "/data/a"),
        ("", "gs://lake/a/", "gs://lake/a/"),
    ],
    ids=["bucket", "slash", "path", "no_mount"],
)
def test_a_bucket_is_a_folder_of_the_mount(
    spark: SparkSession, monkeypatch: pytest.MonkeyPatch, mount: str, uri: str, path: str
) -> None:
    monkeypatch.setenv(io.MOUNT_VARIABLE, mount)
    assert io.storage_path(uri) == path


def test_spark_on_the_jvm_gets_the_bucket(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(io.MOUNT_VARIABLE, "/mnt")
    monkeypatch.setattr(io, "is_remote", lambda: False)
    assert io.storage_path("gs://lake/a/") == "gs://lake/a/"


def test_a_text_file_is_read_whole(spark: SparkSession, tmp_path: Path) -> None:
    (tmp_path / "spec.json").write_text('{\n "a": "é"\n}\n', encoding="utf-8")
    assert io.read_text(spark, str(tmp_path / "spec.json")) == '{\n "a": "é"\n}\n'


def test_zero_rows_keep_their_schema(spark: SparkSession, tmp_path: Path) -> None:
    folder = str(tmp_path / "empty/")
    nothing = spark.sql("SELECT 1 AS a, CAST('x' AS STRING) AS b").where("a > 1")
    again = io.write_and_read(nothing, folder)
    assert again.dtypes == [("a", "int"), ("b", "string")]
    assert again.count() == 0


def test_log_columns_that_a_batch_lacks_are_null(spark: SparkSession, tmp_path: Path) -> None:
    io.write_parquet(spark.sql("SELECT 'x' AS a"), str(tmp_path / "b0"))
    io.write_parquet(spark.sql("SELECT 'y' AS a, 2L AS b"), str(tmp_path / "b1"))
    folders = [str(tmp_path / "b0"), str(tmp_path / "b1")]
    rows = io.read_log(spark, folders, {"a": "string", "b": "bigint"}).collect()
    assert sorted((row["a"], row["b"]) for row in rows) == [("x", None), ("y", 2)]


def test_no_log_is_an_empty_log(spark: SparkSession) -> None:
    assert io.read_log(spark, [], {"a": "string"}).count() == 0


def test_a_folder_has_rows_when_there_is_one(spark: SparkSession, tmp_path: Path) -> None:
    some = spark.sql("SELECT 1 AS a")
    io.write_parquet(some, str(tmp_path / "some/"))
    io.write_parquet(some.where("a > 1"), str(tmp_path / "none/"))
    (tmp_path / "begun" / "_temporary").mkdir(parents=True)
    folders = ("some", "none", "begun", "missing")
    found = {name: io.has_rows(spark, str(tmp_path / f"{name}/")) for name in folders}
    assert found == {"some": True, "none": False, "begun": False, "missing": False}
