"""All reads and writes of the Spark jobs.

Spark on the JVM reads and writes `gs://` itself. Sail, the Spark Connect server of the local
stack, reads files, so `storage_path` maps a bucket to its folder as a Cloud Storage FUSE mount
would. Two habits of Sail are evened out here: it reads a folder that does not exist as zero rows,
and it writes no file at all for zero rows, which would lose the schema.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from pyspark.errors import AnalysisException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.utils import is_remote

MOUNT_VARIABLE = "RCM_LAKE_MOUNT"
SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
}
# How the JVM says that a folder is missing, or holds no file of a job that ended.
_NOTHING_THERE = ("PATH_NOT_FOUND", "UNABLE_TO_INFER_SCHEMA")


class SessionLost(RuntimeError):
    """The server was started again while a job ran, and has forgotten the job's settings."""


def configure(spark: SparkSession) -> None:
    """Gives a session the settings on which the meaning of every instant depends."""
    for name, value in SETTINGS.items():
        spark.conf.set(name, value)


def require_configured(spark: SparkSession) -> None:
    """Makes sure that the session still is the configured one.

    A Spark Connect server that dies and comes back opens a new session in silence, and that reads
    local times by the zone of the machine it runs on.

    Raises:
        SessionLost: it is another one; what was written meanwhile must not be used.
    """
    changed = [name for name, value in SETTINGS.items() if spark.conf.get(name, None) != value]
    if changed:
        raise SessionLost(
            f"Spark was started again while the batch ran and lost {', '.join(changed)}: "
            "run the task again"
        )


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
    row = spark.read.text(_existing_paths([uri]), wholetext=True).first()
    return str(row[0]) if row else ""


def read_parquet(spark: SparkSession, *uris: str) -> DataFrame:
    """Reads Parquet files or folders of one schema.

    Raises:
        FileNotFoundError: there is nothing to read at one of them.
    """
    return spark.read.parquet(*_existing_paths(uris))


def read_log(spark: SparkSession, uris: Sequence[str], schema: Mapping[str, str]) -> DataFrame:
    """Reads log batches in the columns of `schema`; a column that a batch lacks is NULL.

    Raises:
        FileNotFoundError: a batch is missing.
    """
    if not uris:
        return no_rows(spark, schema)
    return spark.read.schema(_ddl(schema)).parquet(*_existing_paths(uris))


def no_rows(spark: SparkSession, schema: Mapping[str, str]) -> DataFrame:
    """Returns an empty table with these columns and Spark SQL types."""
    columns = [F.lit(None).cast(sql_type).alias(name) for name, sql_type in schema.items()]
    return spark.range(0).select(*columns)


def small_table(
    spark: SparkSession, rows: Sequence[Mapping[str, str]], columns: Sequence[str]
) -> DataFrame:
    """Returns a table of texts, sent as one literal: the JVM needs no Python worker to read it."""
    row_type = ", ".join(f"`{name}`: string" for name in columns)
    content = F.from_json(F.lit(json.dumps(rows)), f"array<struct<{row_type}>>")
    return spark.range(1).select(F.inline(content))


def write_parquet(rows: DataFrame, uri: str) -> None:
    """Replaces the folder by these rows; zero rows leave a file that holds the schema."""
    path = storage_path(uri)
    rows.write.mode("overwrite").parquet(path)
    if is_remote() and _is_local(path) and not _has_files(path):
        _write_schema(rows, path)


def has_rows(spark: SparkSession, uri: str) -> bool:
    """Whether the Parquet folder exists and holds a row."""
    try:
        return not read_parquet(spark, uri).isEmpty()
    except FileNotFoundError:
        return False
    except AnalysisException as error:
        if error.getCondition() in _NOTHING_THERE:
            return False
        raise


def write_and_read(rows: DataFrame, uri: str) -> DataFrame:
    """Replaces the folder by these rows and returns them as read from there."""
    write_parquet(rows, uri)
    return read_parquet(rows.sparkSession, uri)


def _write_schema(rows: DataFrame, path: str) -> None:
    from pyarrow import parquet  # comes with PySpark's Connect client, the only caller

    Path(path).mkdir(parents=True, exist_ok=True)
    parquet.write_table(rows.limit(0).toArrow(), Path(path) / "part-0.parquet")


def _existing_paths(uris: Iterable[str]) -> list[str]:
    paths = {uri: storage_path(uri) for uri in uris}
    if is_remote():
        missing = [uri for uri, path in paths.items() if _is_local(path) and not _has_files(path)]
        if missing:
            raise FileNotFoundError(
                f"Nothing to read at {', '.join(missing)}: the specification names what is not in "
                "the lake. Land the load again, or rebuild silver from bronze."
            )
    return list(paths.values())


def _has_files(path: str) -> bool:
    return Path(path).is_file() or any(Path(path).glob("*.parquet"))


def _ddl(schema: Mapping[str, str]) -> str:
    return ", ".join(f"`{name}` {sql_type}" for name, sql_type in schema.items())


def _is_local(path: str) -> bool:
    return "://" not in path
