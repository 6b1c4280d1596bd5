"""All reads and writes of the Spark jobs.

Spark on the JVM reads and writes `gs://` itself. Sail, the Spark Connect server of the local
stack, reads files, so `storage_path` maps a bucket to its folder as a Cloud Storage FUSE mount
would. Two habits of Sail are evened out here: it reads a folder that does not exist as zero rows,
and it writes no file at all for zero rows, which would lose the schema.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.utils import is_remote

MOUNT_VARIABLE = "RCM_LAKE_MOUNT"


def storage_path(uri: str) -> str:
    """Maps gs://bucket/key to $RCM_LAKE_MOUNT/bucket/key on Spark Connect; else returns the URI."""
    mount = os.environ.get(MOUNT_VARIABLE)
    if mount and is_remote() and uri.startswith("gs://"):
        return f"{mount.rstrip('/')}/{uri.removeprefix('gs://')}"
    return uri


def read_text(spark: SparkSession, uri: str) -> str:
    """Returns the content of one small text file.

    Raises:
        FileNotFoundError: there is no such file.
    """
    path = storage_path(uri)
    _require_files(path, uri)
    row = spark.read.text(path, wholetext=True).first()
    return str(row[0]) if row else ""


def read_parquet(spark: SparkSession, uri: str) -> DataFrame:
    """Reads a Parquet file or folder with its own schema.

    Raises:
        FileNotFoundError: there is nothing to read.
    """
    path = storage_path(uri)
    _require_files(path, uri)
    return spark.read.parquet(path)


def read_log(spark: SparkSession, uris: Sequence[str], schema: Mapping[str, str]) -> DataFrame:
    """Reads log batches in the columns of `schema`; a column that a batch lacks is NULL.

    Raises:
        FileNotFoundError: a batch is missing.
    """
    if not uris:
        return no_rows(spark, schema)
    paths = [storage_path(uri) for uri in uris]
    for path, uri in zip(paths, uris, strict=True):
        _require_files(path, uri)
    return spark.read.schema(_ddl(schema)).parquet(*paths)


def no_rows(spark: SparkSession, schema: Mapping[str, str]) -> DataFrame:
    """Returns an empty table with these columns and Spark SQL types."""
    return spark.createDataFrame([], _ddl(schema))


def write_parquet(rows: DataFrame, uri: str) -> None:
    """Replaces the folder by these rows; zero rows leave a file that holds the schema."""
    path = storage_path(uri)
    rows.write.mode("overwrite").parquet(path)
    if is_remote() and _is_local(path) and not _parquet_files(path):
        _write_schema(rows, path)


def write_and_read(rows: DataFrame, uri: str) -> DataFrame:
    """Replaces the folder by these rows and returns them as read from there."""
    write_parquet(rows, uri)
    return read_parquet(rows.sparkSession, uri)


def _write_schema(rows: DataFrame, path: str) -> None:
    from pyarrow import parquet  # comes with PySpark's Connect client, the only caller

    Path(path).mkdir(parents=True, exist_ok=True)
    parquet.write_table(rows.limit(0).toArrow(), Path(path) / "part-0.parquet")


def _require_files(path: str, uri: str) -> None:
    if is_remote() and _is_local(path) and not Path(path).is_file() and not _parquet_files(path):
        raise FileNotFoundError(
            f"Nothing to read at {uri}: the load or published batch it names is not in the lake. "
            "Land it again, or rebuild silver from bronze."
        )


def _ddl(schema: Mapping[str, str]) -> str:
    return ", ".join(f"`{name}` {sql_type}" for name, sql_type in schema.items())


def _is_local(path: str) -> bool:
    return "://" not in path


def _parquet_files(path: str) -> list[Path]:
    return list(Path(path).glob("*.parquet"))
