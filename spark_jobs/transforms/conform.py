"""From a source's columns to the contract's: names, types, spelling, UTC."""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from spark_jobs.spec import Column, Entity, Load, SpecError
from spark_jobs.transforms.hashes import entity_key, row_hash
from spark_jobs.transforms.normalise import ACCEPT_ANY_TEXT, NORMALISERS, is_blank, text

_DAY = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_TIME = r"[ T][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?"
_LOCAL_TIME = f"^{_DAY}({_TIME})?$"
_INSTANT = f"^{_DAY}{_TIME}(Z|[+-][0-9]{{2}}:[0-9]{{2}})$"
_DECIMAL = r"^[+-]?[0-9]{1,18}(\.[0-9]{0,18})?$"
_PATTERNS = {
    "DATE": f"^{_DAY}$",
    "NUMERIC": _DECIMAL,
    "RATE": _DECIMAL,
    "INT64": "^[+-]?[0-9]{1,19}$",
    "BOOL": "^(true|false|1|0)$",
}
_MOMENTS = ("date", "timestamp", "timestamp_ntz")
_FLOATS = ("float", "double")
_INTEGERS = ("tinyint", "smallint", "int", "bigint")


def can_be_invalid(column: Column) -> bool:
    """Whether something that is not blank may be unreadable for this column."""
    return column.type != "STRING" or column.normalize not in ACCEPT_ANY_TEXT


def invalid_flag(column: Column) -> str:
    """Name of the column that says that the source's value could not be read."""
    return f"_{column.name}_invalid"


def conform(bronze: DataFrame, entity: Entity, load: Load) -> DataFrame:
    """Brings one load into the entity's columns.

    Grain: one row per bronze row. A value that is blank or cannot be read is NULL; for the latter
    the column's flag is true. `_event_at` is the watermark in UTC, or the end of the load's window
    for a table without one. NUMERIC rounds half up to cents.

    Raises:
        SpecError: a mapped column is not in the load, or a normaliser is unknown.
    """
    types = _types(bronze, entity, load)
    values = bronze.select(
        F.lit(load.source_system).alias("source_system"),
        *[_source(column, load).alias(_raw(column)) for column in entity.columns],
        *[_value(column, types, load).alias(column.name) for column in entity.columns],
        _event_at(types, load).alias("_event_at"),
        F.lit(load.observed_at).alias("_observed_at"),
        F.lit(load.load_id).alias("_load_id"),
        F.col("_row_id").cast("bigint").alias("_row_id"),
        F.lit(False).alias("_is_deleted"),
    )
    flags = {
        invalid_flag(column): _is_invalid(column, types, load)
        for column in entity.columns
        if can_be_invalid(column)
    }
    identity = {entity.key_column: entity_key(entity), "_row_hash": row_hash(entity.tracked)}
    return values.withColumns({**identity, **flags}).select(*conformed_schema(entity))


def conformed_schema(entity: Entity) -> dict[str, str]:
    """Columns of conformed rows, those of the log and the flags, with their Spark SQL types."""
    fallible = [column for column in entity.columns if can_be_invalid(column)]
    return {**entity.log_schema, **{invalid_flag(column): "boolean" for column in fallible}}


def to_utc(value: SparkColumn, source_type: str, zone: str) -> SparkColumn:
    """The instant of a source's time: local time of the zone unless the type carries an offset."""
    if source_type == "timestamp":
        return value
    return F.to_utc_timestamp(value.cast("timestamp"), zone)


def parse_instant(value: SparkColumn, zone: str) -> SparkColumn:
    """The instant of an ISO 8601 text: local time (a bare day is its midnight), or with offset."""
    local = F.when(value.rlike(_LOCAL_TIME), value).try_cast("timestamp")
    instant = F.when(value.rlike(_INSTANT), value).try_cast("timestamp")
    return F.coalesce(F.to_utc_timestamp(local, zone), instant)


def parse_text(value: SparkColumn, column_type: str, sql_type: str) -> SparkColumn:
    """The value of a text in the contract's one format for the type; NULL if it does not fit."""
    word = text(F.lower(value)) if column_type == "BOOL" else text(value)
    return F.when(word.rlike(_PATTERNS[column_type]), word).try_cast(sql_type)


def _value(column: Column, types: Mapping[str, str], load: Load) -> SparkColumn:
    source = _source(column, load)
    source_type = _source_type(column, types, load)
    if column.type == "STRING":
        return _spell(source.cast("string"), column)
    if column.type == "TIMESTAMP" and source_type in _MOMENTS:
        return to_utc(source, source_type, load.time_zone)
    if column.type == "TIMESTAMP":
        return parse_instant(text(source.cast("string")), load.time_zone)
    if column.type == "DATE" and source_type in _MOMENTS:
        return source.cast("date")
    if _is_number(source_type) and column.type in ("NUMERIC", "RATE", "INT64"):
        return _number(source, source_type).try_cast(column.sql_type)
    return parse_text(source.cast("string"), column.type, column.sql_type)


def _spell(value: SparkColumn, column: Column) -> SparkColumn:
    if column.normalize is None:
        return F.when(~is_blank(value), value)
    if column.normalize not in NORMALISERS:
        known = ", ".join(NORMALISERS)
        raise SpecError(f"{column.name}.normalize: `{column.normalize}` is none of {known}")
    return NORMALISERS[column.normalize](value)


def _is_number(source_type: str) -> bool:
    return source_type in (*_INTEGERS, *_FLOATS) or source_type.startswith("decimal")


def _number(source: SparkColumn, source_type: str) -> SparkColumn:
    # A float's text form differs between engines; nine decimals keep cents and drop binary noise.
    return source.try_cast("decimal(38,9)") if source_type in _FLOATS else source


def _is_invalid(column: Column, types: Mapping[str, str], load: Load) -> SparkColumn:
    raw = F.col(_raw(column))
    is_text = _source_type(column, types, load) == "string"
    blank = is_blank(raw, column.normalize) if is_text else raw.isNull()
    return F.col(column.name).isNull() & ~blank


def _event_at(types: Mapping[str, str], load: Load) -> SparkColumn:
    if load.watermark is None:
        return F.lit(load.observed_at)
    watermark = F.col(f"`{load.watermark}`")
    if types[load.watermark] in _MOMENTS:
        return to_utc(watermark, types[load.watermark], load.time_zone)
    return parse_instant(text(watermark.cast("string")), load.time_zone)


def _source(column: Column, load: Load) -> SparkColumn:
    name = load.columns.get(column.name)
    return F.lit(None).cast("string") if name is None else F.col(f"`{name}`")


def _source_type(column: Column, types: Mapping[str, str], load: Load) -> str:
    name = load.columns.get(column.name)
    return "string" if name is None else types[name]


def _raw(column: Column) -> str:
    return f"_{column.name}_raw"


def _types(bronze: DataFrame, entity: Entity, load: Load) -> Mapping[str, str]:
    types = dict(bronze.dtypes)
    wanted = [*load.columns.values(), *([load.watermark] if load.watermark else []), "_row_id"]
    missing = [name for name in wanted if name not in types]
    if missing:
        raise SpecError(
            f"load {load.load_id} of {entity.name} has no column {', '.join(missing)}; "
            "map only the columns that the load has"
        )
    return types
