"""What a MySQL type is spelled as in bronze: one table of types, and the SQL of each.

Every source column lands as text, in the one spelling that loses nothing. So a column that the
hospital retypes stays the column that it was, and no value meets a carrier's type that cannot hold
it: ConnectorX aborts, and prints the value, where a date is in no calendar or a decimal is wide.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

import pyarrow as pa
from MySQLdb.constants import FIELD_TYPE, FLAG

from utils.errors import ConfigError, SourceError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_AS_THE_SERVER_SHOWS_IT = "CAST({0} AS CHAR)"
_AS_HEXADECIMAL = "LOWER(HEX({0}))"
# Sums of doubles end in noise like 1.4E-14; from there on nothing is money, a rate or a number.
_FLOAT_DECIMALS = 18
DATES = ("date", "datetime", "timestamp")
INTEGERS = ("tinyint", "smallint", "mediumint", "int", "bigint", "year")
TEXTS = ("char", "varchar", "tinytext", "text", "mediumtext", "longtext")
BYTES = ("binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob")
FLOATS = ("float", "double")
# SQL of the landed text by type. A FLOAT or DOUBLE is carried as a double: the server would round
# a FLOAT to six digits, so `spelled_float` writes it.
SPELLINGS: Mapping[str, str] = {
    **dict.fromkeys(INTEGERS, _AS_THE_SERVER_SHOWS_IT),
    "decimal": _AS_THE_SERVER_SHOWS_IT,
    **dict.fromkeys(FLOATS, "{0} + 0E0"),
    "bit": "CAST(CAST({0} AS UNSIGNED) AS CHAR)",
    "date": _AS_THE_SERVER_SHOWS_IT,
    "datetime": _AS_THE_SERVER_SHOWS_IT,
    "timestamp": "CONCAT(CAST({0} AS CHAR), '+00:00')",  # the session's zone is UTC
    "time": _AS_THE_SERVER_SHOWS_IT,
    **dict.fromkeys(TEXTS, _AS_THE_SERVER_SHOWS_IT),
    **dict.fromkeys(("enum", "set", "json"), _AS_THE_SERVER_SHOWS_IT),
    **dict.fromkeys(("uuid", "inet4", "inet6"), _AS_THE_SERVER_SHOWS_IT),
    **dict.fromkeys(BYTES, _AS_HEXADECIMAL),
}
# Every sequence of bytes is text in these, or the server lets none in that is not. In others, such
# as `ascii`, it shows what is no text as question marks, and two keys become one.
_WHOLE_CHARACTER_SETS = (
    "utf8mb4", "utf8mb3", "utf8", "latin1", "ucs2", "utf16", "utf16le", "utf32",
)  # fmt: skip
NO_TEXT = "\ufffd"
_TEXT_OR_MARK = (
    "IF(CAST(CONVERT(CONVERT({0} USING utf8mb4) USING {1}) AS BINARY) = CAST({0} AS BINARY),"
    " CONVERT({0} USING utf8mb4), IF({0} IS NULL, NULL, _utf8mb4 X'EFBFBD'))"
)
_LONGEST_NAME = 64

# How the protocol numbers the types of a query's result.
_RESULT_TYPES = {
    FIELD_TYPE.DECIMAL: "decimal",
    FIELD_TYPE.NEWDECIMAL: "decimal",
    FIELD_TYPE.TINY: "tinyint",
    FIELD_TYPE.SHORT: "smallint",
    FIELD_TYPE.INT24: "mediumint",
    FIELD_TYPE.LONG: "int",
    FIELD_TYPE.LONGLONG: "bigint",
    FIELD_TYPE.YEAR: "year",
    FIELD_TYPE.BIT: "bit",
    FIELD_TYPE.FLOAT: "float",
    FIELD_TYPE.DOUBLE: "double",
    FIELD_TYPE.DATE: "date",
    FIELD_TYPE.DATETIME: "datetime",
    FIELD_TYPE.TIMESTAMP: "timestamp",
    FIELD_TYPE.TIME: "time",
    FIELD_TYPE.JSON: "json",
    FIELD_TYPE.VARCHAR: "varchar",
    FIELD_TYPE.VAR_STRING: "varchar",
    FIELD_TYPE.STRING: "char",
    FIELD_TYPE.ENUM: "enum",
    FIELD_TYPE.SET: "set",
    FIELD_TYPE.TINY_BLOB: "tinytext",
    FIELD_TYPE.BLOB: "text",
    FIELD_TYPE.MEDIUM_BLOB: "mediumtext",
    FIELD_TYPE.LONG_BLOB: "longtext",
    FIELD_TYPE.NULL: "char",
    FIELD_TYPE.GEOMETRY: "geometry",
}
_BYTES_OF_TEXTS = {
    "char": "binary", "varchar": "varbinary", "tinytext": "tinyblob", "text": "blob",
    "mediumtext": "mediumblob", "longtext": "longblob",
}  # fmt: skip


@dataclass(frozen=True)
class SourceColumn:
    """A column as `information_schema.COLUMNS` describes it."""

    name: str
    data_type: str
    column_type: str
    character_set: str | None = None

    @property
    def is_date(self) -> bool:
        """Whether windows can be cut by it."""
        return self.data_type in DATES

    @property
    def may_hold_no_text(self) -> bool:
        """Whether its bytes may be none of its character set."""
        is_text = self.data_type in TEXTS and self.character_set is not None
        return is_text and self.character_set not in _WHOLE_CHARACTER_SETS


def quote(name: str) -> str:
    """An identifier between backticks.

    Raises:
        ConfigError: no table or column can have this name.
    """
    if not name or len(name) > _LONGEST_NAME or not name.isprintable() or name != name.strip():
        raise ConfigError(
            "No table or column can have this name",
            where=repr(name),
            remedy=f"Use at most {_LONGEST_NAME} visible characters, without blanks around them",
        )
    return f"`{name.replace('`', '``')}`"


def require_spelling(column: SourceColumn, where: str) -> None:
    """Makes sure that a column's type is one of the table.

    Raises:
        SourceError: it is not; the message names `where`, column and type.
    """
    if column.data_type not in SPELLINGS:
        raise SourceError(
            f"Columns of type {column.data_type} cannot be landed",
            where=f"{where}, column {column.name}",
            remedy="Offer the column as text in a `select`, such as ST_AsText(column), or remove "
            "it from the source's file",
        )


def expression(column: SourceColumn) -> str:
    """SQL of the column's value in its landed spelling; a FLOAT or DOUBLE is a double still."""
    if column.may_hold_no_text:
        return _TEXT_OR_MARK.format(quote(column.name), column.character_set)
    return SPELLINGS[column.data_type].format(quote(column.name))


def spelled_float(values: pa.Array) -> pa.Array:
    """Doubles as plain decimal numbers: the shortest that is the double, without an exponent.

    A FLOAT is widened first: the shortest text of its four bytes is another number.
    """
    return pa.array(map(_plain, values.cast(pa.float64()).to_pylist()), pa.string())


def _plain(number: float | None) -> str | None:
    if number is None:
        return None
    exact = Decimal(repr(number + 0.0)).normalize()
    if -int(exact.as_tuple().exponent) > _FLOAT_DECIMALS:
        exact = exact.quantize(Decimal(1).scaleb(-_FLOAT_DECIMALS)).normalize()
    return f"{exact + 0:f}"


def result_columns(
    description: Sequence[Sequence[int | str | None]],
    flags: Sequence[int],
    character_sets: Sequence[str],
) -> list[SourceColumn]:
    """Columns of a query's result, from a cursor's `description` and `description_flags`.

    The protocol tells texts from bytes by the character set only, which the driver keeps to itself;
    `character_sets` are what the server says of them.
    """
    found = []
    for (name, code, *_), flag, character_set in zip(
        description, flags, character_sets, strict=True
    ):
        data_type = _RESULT_TYPES.get(int(code or 0), f"number {code} of the MySQL protocol")
        if flag & FLAG.ENUM:
            data_type = "enum"
        elif flag & FLAG.SET:
            data_type = "set"
        elif character_set == "binary":
            data_type = _BYTES_OF_TEXTS.get(data_type, data_type)
        found.append(SourceColumn(str(name), data_type, data_type, character_set))
    return found
