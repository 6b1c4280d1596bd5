"""Rows of one key that contradict each other: which is true is not known, so all are held."""

from __future__ import annotations

from collections.abc import Collection

from pyspark.sql import Column, DataFrame
from pyspark.sql import Window as W
from pyspark.sql import functions as F

from spark_jobs.transforms.quality import QUARANTINE, Check
from utils.batch.spec import SPELLING, Entity

SEVERAL_ROWS = Check(
    "several_rows_of_one_key",
    QUARANTINE,
    "one content per key, time of change and load",
    "Several different rows have one key and one time of change in one load, as lines of one claim "
    "have. Deliver one row per key, or give every line a number of its own.",
)
SPELLED_OTHERWISE = Check(
    "key_spelled_otherwise",
    QUARANTINE,
    "one spelling per folded key and source",
    "The key differs from another one in case only, and the contract folds case. Deliver one "
    "spelling, or remove `fold` from the contract.",
)
_KEY = ("entity", "record_key")
SPELLED = (*_KEY, SPELLING, "_observed_at", "_load_id")
_INSTANT = (*_KEY, "_load_id", "_event_at")


def checks(entity: Entity) -> tuple[Check, ...]:
    """The checks of a key's rows together."""
    return (SEVERAL_ROWS, *([SPELLED_OTHERWISE] if entity.folds else []))


def hold_contradictions(rows: DataFrame) -> DataFrame:
    """Holds all rows of a load that say different things of one key at one time of change.

    Rows that another rule holds count too: the rest of a claim's lines is not the claim.
    Grain: unchanged; adds `_number`, which tells such rows apart and is 1 for all others.

    Args:
        rows: see `ledger.rows_read`.
    """
    with_key = rows.where(F.col("record_key").isNotNull())
    contents = with_key.groupBy(*_INSTANT).agg(
        F.min("_row_hash").alias("_least"), F.max("_row_hash").alias("_greatest")
    )
    several = contents.where("_least <> _greatest").select(
        *_INSTANT, F.lit(True).alias("_is_several")
    )
    found = rows.join(F.broadcast(several), on=list(_INSTANT), how="left")
    place = F.row_number().over(W.partitionBy(*_INSTANT).orderBy("_row_id"))
    contradicting = found.where("_is_several").withColumn("_number", place)
    rest = found.where("_is_several IS NULL").withColumn("_number", F.lit(1))
    held = _held(contradicting, SEVERAL_ROWS, F.lit(True)).unionByName(rest)
    return held.drop("_is_several")


def hold_other_spellings(rows: DataFrame, logged: DataFrame, private: Collection[str]) -> DataFrame:
    """Holds rows whose folded key the source spelled otherwise before, or twice in one load.

    The spelling that was observed first is the key's. Grain: unchanged; `_detail` names both.

    Args:
        rows: see `ledger.rows_read`.
        logged: the columns of SPELLED, of the logged observations of these keys.
        private: entities whose keys no report may name.
    """
    spelled = rows.where(F.col(SPELLING).isNotNull() & F.col("record_key").isNotNull())
    in_load = spelled.groupBy(*_KEY, "_load_id").agg(
        F.min(SPELLING).alias("_least"), F.max(SPELLING).alias("_greatest")
    )
    twice = in_load.where("_least <> _greatest")
    sound = spelled.where("_rule IS NULL").join(twice, on=[*_KEY, "_load_id"], how="left_anti")
    first = W.partitionBy(*_KEY).orderBy("_observed_at", "_load_id", SPELLING)
    owners = (
        sound.select(*SPELLED)
        .unionByName(logged.select(*SPELLED))
        .withColumn("_place", F.row_number().over(first))
        .where("_place = 1")
        .select(*_KEY, F.col(SPELLING).alias("_owner"))
    )
    compared = rows.join(twice, on=[*_KEY, "_load_id"], how="left").join(
        owners, on=list(_KEY), how="left"
    )
    other = F.coalesce(F.col("_owner") != F.col(SPELLING), F.lit(False))
    is_twice = F.col("_least").isNotNull()
    both = [F.coalesce("_least", F.least("_owner", SPELLING)),
            F.coalesce("_greatest", F.greatest("_owner", SPELLING))]  # fmt: skip
    is_public = ~F.col("entity").isin(*private)
    detail = F.format_string("Both `%s` and `%s` came.", *both)
    named = compared.withColumn("_detail", F.when((is_twice | other) & is_public, detail))
    return _held(named, SPELLED_OTHERWISE, is_twice | other).drop("_least", "_greatest", "_owner")


def _held(rows: DataFrame, check: Check, fails: Column) -> DataFrame:
    name = F.when(fails, F.lit(check.name))
    return rows.withColumns(
        {
            "_rule": F.coalesce(F.col("_rule"), name),
            "_rules": F.concat_ws(",", F.nullif(F.col("_rules"), F.lit("")), name),
        }
    )
