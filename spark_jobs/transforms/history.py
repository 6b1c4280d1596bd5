"""Versions of every row, replayed from its observations in the order of their event times.

The log of observations is the state. It keeps what every reading said of a key and event time, also
when it changes nothing: a late change before such an observation makes it a version, and a late
reading makes it a revision. Therefore any split of the same observations into batches, in any
order, gives the same versions and revisions.

The replay works on references to observations, without their content, for all entities at once.
"""

from __future__ import annotations

from datetime import UTC, datetime

from pyspark.sql import Column, DataFrame
from pyspark.sql import Window as W
from pyspark.sql import functions as F

from spark_jobs.transforms.dedupe import rank
from spark_jobs.transforms.hashes import DELETED_HASH, key_parts, surrogate
from spark_jobs.transforms.revisions import mark
from utils.batch.reports import DEDUPLICATED, MERGED, UNCHANGED
from utils.batch.spec import SPELLING, Entity

OPEN_END = datetime(9999, 12, 31, tzinfo=UTC)
OBSERVATION = (
    "entity",
    "record_key",
    "_event_at",
    "_observed_at",
    "_row_hash",
    "_load_id",
    "_row_id",
    "_is_deleted",
)
_KEY = ("entity", "record_key")


def references(observations: DataFrame, entity: Entity) -> DataFrame:
    """Observations of an entity without their content: the columns of OBSERVATION."""
    named = observations.withColumnRenamed(entity.key_column, "record_key")
    return named.select(F.lit(entity.name).alias("entity"), *OBSERVATION[1:])


def arrivals(rows: DataFrame) -> DataFrame:
    """References to the rows that no rule holds."""
    return rows.where(F.col("_rule").isNull()).select(*OBSERVATION)


def with_key(rows: DataFrame) -> DataFrame:
    """References to the rows whose key can be read, whether a rule holds them or not."""
    return rows.where(F.col("record_key").isNotNull()).select(*OBSERVATION)


def logged_references(log: DataFrame, seen: DataFrame, entity: Entity) -> DataFrame:
    """References to the logged observations of the keys that were seen.

    Only these columns of the log are read, and no row of another key goes further: the cost
    follows the change.
    """
    keys = seen.where(F.col("entity") == entity.name).select("record_key")
    return references(log, entity).join(keys, on="record_key", how="left_semi").select(*OBSERVATION)


def _attributes(entity: Entity) -> dict[str, str]:
    """What a deletion does not have: the columns beside the key, with their types."""
    return {c.name: c.sql_type for c in entity.columns if c.name not in entity.key}


def spellings(log: DataFrame, entity: Entity) -> DataFrame:
    """How the keys of an entity that folds them were spelled, in each logged observation."""
    named = log.where(F.col(SPELLING).isNotNull()).withColumnRenamed(
        entity.key_column, "record_key"
    )
    return named.select(
        F.lit(entity.name).alias("entity"), "record_key", SPELLING, "_observed_at", "_load_id"
    )


def deletions(deletes: DataFrame, entity: Entity) -> DataFrame:
    """Rows that are gone at their source, in the columns of the log; attributes are NULL."""
    attributes = {
        name: F.lit(None).cast(sql_type) for name, sql_type in _attributes(entity).items()
    }
    technical = {
        entity.key_column: surrogate(key_parts(entity)),
        "_row_hash": F.lit(DELETED_HASH),
        "_is_deleted": F.lit(True),
        SPELLING: F.lit(None).cast("string"),
    }
    return deletes.withColumns({**attributes, **technical}).select(*entity.log_schema)


def replay(arrived: DataFrame, logged: DataFrame) -> DataFrame:
    """Puts new observations among the logged ones of their keys and says what becomes of each.

    Args:
        arrived: new observations, columns OBSERVATION; several may share key and event time.
        logged: all logged observations of these keys.

    Returns:
        One row per observation: OBSERVATION, `_is_new`, `_wins` (counts at its event time),
        `_starts` (opens a version, number `version`, in force until `expiry_date`, where its key
        is gone if `is_deleted`), `_is_affected` (the versions of its key are not the published
        ones), `_is_restated` (nor its revisions), `_is_kept`, `_revises` and `known_to` as
        `revisions.mark` says, and, for new rows, `_disposition`.
    """
    both = arrived.select(*OBSERVATION, F.lit(True).alias("_is_new")).unionByName(
        logged.select(*OBSERVATION, F.lit(False).alias("_is_new"))
    )
    observed = both.groupBy(*_KEY).agg(F.count("*").alias("_observation_count"))
    counted = both.join(observed, on=list(_KEY), how="inner")
    alone = _replay_alone(counted.where("_observation_count = 1"))
    return alone.unionByName(_replay_together(counted.where("_observation_count > 1")))


def _replay_alone(observations: DataFrame) -> DataFrame:
    """The only observation of a key needs no comparison; nearly all of a first load are such."""
    opens = F.when(F.col("_is_deleted"), F.lit(UNCHANGED)).otherwise(F.lit(MERGED))
    return observations.select(
        *[*OBSERVATION, "_is_new"],
        F.lit(True).alias("_wins"),
        (~F.col("_is_deleted")).alias("_starts"),
        F.when(~F.col("_is_deleted"), F.lit(1).cast("bigint")).alias("version"),
        F.when(~F.col("_is_deleted"), F.lit(OPEN_END)).alias("expiry_date"),
        F.when(~F.col("_is_deleted"), F.lit(False)).alias("is_deleted"),
        F.col("_is_new").alias("_is_affected"),
        *[F.lit(True).alias("_is_kept"), F.lit(True).alias("_revises")],
        F.lit(OPEN_END).alias("known_to"),
        F.col("_is_new").alias("_is_restated"),
        F.when(F.col("_is_new"), opens).alias("_disposition"),
    )


def _replay_together(observations: DataFrame) -> DataFrame:
    key = W.partitionBy(*_KEY)
    so_far = key.orderBy("_event_at").rowsBetween(W.unboundedPreceding, W.currentRow)
    before = key.orderBy("_event_at").rowsBetween(W.unboundedPreceding, -1)
    after = key.orderBy(F.col("_event_at").desc()).rowsBetween(W.unboundedPreceding, -1)

    hash_before = F.last(F.when(F.col("_wins"), F.col("_row_hash")), ignorenulls=True).over(before)
    changes = ~hash_before.eqNullSafe(F.col("_row_hash"))
    marked = mark(observations.select(*OBSERVATION, "_is_new"), F.lit(OPEN_END))
    compared = rank(marked).withColumn("_changes", changes)
    starts = F.col("_wins") & F.col("_changes") & ~F.col("_is_deleted")
    ends = F.col("_wins") & F.col("_changes") & F.col("_is_deleted") & hash_before.isNotNull()
    started = compared.withColumns({"_starts": starts, "_ends": ends})

    is_bound = F.col("_starts") | (F.col("_wins") & F.col("_is_deleted"))
    next_bound = F.last(F.when(is_bound, F.col("_event_at")), ignorenulls=True).over(after)
    by_deletion = F.last(F.when(is_bound, F.col("_is_deleted")), ignorenulls=True).over(after)
    number = F.sum(F.col("_starts").cast("bigint")).over(so_far)
    affects = F.col("_is_new") & F.col("_wins") & (is_bound | F.col("_logged_hash").isNotNull())
    is_change = F.col("_starts") | F.col("_ends")
    return started.select(
        *[*OBSERVATION, "_is_new", "_wins", "_starts"],
        F.when(F.col("_starts"), number).alias("version"),
        F.when(F.col("_starts"), F.coalesce(next_bound, F.lit(OPEN_END))).alias("expiry_date"),
        F.when(F.col("_starts"), F.coalesce(by_deletion, F.lit(False))).alias("is_deleted"),
        F.max(affects).over(key).alias("_is_affected"),
        *["_is_kept", "_revises", "known_to"],
        F.max("_restates").over(key).alias("_is_restated"),
        F.when(F.col("_is_new"), _disposition(is_change)).alias("_disposition"),
    )


def _disposition(is_change: Column) -> Column:
    is_known = F.col("_logged_hash").eqNullSafe(F.col("_row_hash"))
    return (
        F.when(F.col("_is_duplicate"), F.lit(DEDUPLICATED))
        .when(is_change & ~is_known, F.lit(MERGED))
        .otherwise(F.lit(UNCHANGED))
    )


def new_observations(content: DataFrame, timeline: DataFrame, entity: Entity) -> DataFrame:
    """The rows that the log gains: the new ones that stand for their reading.

    Args:
        content: source_system and attributes of the rows that arrived, by `_load_id` and `_row_id`.
        timeline: see `replay`.
        entity: the entity of both.
    """
    gained = timeline.where((F.col("entity") == entity.name) & F.col("_is_new") & F.col("_is_kept"))
    references = gained.withColumnRenamed("record_key", entity.key_column).select(
        entity.key_column, *OBSERVATION[2:]
    )
    known = {entity.key_column, *OBSERVATION}
    described = [name for name in entity.log_schema if name not in known]
    is_row = ~F.col("_is_deleted")
    attributes = [
        F.when(is_row, F.col(name)).alias(name) if name in _attributes(entity) else F.col(name)
        for name in described
    ]
    return (
        content.select(*attributes, "_load_id", "_row_id")
        .join(references, on=["_load_id", "_row_id"], how="inner")
        .select(*entity.log_schema)
    )
