"""Deterministic keys and hashes over an encoding in which no two different inputs are equal."""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import Column as SparkColumn
from pyspark.sql import functions as F

from spark_jobs.transforms.normalise import key_text
from utils.batch.spec import Column, Entity

DELETED_HASH = ""


def as_text(value: SparkColumn, sql_type: str) -> SparkColumn:
    """The one text of a value: decimals in plain notation with their scale, ISO dates, epoch µs."""
    if sql_type == "timestamp":
        return F.unix_micros(value).cast("string")
    return value.cast(sql_type).cast("string")


def surrogate(parts: Sequence[SparkColumn]) -> SparkColumn:
    """SHA-256 in hex over `<length>:<part>` of each part, `-1:` for NULL."""
    return F.sha2(F.concat(*[_length_prefixed(part) for part in parts]), 256)


def key_parts(entity: Entity, key: Sequence[str] | None = None) -> list[SparkColumn]:
    """The texts of an identity: source system and natural key, the row's own unless told."""
    columns = {column.name: column for column in entity.columns}
    named = [columns[name] for name in (entity.key if key is None else key)]
    texts = [
        key_text(as_text(F.col(column.name), column.sql_type), column.normalize) for column in named
    ]
    return [F.col("source_system"), *texts]


def entity_key(entity: Entity, key: Sequence[str] | None = None) -> SparkColumn:
    """Surrogate of (source_system, natural key); NULL when a part of the key is missing."""
    complete = F.lit(True)
    for name in entity.key if key is None else key:
        complete = complete & F.col(name).isNotNull()
    return F.when(complete, surrogate(key_parts(entity, key)))


def parent_key(entity: Entity) -> SparkColumn:
    """Surrogate of the row that a row belongs to, as that row has it; NULL if it names none."""
    if entity.belongs_to is None:
        return F.lit(None).cast("string")
    return entity_key(entity, entity.belongs_to.by)


def row_hash(columns: Sequence[Column]) -> SparkColumn:
    """SHA-256 in hex over name and value of the columns that are not NULL.

    NULL columns are left out, so a column that joins the contract changes no hash before it has a
    value; the names keep ("a", NULL, "b") and ("a", "b", NULL) apart.
    """
    return F.sha2(F.concat_ws("", *[_named(column) for column in columns]), 256)


def _length_prefixed(part: SparkColumn) -> SparkColumn:
    encoded = F.concat(F.length(part).cast("string"), F.lit(":"), part)
    return F.coalesce(encoded, F.lit("-1:"))


def _named(column: Column) -> SparkColumn:
    value = as_text(F.col(column.name), column.sql_type)
    length = F.length(value).cast("string")
    return F.concat(F.lit(f"{column.name}="), length, F.lit(":"), value)
