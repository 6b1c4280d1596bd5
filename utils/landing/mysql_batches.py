"""Brings what the driver carries to bronze's texts, batch by batch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from utils.errors import SourceError
from utils.landing.mysql_types import NO_TEXT, spelled_float

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from utils.landing.mysql_types import SourceColumn


def spelled(
    batches: Iterator[pa.RecordBatch],
    schema: pa.Schema,
    columns: Mapping[str, SourceColumn],
    where: str,
) -> Iterator[pa.RecordBatch]:
    """Each batch in the columns of the schema, `columns` by name in their landed spelling.

    Raises:
        SourceError: bytes of a text are none in its character set; the message names `where`,
            column and character set.
    """
    for batch in batches:
        if batch.num_rows == 0:
            continue
        arrays = []
        for item in schema:
            values, column = batch.column(item.name), columns.get(item.name)
            if column and column.may_hold_no_text:
                _require_text(values, column, where)
            arrays.append(_cast(values, item, column, where))
        yield pa.RecordBatch.from_arrays(arrays, schema=schema)


def _cast(values: pa.Array, item: pa.Field, column: SourceColumn | None, where: str) -> pa.Array:
    if pa.types.is_floating(values.type):
        return spelled_float(values)
    try:
        return values.cast(item.type)
    except pa.ArrowInvalid:
        raise _no_text(column.character_set if column else None, item.name, where) from None


def _require_text(values: pa.Array, column: SourceColumn, where: str) -> None:
    if pc.any(pc.equal(values, NO_TEXT)).as_py():
        raise _no_text(column.character_set, column.name, where)


def _no_text(character_set: str | None, name: str, where: str) -> SourceError:
    return SourceError(
        f"Bytes are no text of the character set {character_set or 'utf8mb4'}",
        where=f"{where}, column {name}",
        remedy="Correct these values or the column's character set at the source, or offer "
        "HEX(column) in a `select`",
    )


def numbered(batches: Iterator[pa.RecordBatch]) -> Iterator[tuple[pa.RecordBatch, pa.Array]]:
    """Each batch with the place of its rows in the load, from 1 on."""
    before = 0
    for batch in batches:
        ones = pa.repeat(pa.scalar(1, pa.int64()), batch.num_rows)
        yield batch, pc.cumulative_sum(ones, start=before)
        before += batch.num_rows
