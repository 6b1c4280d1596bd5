"""What became of every row that was read: quarantine, quality results and control totals."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import Window as W
from pyspark.sql import functions as F

from spark_jobs.transforms.hashes import parent_key, surrogate
from spark_jobs.transforms.history import OBSERVATION
from utils.batch import reports
from utils.batch.reports import DOLLARS, QUARANTINED, STAGES
from utils.batch.spec import SPELLING, Entity
from utils.batch.types import SPARK_TYPES

_MONEY = SPARK_TYPES["NUMERIC"]
TOTAL = "decimal(28,2)"  # no sum of amounts overflows it, and BigQuery's NUMERIC holds it
_ROW = ("_load_id", "_row_id")


def rows_read(checked: DataFrame, entity: Entity) -> DataFrame:
    """Every row that was read, without its content but for the spelling of a key that folds.

    Grain: one row per load and row. `record_key` is NULL when the key is missing; amounts are USD,
    NULL for entities without money or where they do not parse. `_detail` is what a rule's reason
    adds for this row.
    """
    spelling = F.col(SPELLING) if entity.folds else F.lit(None).cast("string")
    return checked.select(
        F.lit(entity.name).alias("entity"),
        F.col(entity.key_column).alias("record_key"),
        parent_key(entity).alias("parent_key"),
        *OBSERVATION[2:],
        *["_rule", "_rules"],
        F.lit(None).cast("string").alias("_detail"),
        spelling.alias(SPELLING),
        *_amounts(entity),
    )


def rows_gone(deletions: DataFrame, entity: Entity) -> DataFrame:
    """Deletions as rows that were read: no rule holds them and they carry no dollars.

    Grain: one row per deletion, in the columns of `rows_read`.
    """
    rule, no_rule = F.lit(None).cast("string").alias("_rule"), F.lit("").alias("_rules")
    return rows_read(deletions.select("*", rule, no_rule), entity)


def refused_loads(rows: DataFrame, limits: DataFrame) -> DataFrame:
    """Loads that are refused whole: rules hold too many of their rows, or they read otherwise.

    Grain: one row per refused load and rule that holds rows of it, or measure that differs.

    Args:
        rows: see `rows_read`, of all entities.
        limits: (load_id, max_rows, max_share, rows_landed, billed_landed, paid_landed) of the
            loads that have a limit; what landing did not count is NULL.
    """
    load_id, is_held = F.col("_load_id").alias("load_id"), F.col("_rule").isNotNull()
    totals = rows.groupBy(load_id).agg(
        F.count("*").alias("rows_read"),
        F.count_if(is_held).alias("rows_held"),
        *[F.sum(f"{kind}_amount").cast(TOTAL).alias(f"{kind}_read") for kind in DOLLARS],
    )
    limited = limits.join(totals, on="load_id", how="left")
    most = F.greatest(F.col("max_rows"), F.col("max_share") * F.col("rows_read"))
    over = limited.where(F.col("rows_held") > most).select("load_id", "rows_read")
    by_rule = (
        rows.where(is_held)
        .groupBy(load_id, F.col("_rule").alias("rule"))
        .agg(F.count("*").alias("rows_held"))
        .withColumn("imbalance", F.lit(None).cast("string"))
    )
    measures = F.explode(F.array(*[_imbalance(name) for name in ("rows", *DOLLARS)]))
    unbalanced = limited.select("load_id", "rows_read", measures.alias("imbalance")).select(
        "load_id",
        F.lit(None).cast("string").alias("rule"),
        "imbalance",
        F.coalesce("rows_read", F.lit(0)).alias("rows_read"),
        F.lit(0).cast("bigint").alias("rows_held"),
    )
    columns = reports.names(reports.REFUSED)
    held = over.join(by_rule, on="load_id", how="inner").select(*columns)
    return held.unionByName(unbalanced.where("imbalance IS NOT NULL").select(*columns))


def _imbalance(measure: str) -> Column:
    """What landing counted of a load and what is read, in words; NULL where the two agree."""
    landed = F.col(f"{measure}_landed")
    read = F.coalesce(F.col(f"{measure}_read").cast(TOTAL), F.lit(0).cast(TOTAL))
    words = F.concat(
        F.lit(f"{measure}: "), landed.cast("string"), F.lit(" landed, "), read.cast("string")
    )
    return F.when(landed != read, F.concat(words, F.lit(" read")))


def without(rows: DataFrame, refused: DataFrame, load_id: str) -> DataFrame:
    """The rows of other loads than those that are refused; `load_id` is their column."""
    loads = refused.select(F.col("load_id").alias(load_id)).distinct()
    return rows.join(F.broadcast(loads), on=load_id, how="left_anti")


def quarantined_rows(rows: DataFrame, expected: DataFrame) -> DataFrame:
    """The rows that are held and why.

    Grain: one row per load and row. `rule` is the first failed rule that quarantines, `rules` are
    all failed ones. `held_key` tells what is held, in whichever load it comes: the record's key,
    with a number where several rows of one key are held together, or without a key the content
    and which of the load's equal rows it is. `event_at` is not after
    the load's window, so that a date in the future does not outlast every correction.

    Args:
        rows: see `rows_read`, of all entities.
        expected: (entity, source_system, load_id, rule, rule_version, severity, reason) of every
            rule of a load.
    """
    equal_rows = W.partitionBy("entity", "_load_id", "_row_hash").orderBy("_row_id")
    event_at = F.coalesce(F.col("_event_at"), F.col("_observed_at"))
    is_future = event_at > F.col("_observed_at")
    held = rows.where(F.col("_rule").isNotNull()).select(
        F.col("_load_id").alias("load_id"),
        F.col("_row_id").alias("row_id"),
        *["record_key", "parent_key"],
        F.row_number().over(equal_rows).cast("string").alias("_place"),
        *["_number", "_detail"],
        F.col("_row_hash").alias("row_hash"),
        F.when(is_future, F.col("_observed_at")).otherwise(event_at).alias("event_at"),
        F.col("_observed_at").alias("observed_at"),
        F.col("_rule").alias("rule"),
        F.col("_rules").alias("rules"),
        *["billed_amount", "paid_amount"],
    )
    content = surrogate([F.col("source_system"), F.col("row_hash"), F.col("_place")])
    numbered = surrogate([F.col("record_key"), F.col("_number").cast("string")])
    named = held.join(expected, on=["load_id", "rule"], how="inner").withColumns(
        {
            "held_key": F.coalesce(
                F.when(F.col("_number") > 1, numbered), F.col("record_key"), content
            ),
            "reason": F.concat_ws(" ", "reason", "_detail"),
        }
    )
    return named.select(*reports.names(reports.QUARANTINE))


def last_accepted(timeline: DataFrame) -> DataFrame:
    """When each key that was seen was last accepted, where no version of this batch says so.

    Grain: one row per entity and key. A held row that is not newer no longer matters.

    Args:
        timeline: see `history.replay`.
    """
    published = F.when(F.col("_starts") & F.col("_is_affected"), F.col("_event_at"))
    newest = (
        timeline.where("_wins")
        .groupBy("entity", "record_key")
        .agg(F.max("_event_at").alias("event_at"), F.max(published).alias("published_at"))
    )
    return newest.where(~F.col("event_at").eqNullSafe(F.col("published_at"))).select(
        *reports.names(reports.ACCEPTED)
    )


def quality_results(rows: DataFrame, expected: DataFrame) -> DataFrame:
    """Rows checked and failed per load and rule, zeros included.

    Args:
        rows: see `rows_read`, of all entities.
        expected: (entity, source_system, load_id, rule, severity, reason) of every rule of a load.
    """
    load_id = F.col("_load_id").alias("load_id")
    checked = rows.groupBy(load_id).agg(F.count("*").alias("rows_checked"))
    failed = (
        rows.where(F.col("_rules") != "")
        .select(load_id, F.explode(F.split("_rules", ",")).alias("rule"))
        .groupBy("load_id", "rule")
        .agg(F.count("*").alias("rows_failed"))
    )
    counted = expected.join(checked, on="load_id", how="left").join(
        failed, on=["load_id", "rule"], how="left"
    )
    return counted.select(*_counted(reports.DQ))


def control_totals(rows: DataFrame, timeline: DataFrame, loads: DataFrame) -> DataFrame:
    """Rows and dollars per load: read = merged + unchanged + deduplicated + quarantined.

    Args:
        rows: see `rows_read`, of all entities.
        timeline: see `history.replay`.
        loads: (load_id, entity, source_system) of every load, also of empty ones.
    """
    valid = timeline.where("_is_new").select(*_ROW, "_disposition")
    held = F.when(F.col("_rule").isNotNull(), F.lit(QUARANTINED)).otherwise(F.col("_disposition"))
    disposed = rows.join(valid, on=list(_ROW), how="left").withColumn("_disposition", held)
    totals = disposed.groupBy(F.col("_load_id").alias("load_id")).agg(
        *[F.count_if(_in_stage(stage)).alias(f"rows_{stage}") for stage in STAGES],
        *[
            F.sum(F.when(_in_stage(stage), F.col(f"{kind}_amount"))).alias(f"{kind}_{stage}")
            for kind in DOLLARS
            for stage in STAGES
        ],
    )
    return loads.join(totals, on="load_id", how="left").select(*_counted(reports.LOADS))


def _in_stage(stage: str) -> Column:
    return F.lit(True) if stage == "read" else F.col("_disposition") == stage


def _counted(columns: reports.Columns) -> list[Column]:
    """The columns of a report; a count or a sum of nothing is zero."""
    totals = {"INT64": SPARK_TYPES["INT64"], "NUMERIC": TOTAL}
    return [
        F.coalesce(F.col(name), F.lit(0)).cast(totals[kind]).alias(name)
        if kind in totals
        else F.col(name)
        for name, kind in columns
    ]


def _amounts(entity: Entity) -> list[Column]:
    dollars = {"billed_amount": entity.amounts.billed, "paid_amount": entity.amounts.paid}
    return [
        (F.col(source) if source else F.lit(None)).cast(_MONEY).alias(name)
        for name, source in dollars.items()
    ]
