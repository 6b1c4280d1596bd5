"""Builds silver for one batch: new log rows, versions of the affected keys, and the ledger.

Below the output folder, as Parquet:

    rows/                   every row read and its failed rules, without content (working table)
    timeline/               the replayed observations, without content (working table)
    <entity>/observations/  new rows of the observation log
    <entity>/versions/      all versions of every key whose published versions change
    quarantine/             rows that are held and why, without content
    dq/                     rows checked and failed per load and rule
    loads/                  rows and dollars per load; written last

Every dataset exists, if need be with zero rows. Nothing outside the folder is written, and writing
it again gives the same rows. The working tables are written because each is read many times, and
because their sizes, then known, let Spark choose the joins.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce

from pyspark.sql import DataFrame, SparkSession

from spark_jobs import io
from spark_jobs.spec import Batch, Entity
from spark_jobs.transforms import conform, history, ledger, quality


def build_silver(spark: SparkSession, batch: Batch, output: str) -> None:
    """Writes everything of a batch below `output`; `loads` comes last and says it is complete.

    Raises:
        FileNotFoundError: a load or a published log batch is not in the lake.
        SpecError: a load does not have the columns that the batch maps.
    """
    root = output.rstrip("/")
    checked = {entity.name: _checked(spark, entity) for entity in batch.entities}
    rows = io.write_and_read(
        _union(ledger.rows_read(checked[entity.name], entity) for entity in batch.entities),
        f"{root}/rows/",
    )
    timeline = io.write_and_read(_timeline(spark, batch, rows), f"{root}/timeline/")
    for entity in batch.entities:
        _write_entity(spark, entity, checked[entity.name], timeline, f"{root}/{entity.name}")
    _write_ledger(spark, batch, rows, timeline, root)


def _checked(spark: SparkSession, entity: Entity) -> DataFrame:
    conformed = [
        conform.conform(io.read_parquet(spark, load.path), entity, load) for load in entity.loads
    ]
    nothing = io.no_rows(spark, conform.conformed_schema(entity))
    return quality.apply_checks(_union(conformed or [nothing]), entity)


def _timeline(spark: SparkSession, batch: Batch, rows: DataFrame) -> DataFrame:
    deletions = [
        history.references(_deletions(spark, entity), entity)
        for entity in batch.entities
        if entity.deletes
    ]
    arrived = _union([history.arrivals(rows), *deletions])
    logged = _union(
        history.logged_references(_log(spark, entity), arrived, entity) for entity in batch.entities
    )
    return history.replay(arrived, logged)


def _write_entity(
    spark: SparkSession, entity: Entity, checked: DataFrame, timeline: DataFrame, folder: str
) -> None:
    content = checked.select(*entity.log_schema)
    if entity.deletes:
        content = content.union(_deletions(spark, entity))
    gained = f"{folder}/observations/"
    io.write_parquet(history.new_observations(content, timeline, entity), gained)
    log = _log(spark, entity, gained)
    io.write_parquet(history.versions(log, timeline, entity), f"{folder}/versions/")


def _log(spark: SparkSession, entity: Entity, *gained: str) -> DataFrame:
    batches = (*entity.history, *gained) if entity.has_news else ()
    return io.read_log(spark, batches, entity.log_schema)


def _deletions(spark: SparkSession, entity: Entity) -> DataFrame:
    return history.deletions(io.read_parquet(spark, str(entity.deletes)), entity)


def _write_ledger(
    spark: SparkSession, batch: Batch, rows: DataFrame, timeline: DataFrame, root: str
) -> None:
    expected = _expected(spark, batch)
    totals = ledger.control_totals(rows, timeline, _loads(spark, batch))
    io.write_parquet(ledger.quarantined_rows(rows, expected), f"{root}/quarantine/")
    io.write_parquet(ledger.quality_results(rows, expected).repartition(1), f"{root}/dq/")
    io.write_parquet(totals.repartition(1), f"{root}/loads/")


def _expected(spark: SparkSession, batch: Batch) -> DataFrame:
    checks = [
        (entity.name, load.source_system, load.load_id, check.name, check.severity, check.reason)
        for entity in batch.entities
        for load in entity.loads
        for check in quality.checks(entity)
        if load.watermark or not check.needs_watermark
    ]
    columns = ("entity", "source_system", "load_id", "rule", "severity", "reason")
    return spark.createDataFrame(checks, ", ".join(f"{name} string" for name in columns))


def _loads(spark: SparkSession, batch: Batch) -> DataFrame:
    loads = [
        (load.load_id, entity.name, load.source_system)
        for entity in batch.entities
        for load in entity.loads
    ]
    return spark.createDataFrame(loads, "load_id string, entity string, source_system string")


def _union(tables: Iterable[DataFrame]) -> DataFrame:
    return reduce(DataFrame.unionByName, tables)
