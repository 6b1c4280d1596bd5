"""The columns of a query's result, in the words of `information_schema.COLUMNS`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from MySQLdb.constants import FIELD_TYPE

from utils.landing.mysql_query import SourceColumn

if TYPE_CHECKING:
    from collections.abc import Sequence

_UNSIGNED = 32
_DATA_TYPES = {
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
    # The protocol tells texts from bytes by the character set only, which the driver keeps.
    FIELD_TYPE.VARCHAR: "varchar",
    FIELD_TYPE.VAR_STRING: "varchar",
    FIELD_TYPE.STRING: "char",
    FIELD_TYPE.ENUM: "enum",
    FIELD_TYPE.SET: "set",
    FIELD_TYPE.TINY_BLOB: "text",
    FIELD_TYPE.BLOB: "text",
    FIELD_TYPE.MEDIUM_BLOB: "text",
    FIELD_TYPE.LONG_BLOB: "text",
    FIELD_TYPE.NULL: "char",
}


def result_columns(
    description: Sequence[Sequence[int | str | None]], flags: Sequence[int]
) -> list[SourceColumn]:
    """Columns of a result, from a cursor's `description` and `description_flags`.

    A DECIMAL's length counts its point and its sign, so both are taken off.
    """
    found = []
    for (name, code, _, _, length, scale, *_), flag in zip(description, flags, strict=True):
        is_unsigned = bool(flag & _UNSIGNED)
        data_type = _DATA_TYPES.get(int(code or 0), f"number {code} of the MySQL protocol")
        is_decimal = data_type == "decimal"
        digits = int(length or 0) - (0 if is_unsigned else 1) - (1 if scale else 0)
        found.append(
            SourceColumn(
                str(name),
                data_type,
                f"{data_type} unsigned" if is_unsigned else data_type,
                digits if is_decimal else None,
                int(scale or 0) if is_decimal else None,
            )
        )
    return found
