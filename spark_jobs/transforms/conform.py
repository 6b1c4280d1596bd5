"""From a source's columns to the contract's: names, types, spelling, UTC."""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from spark_jobs.transforms.hashes import DELETED_HASH, entity_key, row_hash
from spark_jobs.transforms.instants import parse_instant, to_utc
from spark_jobs.transforms.normalise import (
    ACCEPT_ANY_TEXT,
    IDENTIFIER,
    ROUNDED,
    clean,
    cleaned,
    normalisers,
    says_unknown,
)
from utils.batch.spec import SPELLING, Column, Entity, Load, SpecError

_DAY = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_CLOCK = r"[ T]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{1,9})?)?"
_MIDNIGHT = r"[ T]00:00(:00(\.0{1,9})?)? ?(Z|UTC|GMT)"
# How landing spells a TIMESTAMP of MySQL, which is an instant. A file's `Z` behind a midnight says
# rather that somebody's language knows no days.
_DATABASE_INSTANT = rf"^{_DAY}{_CLOCK}\+00:00$"
# How databases and languages write that there is nothing. In a number, a date or an identifier they
# mean nothing else; in a text, somebody may be called Null.
_NOTHING = ("\\n", "null", "(null)", "none", "nat", "<na>", "nil")
_NOTHING_IN_TEXT = _NOTHING[:1]
_ASSIGNED = ("code", "id")
# MySQL's way to write no date into a column that must have one.
_ZERO_DATE = r"^0000-00-00([ T]00:00:00(\.0{1,9})?(\+00:00)?)?$"
# Oracle and SAS write `.50`.
_DECIMAL = r"^[+-]?([0-9]{1,18}(\.[0-9]{0,18})?|\.[0-9]{1,18})$"
_PATTERNS = {
    "DATE": f"^{_DAY}({_CLOCK}|{_MIDNIGHT})?$",
    "NUMERIC": _DECIMAL,
    "RATE": _DECIMAL,
    "INT64": r"^[+-]?[0-9]{1,19}(\.0{1,18})?$",
    "BOOL": "^(true|false|1|0)$",
}
_WATERMARK = "_watermark"
_FLAGS = {"true": "1", "false": "0"}
_MOMENTS = ("date", "timestamp", "timestamp_ntz")
_FLOATS = ("float", "double")
# Beyond these, different whole numbers are one float.
_LARGEST_EXACT = {"float": 2**24, "double": 2**53}
_INTEGERS = ("tinyint", "smallint", "int", "bigint")


def can_be_invalid(column: Column) -> bool:
    """Whether something that is not blank may be unreadable for this column."""
    return column.type != "STRING" or column.normalize not in ACCEPT_ANY_TEXT


def invalid_flag(column: Column) -> str:
    """Name of the column that says that the source's value could not be read."""
    return f"_{column.name}_invalid"


def conform(bronze: DataFrame, loads: DataFrame, entity: Entity, load: Load) -> DataFrame:
    """Brings loads of one shape into the entity's columns.

    Grain: one row per bronze row. A value that is blank or cannot be read is NULL; if it cannot be
    read, the column's flag is true. `_is_deleted` says that the source marked the row as deleted;
    such a row has no content, but its amounts are still there to be counted. `_event_at` is the
    watermark in UTC, or the end of the load's window for a table without one. NUMERIC rounds half
    up to cents.

    Cleaning, reading and flagging are separate steps, so that no step repeats the one before.

    Args:
        bronze: the rows of the loads.
        loads: (load_id, observed_at) of these loads at least.
        entity: what the rows become.
        load: one of the loads; the others are mapped alike, see `Load.shape`.

    Raises:
        SpecError: a mapped column is not in the load, or a normaliser is unknown.
    """
    types = _types(bronze, entity, load)
    windows = loads.select(
        F.col("load_id").alias("_load_id"), F.col("observed_at").alias("_observed_at")
    )
    texts = bronze.join(F.broadcast(windows), on="_load_id", how="inner").select(
        *["_load_id", "_observed_at"],
        F.col("_row_id").cast("bigint").alias("_row_id"),
        *[_cleaned(column, types, load).alias(_raw(column)) for column in entity.columns],
        _watermark(types, load).alias(_WATERMARK),
        _is_deletion(types, load).alias("_is_deleted"),
    )
    read = texts.select(
        "*",
        F.lit(load.source_system).alias("source_system"),
        *[_value(column, types, load).alias(column.name) for column in entity.columns],
        _event_at(types, load).alias("_event_at"),
    )
    flags = {
        invalid_flag(column): _is_invalid(column)
        for column in entity.columns
        if can_be_invalid(column)
    }
    content_hash = F.when(F.col("_is_deleted"), F.lit(DELETED_HASH)).otherwise(
        row_hash(entity.tracked)
    )
    identity = {entity.key_column: entity_key(entity), "_row_hash": content_hash}
    if entity.folds:
        identity[SPELLING] = F.concat_ws(" ", *[_raw_text(column) for column in entity.key_columns])
    return read.withColumns({**flags, **identity}).select(*conformed_schema(entity))


def conformed_schema(entity: Entity) -> dict[str, str]:
    """Columns of conformed rows, those of the log and the flags, with their Spark SQL types."""
    fallible = [column for column in entity.columns if can_be_invalid(column)]
    return {**entity.log_schema, **{invalid_flag(column): "boolean" for column in fallible}}


def _cleaned(column: Column, types: Mapping[str, str], load: Load) -> SparkColumn:
    source = load.columns.get(column.name)
    if source is None:
        return F.lit(load.constants.get(column.name)).cast("string")
    value = F.col(f"`{source}`")
    if _is_typed(column, types, load):
        return value
    written = cleaned(
        _part(_as_written(value, column, types[source]), column, load), column.normalize
    )
    text = _spelled_as_mapped(written, column, load)
    return F.when(~_says_nothing(text, column), text)


def _says_nothing(value: SparkColumn, column: Column) -> SparkColumn:
    is_text = column.type == "STRING" and column.normalize not in _ASSIGNED
    says_so = F.lower(value).isin(*(_NOTHING_IN_TEXT if is_text else _NOTHING))
    if column.type in ("DATE", "TIMESTAMP"):
        return says_so | value.rlike(_ZERO_DATE)
    return says_so


def _as_written(value: SparkColumn, column: Column, source_type: str) -> SparkColumn:
    """The text of a value; the number of an identifier that a number type holds has no decimals."""
    is_fraction_type = source_type in _FLOATS or source_type.startswith("decimal")
    if column.normalize != IDENTIFIER or not is_fraction_type:
        return value.cast("string")
    whole = value.try_cast("decimal(38,0)")
    if source_type in _FLOATS:
        is_exact = (F.rint(value) == value) & (F.abs(value) <= _LARGEST_EXACT[source_type])
    else:
        # In the type of the value: the engines widen two decimals to different ones.
        is_exact = whole.cast(source_type) == value
    rounded = F.concat(F.lit(ROUNDED), value.cast("string"))
    return F.when(is_exact, whole.cast("string")).otherwise(rounded)


def _part(value: SparkColumn, column: Column, load: Load) -> SparkColumn:
    split = load.splits.get(column.name)
    return F.split_part(value, F.lit(split.separator), F.lit(split.part)) if split else value


def _spelled_as_mapped(value: SparkColumn, column: Column, load: Load) -> SparkColumn:
    spelled = value
    for spelling, meant in load.values.get(column.name, {}).items():
        spelled = F.when(value == spelling, meant).otherwise(spelled)
    return spelled


def _value(column: Column, types: Mapping[str, str], load: Load) -> SparkColumn:
    raw = F.col(_raw(column))
    if _is_typed(column, types, load):
        return _convert(raw, column, types[load.columns[column.name]], load.time_zone)
    if column.type == "STRING":
        return _spell(raw, column, load)
    if column.type == "TIMESTAMP":
        return parse_instant(raw, load.time_zone)
    if column.type == "DATE":
        return _parse_day(raw, load.time_zone)
    word = F.lower(raw) if column.type == "BOOL" else raw
    number = F.regexp_replace(word, r"\.0+$", "") if column.type == "INT64" else word
    return F.when(word.rlike(_PATTERNS[column.type]), number).try_cast(column.sql_type)


def _parse_day(value: SparkColumn, zone: str) -> SparkColumn:
    """The day of a text: as it is written, of a database's instant the day in the zone."""
    written = F.when(value.rlike(_PATTERNS["DATE"]), F.substring(value, 1, 10)).try_cast("date")
    instant = F.when(value.rlike(_DATABASE_INSTANT), value).try_cast("timestamp")
    return F.coalesce(written, F.from_utc_timestamp(instant, zone).cast("date"))


def _is_typed(column: Column, types: Mapping[str, str], load: Load) -> bool:
    """Whether the source's type says what the contract's type asks; else the text is read."""
    if column.name in load.splits or column.name in load.values:
        return False
    source_type = types.get(load.columns.get(column.name, ""), "string")
    if column.type in ("DATE", "TIMESTAMP"):
        return source_type in _MOMENTS
    if column.type in ("NUMERIC", "RATE", "INT64"):
        return source_type in (*_INTEGERS, *_FLOATS) or source_type.startswith("decimal")
    return column.type == "BOOL" and source_type == "boolean"


def _convert(value: SparkColumn, column: Column, source_type: str, zone: str) -> SparkColumn:
    if column.type == "TIMESTAMP":
        return to_utc(value, source_type, zone)
    if source_type in _FLOATS:
        # A float's text differs between engines; nine decimals keep cents and drop binary noise.
        value = value.cast("double").try_cast("decimal(38,9)")
    return value.try_cast(column.sql_type)


def _spell(value: SparkColumn, column: Column, load: Load) -> SparkColumn:
    rule, known = column.normalize or "text", normalisers(load.phone_region)
    if rule not in known:
        raise SpecError(f"{column.name}.normalize: `{rule}` is none of {', '.join(known)}")
    spelled = known[rule](value)
    return F.upper(spelled) if column.fold == "case" else spelled


def _is_invalid(column: Column) -> SparkColumn:
    raw = F.col(_raw(column))
    unread = F.col(column.name).isNull() & raw.isNotNull()
    if column.type != "STRING":
        return unread
    return unread & ~says_unknown(raw, column.normalize)


def _is_deletion(types: Mapping[str, str], load: Load) -> SparkColumn:
    """Whether a row's flags say that it was deleted; true is 1 and false is 0."""
    says = F.lit(False)
    for column, values in load.deleted_when.items():
        value = F.col(f"`{column}`")
        text = value.cast("int") if types[column] == "boolean" else value
        flag = F.lower(clean(text.cast("string")))
        meant = [_FLAGS.get(each.lower(), each.lower()) for each in values]
        spelled = F.when(flag == "true", "1").when(flag == "false", "0").otherwise(flag)
        says = says | F.coalesce(spelled.isin(meant), F.lit(False))
    return says


def _watermark(types: Mapping[str, str], load: Load) -> SparkColumn:
    if load.watermark is None:
        return F.col("_observed_at")
    value = F.col(f"`{load.watermark}`")
    return value if types[load.watermark] in _MOMENTS else clean(value.cast("string"))


def _event_at(types: Mapping[str, str], load: Load) -> SparkColumn:
    watermark = F.col(_WATERMARK)
    if load.watermark is None:
        return watermark
    if types[load.watermark] in _MOMENTS:
        return to_utc(watermark, types[load.watermark], load.time_zone)
    return parse_instant(watermark, load.time_zone)


def _raw_text(column: Column) -> SparkColumn:
    return F.col(_raw(column)).cast("string")


def _raw(column: Column) -> str:
    return f"_{column.name}_raw"


def _types(bronze: DataFrame, entity: Entity, load: Load) -> Mapping[str, str]:
    types = dict(bronze.dtypes)
    watermark = [load.watermark] if load.watermark else []
    wanted = [*load.columns.values(), *load.deleted_when, *watermark, "_load_id", "_row_id"]
    missing = [name for name in wanted if name not in types]
    if missing:
        raise SpecError(
            f"load {load.load_id} of {entity.name} has no column {', '.join(missing)}; "
            "map only the columns that the load has"
        )
    return types
