"""Brings what the driver carries to the types of bronze, batch by batch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from utils.errors import SourceError
from utils.landing.mysql_query import INVALID_DATES

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterator, Sequence


def typed(
    batches: Iterator[pa.RecordBatch],
    schema: pa.Schema,
    dates: Sequence[str],
    where: str,
    invalid: Counter[str],
) -> Iterator[pa.RecordBatch]:
    """Casts each batch to the schema and counts the invalid dates of each date column.

    Raises:
        SourceError: a value does not fit its column's type; the message names `where` and column.
    """
    for batch in batches:
        if batch.num_rows == 0:
            continue
        _count_flags(batch.column(INVALID_DATES), dates, invalid)
        yield pa.RecordBatch.from_arrays(
            [_cast(batch.column(item.name), item, where) for item in schema], schema=schema
        )


def _count_flags(mask: pa.Array, dates: Sequence[str], invalid: Counter[str]) -> None:
    mask = mask.cast(pa.int64())
    if not pc.max(mask).as_py():
        return
    for position, name in enumerate(dates):
        count = pc.sum(pc.not_equal(pc.bit_wise_and(mask, 1 << position), 0)).as_py()
        if count:
            invalid[name] += count


def _cast(values: pa.Array, item: pa.Field, where: str) -> pa.Array:
    try:
        return values.cast(item.type)
    except pa.ArrowInvalid:
        raise SourceError(
            f"A value does not fit the column's type {item.type}",
            where=f"{where}, column {item.name}",
            remedy="Compare the column's declaration with its content at the source",
        ) from None


def numbered(batches: Iterator[pa.RecordBatch]) -> Iterator[tuple[pa.RecordBatch, pa.Array]]:
    """Each batch with the place of its rows in the load, from 1 on."""
    before = 0
    for batch in batches:
        ones = pa.repeat(pa.scalar(1, pa.int64()), batch.num_rows)
        yield batch, pc.cumulative_sum(ones, start=before)
        before += batch.num_rows
