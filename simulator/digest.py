"""One number for all rows of a table, worked out alike by BigQuery and from the answer key.

Reading a million rows through BigQuery's interface costs more than the run that made them. Where
the numbers agree, the rows are equal; where they do not, the rows are read and compared.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import reduce
from operator import xor
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from simulator.columns import RATIO_TYPE

BETWEEN, NOTHING = "\x1f", "\x1e"
HEX_DIGITS = 15  # of an MD5, so that a signed integer holds them


class Digest(NamedTuple):
    """How many rows a table has, and the sum without carry of what each of them says."""

    rows: int
    content: int


def has_digest(table: pa.Table) -> bool:
    """Returns whether all its columns are exact: ratios may differ by the last of nine decimals."""
    return RATIO_TYPE not in table.schema.types


def digest(table: pa.Table) -> Digest:
    """Returns the digest of a table of the answer key."""
    texts = [_texts(column.combine_chunks()) for column in table.columns]
    lines = pc.binary_join_element_wise(*texts, BETWEEN).to_pylist()
    return Digest(len(lines), reduce(xor, map(_number, lines), 0))


def digest_columns(schema: pa.Schema) -> str:
    """Returns the SELECT list with which BigQuery works out the digest of these columns."""
    texts = [
        f"IFNULL({_expression(name, of)}, CHR({ord(NOTHING)}))"
        for name, of in zip(schema.names, schema.types, strict=True)
    ]
    line = f", CHR({ord(BETWEEN)}), ".join(texts)
    number = f"CAST(CONCAT('0x', SUBSTR(TO_HEX(MD5(CONCAT({line}))), 1, {HEX_DIGITS})) AS INT64)"
    return f"COUNT(*), IFNULL(BIT_XOR({number}), 0)"


def _expression(name: str, of: pa.DataType) -> str:
    if pa.types.is_string(of):
        return name
    if pa.types.is_timestamp(of):
        return f"CAST(UNIX_MICROS({name}) AS STRING)"
    if pa.types.is_decimal(of):
        return f"CAST(CAST({name} * {10**of.scale} AS INT64) AS STRING)"
    return f"CAST({name} AS STRING)"


def _texts(values: pa.Array) -> pa.Array:
    of = values.type
    if pa.types.is_timestamp(of):
        values = values.cast(pa.int64())
    elif pa.types.is_decimal(of):
        digits = pa.decimal128(of.precision, 0)
        values = pa.Array.from_buffers(digits, len(values), values.buffers(), offset=values.offset)
        values = values.cast(pa.int64())
    return pc.fill_null(values.cast(pa.string()), NOTHING)


def _number(line: str) -> int:
    told = hashlib.md5(line.encode(), usedforsecurity=False).hexdigest()
    return int(told[:HEX_DIGITS], 16)


def equals(expected: pa.Table, answer: Sequence[int]) -> bool:
    """Returns whether BigQuery's answer is the digest of the table."""
    return digest(expected) == Digest(*answer)
