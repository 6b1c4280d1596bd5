"""How a column of the contract is read from what a source has: renamed, mapped, split or constant.

Bronze keeps what the source said; Spark applies the map when it reads bronze.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BeforeValidator, Field, StringConstraints, model_validator

from utils.schema import StrictModel

if TYPE_CHECKING:
    from collections.abc import Callable

# What a table or the first line of a file may call a column: `Paid Amt ($)`, `Claim #`, `Año`.
SOURCE_COLUMN = Annotated[str, Field(pattern=r"^[^\s\pC`;](?:[^\pC`;]{0,126}[^\s\pC`;])?$")]
_BIGQUERY_RESERVES = ("_table_", "_file_", "_partition", "_row_timestamp", "__root__", "_colid")
_WORD = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


def _as_written(value: object) -> object:
    """YAML reads 12, true and 2026-01-31 as no text; a decimal number it would round."""
    if type(value) is bool:
        return str(value).lower()
    return str(value) if type(value) in (int, date) else value


Written = Annotated[_WORD, BeforeValidator(_as_written)]


class MappedColumn(StrictModel):
    """Where the values of one contract column come from.

    Attributes:
        column: the source's column.
        split: text at which its value is parted; `part` says which part is taken: 1 is the first,
            -1 the last. A value without that part is blank.
        values: contract value by source spelling, blanks around it left out; a spelling that is
            not named stays as it is and meets the normal rules.
        constant: value of every row, in place of a column.
    """

    column: SOURCE_COLUMN | None = None
    split: Annotated[str, Field(min_length=1)] | None = None
    part: int | None = None
    values: dict[_WORD, _WORD] = {}
    constant: Written | None = None

    @model_validator(mode="after")
    def _says_one_thing(self) -> MappedColumn:
        if (self.column is None) == (self.constant is None):
            raise ValueError("write the source's `column`, or a `constant`")
        if self.constant is not None and (self.values or self.split or self.part):
            raise ValueError("a `constant` has neither `values` nor `split`")
        if (self.split is None) != (self.part is None) or self.part == 0:
            raise ValueError('write both `split: ", "` and `part: 1` (the first) or -1 (the last)')
        return self

    @property
    def is_renamed_only(self) -> bool:
        """Whether the source's values are taken as they are."""
        return self.column is not None and not self.values and self.split is None


def _named(value: object) -> object:
    """A name alone is the column; what YAML reads as no text is a name that lacks its quotes."""
    return value if isinstance(value, dict | MappedColumn) else {"column": value}


ColumnMap = dict[str, Annotated[MappedColumn, BeforeValidator(_named)]]


def bronze_name(source_column: str) -> str:
    """A source's column as bronze calls it: letters, digits and `_`, as BigQuery has them.

    Another character becomes `_`. Two columns of a table that become one name are refused where
    the source is declared.
    """
    plain = re.sub("[^A-Za-z0-9_]", "_", source_column)
    is_taken = plain[0].isdigit() or plain.lower().startswith(_BIGQUERY_RESERVES)
    return f"c{'' if plain.startswith('_') else '_'}{plain}" if is_taken else plain


def fits(constant: str, column_type: str) -> bool:
    """Whether Spark reads a constant as a value of a contract column's type."""
    read = _READERS.get(column_type)
    try:
        return read is None or read(constant) is not None
    except (ValueError, ArithmeticError):
        return False


def _bool(text: str) -> bool | None:
    return {"true": True, "false": False, "1": True, "0": False}.get(text.lower())


_READERS: dict[str, Callable[[str], Any]] = {
    "DATE": date.fromisoformat,
    "TIMESTAMP": datetime.fromisoformat,
    "NUMERIC": Decimal,
    "RATE": Decimal,
    "INT64": int,
    "BOOL": _bool,
}
