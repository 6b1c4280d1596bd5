"""Which of several observations of one row at one event time counts."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import Window as W
from pyspark.sql import functions as F

_INSTANT = ("entity", "record_key", "_event_at")


def rank(observations: DataFrame) -> DataFrame:
    """Ranks the observations of each key and event time, new and logged ones together.

    A row that is there outweighs its deletion at the same instant; then the last observed counts,
    then the greatest hash. Load and row number only decide between equal ones, and what is logged
    is not logged again. Nothing depends on the batch in which an observation came.

    Args:
        observations: columns of `history.OBSERVATION` and `_is_new`.

    Returns:
        The same rows and `_wins` (the one that counts), `_is_duplicate` (beaten by another new one)
        and `_logged_hash` (hash of the one that counted before this batch; NULL if none did).
    """
    ranked = W.partitionBy(*_INSTANT).orderBy(*_precedence())
    so_far = ranked.rowsBetween(W.unboundedPreceding, W.currentRow)
    whole = ranked.rowsBetween(W.unboundedPreceding, W.unboundedFollowing)
    is_new = F.col("_is_new")
    logged_hash = F.first(F.when(~is_new, F.col("_row_hash")), ignorenulls=True)
    return observations.select(
        "*",
        (F.row_number().over(ranked) == 1).alias("_wins"),
        (is_new & (F.sum(is_new.cast("bigint")).over(so_far) > 1)).alias("_is_duplicate"),
        logged_hash.over(whole).alias("_logged_hash"),
    )


def _precedence() -> list[Column]:
    latest_first = ("_observed_at", "_row_hash", "_load_id", "_row_id")
    descending = [F.col(name).desc() for name in latest_first]
    return [F.col("_is_deleted").asc(), *descending, F.col("_is_new").asc()]
