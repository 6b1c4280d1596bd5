"""What counted at a key and event time, and since when that was known.

A later observation of the same instant corrects the earlier one without erasing it. Replaying only
what was known on a day shows every table as it was known then.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import Window as W
from pyspark.sql import functions as F

_INSTANT = ("entity", "record_key", "_event_at")


def mark(observations: DataFrame, open_end: Column) -> DataFrame:
    """Says of each observation whether it revised what was known, and for how long that held.

    A reading is what shares key, event time and observation time; the tie rules of `dedupe.rank`
    choose one observation of it. That one revises if its hash differs from what counted before it,
    except that a deletion does not outweigh a row that is there at the same instant.

    Args:
        observations: columns of `history.OBSERVATION` and `_is_new`.
        open_end: until when the latest revision is known.

    Returns:
        The same rows and `_is_kept` (stands for its reading), `_revises`, `known_to` (when the next
        revision of the instant became known) and `_restates` (revisions of its key are not the
        published ones because of it).
    """
    instant = W.partitionBy(*_INSTANT).orderBy(
        F.col("_observed_at"),
        F.col("_is_deleted").desc(),
        *["_row_hash", "_load_id", "_row_id"],
        F.col("_is_new").desc(),
    )
    before = instant.rowsBetween(W.unboundedPreceding, -1)
    later = W.partitionBy(*_INSTANT).orderBy(F.col("_observed_at").desc())
    after = later.rowsBetween(W.unboundedPreceding, -1)
    reading = W.partitionBy(*_INSTANT, "_observed_at")

    is_row = ~F.col("_is_deleted")
    is_last = ~F.lead("_observed_at").over(instant).eqNullSafe(F.col("_observed_at"))
    row_before = F.max(F.when(is_row, F.lit(True))).over(before).isNotNull()
    was_logged = F.max(~F.col("_is_new")).over(reading)
    kept = observations.withColumns(
        {
            "_is_kept": is_last,
            "_counts": is_last & (is_row | ~row_before),
            "_was_logged": was_logged,
        }
    )
    hash_before = F.last(F.when(F.col("_counts"), F.col("_row_hash")), ignorenulls=True)
    revises = F.col("_counts") & ~hash_before.over(before).eqNullSafe(F.col("_row_hash"))
    revised = kept.withColumn("_revises", revises)
    known_to = F.min(F.when(F.col("_revises"), F.col("_observed_at"))).over(after)
    restates = F.col("_is_new") & F.col("_is_kept") & (F.col("_revises") | F.col("_was_logged"))
    return revised.select(
        *observations.columns,
        *["_is_kept", "_revises"],
        F.when(F.col("_revises"), F.coalesce(known_to, open_end)).alias("known_to"),
        restates.alias("_restates"),
    )
