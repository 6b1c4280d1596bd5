"""Builds silver for one batch: new log rows, versions of the affected keys, and the ledger.

Below the output folder, as Parquet:

    judged/                 every row read and the rules that it fails by itself, without content
                            (working table)
    rows/                   the same rows, judged with the other rows of their keys (working table)
    refused/                refused loads, and the rules that hold their rows
    timeline/               the replayed observations, without content (working table)
    <entity>/observations/  new rows of the observation log
    <entity>/versions/      all versions of every key whose published versions change
    <entity>/revisions/     the same of revisions, of entities that keep them
    quarantine/             rows that are held and why, without content
    accepted/               newest accepted observations that start no version, without content
    dq/                     rows checked and failed per load and rule
    loads/                  rows and dollars per load; written last

Every dataset exists, if need be with zero rows. Nothing outside the folder is written, and writing
it again gives the same rows. The working tables are written because each is read many times, and
because their sizes, then known, let Spark choose the joins.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial, reduce

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from spark_jobs import io
from spark_jobs.transforms import collisions, conform, history, ledger, quality, tables
from utils.batch.reports import DOLLARS, observations_uri
from utils.batch.spec import Batch, Entity

WRITERS = 4


def build_silver(spark: SparkSession, batch: Batch, output: str) -> None:
    """Writes everything of a batch below `output`; `loads` comes last and says it is complete.

    Raises:
        FileNotFoundError: a load or a published log batch is not in the lake.
        SessionLost: Spark was started again meanwhile; the batch is not complete.
        SpecError: a load does not have the columns that the batch maps.
    """
    root = output.rstrip("/")
    loads = _loads(spark, batch)
    checked = {entity.name: _checked(spark, entity, loads) for entity in batch.entities}
    gone = {entity.name: _gone(spark, entity) for entity in batch.entities}
    alone = _union(
        [
            *(ledger.rows_read(checked[entity.name], entity) for entity in batch.entities),
            *(ledger.rows_gone(gone[entity.name], entity) for entity in batch.entities),
        ]
    )
    judged = io.write_and_read(alone, f"{root}/judged/")
    read = io.write_and_read(_without_contradictions(spark, batch, judged), f"{root}/rows/")
    over = ledger.refused_loads(read, _limits(spark, batch))
    refused = io.write_and_read(over.repartition(1), f"{root}/refused/")
    rows = ledger.without(read, refused, "_load_id")
    timeline = io.write_and_read(_timeline(spark, batch, rows), f"{root}/timeline/")

    def write_entity(entity: Entity) -> None:
        content = checked[entity.name].select(*entity.log_schema).union(gone[entity.name])
        _write_entity(spark, entity, content, timeline, root)

    expected = ledger.without(_expected_checks(spark, batch), refused, "load_id")
    reports = {
        "quarantine": ledger.quarantined_rows(rows, expected),
        "accepted": ledger.last_accepted(timeline),
        "dq": ledger.quality_results(rows, expected).repartition(1),
    }
    _side_by_side(
        [
            *(partial(write_entity, entity) for entity in batch.entities),
            *(partial(io.write_parquet, of, f"{root}/{name}/") for name, of in reports.items()),
        ]
    )
    known = ledger.without(
        _union([loads.drop("observed_at"), _delete_loads(batch, gone)]), refused, "load_id"
    )
    io.require_configured(spark)
    totals = ledger.control_totals(rows, timeline, known)
    io.write_parquet(totals.repartition(1), f"{root}/loads/")


def _side_by_side(steps: Iterable[Callable[[], None]]) -> None:
    """Runs steps that do not need each other; ends when all have ended, with the first error.

    A small write leaves most of an engine idle, and a daily batch has many.
    """
    with ThreadPoolExecutor(WRITERS) as pool:
        for outcome in [pool.submit(step) for step in steps]:
            outcome.result()


def is_complete(spark: SparkSession, output: str) -> bool:
    """Whether everything of a batch is below `output`.

    `loads` is written last and holds one file, which appears whole or not at all.
    """
    return io.has_rows(spark, f"{output.rstrip('/')}/loads/")


def _checked(spark: SparkSession, entity: Entity, loads: DataFrame) -> DataFrame:
    conformed = []
    for alike in entity.loads_by_shape:
        bronze = io.read_parquet(spark, *[load.path for load in alike])
        conformed.append(conform.conform(bronze, loads, entity, alike[0]))
    nothing = io.no_rows(spark, conform.conformed_schema(entity))
    return quality.apply_checks(_union(conformed or [nothing]), entity)


def _without_contradictions(spark: SparkSession, batch: Batch, rows: DataFrame) -> DataFrame:
    """The rows to merge, judged with the other rows of their keys."""
    held = collisions.hold_contradictions(rows)
    folding = [entity for entity in batch.entities if entity.folds and entity.has_news]
    if folding:
        logged = _union(history.spellings(_log(spark, entity), entity) for entity in folding)
        private = [entity.name for entity in folding if any(c.phi for c in entity.key_columns)]
        held = collisions.hold_other_spellings(held, logged, private)
    return _selected(spark, batch, held)


def _selected(spark: SparkSession, batch: Batch, rows: DataFrame) -> DataFrame:
    """The rows that loads name, where they do not stand for all of their rows.

    A row is judged with all rows of its load, so that a line of a claim does not pass for all.
    """
    partial_loads = [
        load for entity in batch.entities for load in entity.loads if load.rows is not None
    ]
    if not partial_loads:
        return rows
    named = [
        {"_load_id": load.load_id, "_row_id": str(row_id)}
        for load in partial_loads
        for row_id in load.rows or ()
    ]
    selected = io.small_table(spark, named, ("_load_id", "_row_id"))
    selected = selected.withColumn("_row_id", F.col("_row_id").cast("bigint"))
    is_whole = ~F.col("_load_id").isin([load.load_id for load in partial_loads])
    chosen = rows.join(F.broadcast(selected), ["_load_id", "_row_id"], "left_semi")
    return rows.where(is_whole).unionByName(chosen)


def _timeline(spark: SparkSession, batch: Batch, rows: DataFrame) -> DataFrame:
    # The keys of held rows too: whether such a row still matters depends on what was accepted.
    seen = history.with_key(rows)
    logged = _union(
        history.logged_references(_log(spark, entity), seen, entity) for entity in batch.entities
    )
    return history.replay(history.arrivals(rows), logged)


def _write_entity(
    spark: SparkSession, entity: Entity, content: DataFrame, timeline: DataFrame, root: str
) -> None:
    folder, gained = f"{root}/{entity.name}", observations_uri(root, entity.name)
    io.write_parquet(history.new_observations(content, timeline, entity), gained)
    log = _log(spark, entity, gained)
    io.write_parquet(tables.versions(log, timeline, entity), f"{folder}/versions/")
    if entity.keeps_revisions:
        io.write_parquet(tables.revisions(log, timeline, entity), f"{folder}/revisions/")


def _log(spark: SparkSession, entity: Entity, *gained: str) -> DataFrame:
    batches = (*entity.history, *gained) if entity.has_news else ()
    return io.read_log(spark, batches, entity.log_schema)


def _gone(spark: SparkSession, entity: Entity) -> DataFrame:
    if not entity.deletes:
        return io.no_rows(spark, entity.log_schema)
    return history.deletions(io.read_parquet(spark, *entity.deletes), entity)


def _delete_loads(batch: Batch, gone: Mapping[str, DataFrame]) -> DataFrame:
    return _union(
        gone[entity.name].select(
            F.col("_load_id").alias("load_id"),
            F.lit(entity.name).alias("entity"),
            "source_system",
        )
        for entity in batch.entities
    ).distinct()


def _expected_checks(spark: SparkSession, batch: Batch) -> DataFrame:
    """Every check of every load: what `dq` reports on, also when nothing fails."""
    checks = [
        {
            "entity": entity.name,
            "source_system": load.source_system,
            "load_id": load.load_id,
            "rule": check.name,
            "rule_version": check.version,
            "severity": check.severity,
            "reason": check.reason,
        }
        for entity in batch.entities
        for check in (*quality.row_checks(entity), *collisions.checks(entity))
        for load in entity.loads
        if load.watermark or not check.needs_watermark
    ]
    columns = (
        "entity", "source_system", "load_id", "rule", "rule_version", "severity", "reason"
    )  # fmt: skip
    return io.small_table(spark, checks, columns)


def _loads(spark: SparkSession, batch: Batch) -> DataFrame:
    loads = [
        {
            "load_id": load.load_id,
            "entity": entity.name,
            "source_system": load.source_system,
            "observed_at": load.observed_at.isoformat(),
        }
        for entity in batch.entities
        for load in entity.loads
    ]
    columns = ("load_id", "entity", "source_system", "observed_at")
    observed_at = F.col("observed_at").cast("timestamp")
    return io.small_table(spark, loads, columns).withColumn("observed_at", observed_at)


def _limits(spark: SparkSession, batch: Batch) -> DataFrame:
    types = {"max_rows": "bigint", "max_share": "double"}
    types |= {f"{measure}_landed": ledger.TOTAL for measure in ("rows", *DOLLARS)}
    limits = [
        {
            "load_id": load.load_id,
            "max_rows": str(load.limit.rows),
            "max_share": str(load.limit.share),
            **{f"{measure}_landed": text for measure, text in load.limit.landed.items()},
        }
        for entity in batch.entities
        for load in entity.loads
        if load.limit
    ]
    texts = io.small_table(spark, limits, ("load_id", *types))
    return texts.select(
        "load_id", *[F.col(name).cast(kind).alias(name) for name, kind in types.items()]
    )


def _union(tables: Iterable[DataFrame]) -> DataFrame:
    return reduce(DataFrame.unionByName, tables)
