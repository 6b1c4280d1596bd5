"""The rows of an entity's published tables: observations of the log, as a replay arranged them."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from spark_jobs.transforms.hashes import as_text, key_parts, parent_key, surrogate
from spark_jobs.transforms.history import OPEN_END
from utils.batch.spec import Derived, Entity
from utils.batch.types import SILVER_RATE_DECIMALS, SPARK_TYPES

_REFERENCE = ("_load_id", "_row_id", "_event_at", "_row_hash")
# Engines differ in the scale of a quotient; a dividend with a rate's decimals is enough for each.
_EXACT = f"decimal(22,{SILVER_RATE_DECIMALS})"


def versions(log: DataFrame, timeline: DataFrame, entity: Entity) -> DataFrame:
    """All versions of every affected key, in the columns of `silver.<entity>`.

    Grain: one row per version. Intervals [effective_date, expiry_date) are half open and adjoin,
    except after a deletion; the open version ends at 9999-12-31.

    Args:
        log: the log of the entity, with what this batch adds.
        timeline: see `history.replay`.
        entity: the entity of both.
    """
    opened = _of(timeline, entity).where(F.col("_is_affected") & F.col("_starts"))
    arranged = opened.select(*_REFERENCE, "version", "expiry_date", "is_deleted")
    return _described(log, arranged, entity).select(
        *_identity(entity),
        _version_key(entity).alias(entity.version_key_column),
        *_content(entity),
        *[_derive(column) for column in entity.derived],
        "version",
        F.col("_event_at").alias("effective_date"),
        "expiry_date",
        (F.col("expiry_date") == F.lit(OPEN_END)).alias("is_current"),
        "is_deleted",
        *["_row_hash", "_load_id", "_observed_at"],
    )


def revisions(log: DataFrame, timeline: DataFrame, entity: Entity) -> DataFrame:
    """All revisions of every restated key, in the columns of `silver.<entity>_revisions`.

    Grain: one row per key, event time and revision. Intervals [known_from, known_to) are half open
    and adjoin; what is known last ends at 9999-12-31. A deletion has a key and no other content.

    Args:
        log: the log of the entity, with what this batch adds.
        timeline: see `history.replay`.
        entity: the entity of both.
    """
    revising = _of(timeline, entity).where(F.col("_is_restated") & F.col("_revises"))
    arranged = revising.select(*_REFERENCE, "known_to")
    is_row = ~F.col("_is_deleted")
    return _described(log, arranged, entity).select(
        *_identity(entity),
        *_content(entity),
        *[F.when(is_row, _derive(column)).alias(column.name) for column in entity.derived],
        F.col("_event_at").alias("event_at"),
        F.col("_observed_at").alias("known_from"),
        "known_to",
        F.col("_is_deleted").alias("is_deleted"),
        *["_row_hash", "_load_id"],
    )


def _identity(entity: Entity) -> list[Column]:
    parent = entity.belongs_to
    named = [parent_key(entity).alias(parent.key_column)] if parent else []
    return [F.col("source_system"), F.col(entity.key_column), *named]


def _of(timeline: DataFrame, entity: Entity) -> DataFrame:
    return timeline.where(F.col("entity") == entity.name)


def _described(log: DataFrame, arranged: DataFrame, entity: Entity) -> DataFrame:
    """Gives arranged observations the content that the log has of them."""
    money = SPARK_TYPES["NUMERIC"]
    exact = log.select(
        *[
            F.col(name).cast(_EXACT).alias(name) if sql_type == money else F.col(name)
            for name, sql_type in entity.log_schema.items()
        ]
    )
    return exact.join(arranged, on=list(_REFERENCE), how="inner")


def _content(entity: Entity) -> list[Column]:
    return [F.col(column.name).cast(column.sql_type) for column in entity.columns]


def _version_key(entity: Entity) -> Column:
    return surrogate([*key_parts(entity), as_text(F.col("_event_at"), "timestamp")])


def _derive(column: Derived) -> Column:
    value = F.expr(column.expr)
    if column.type == "STRING":
        value = F.nullif(value, F.lit(""))
    return value.try_cast(column.sql_type).alias(column.name)
