"""Compares published rows with the answer key. Reads nothing itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pyarrow as pa

from simulator.columns import KEY_METADATA, RATIOS

ROW = "(row)"
GOLD_RATIO_TOLERANCE = Decimal("0.000000001")
Key = tuple[Any, ...]


@dataclass(frozen=True)
class Difference:
    """One value, or one row, that is not published as the answer key says."""

    table: str
    key: str
    column: str
    expected: str
    published: str


def key_columns(expected: pa.Table) -> list[str]:
    """Returns the columns that identify a row of an answer-key table."""
    names: str = expected.schema.metadata[KEY_METADATA].decode()
    return names.split(",")


def compare(name: str, expected: pa.Table, published: Iterable[Sequence[Any]]) -> list[Difference]:
    """Returns every difference between a table of the answer key and the published rows.

    Args:
        name: the table, as `dataset.table`. Ratios in gold may differ by the last of nine decimals.
        expected: the table of the answer key.
        published: rows with the answer key's columns in its order.
    """
    columns = expected.column_names
    key = key_columns(expected)
    positions = [columns.index(column) for column in key]
    wanted = _by_key(
        zip(*(column.to_pylist() for column in expected.columns), strict=True), positions
    )
    found = _by_key(published, positions)
    differences = []
    for identity in dict.fromkeys([*wanted, *found]):
        shown = ", ".join(f"{column}={value}" for column, value in zip(key, identity, strict=True))
        rows, others = wanted.get(identity, []), found.get(identity, [])
        if len(rows) != 1 or len(others) != 1:
            differences += _of_counts(name, shown, len(rows), len(others))
            continue
        differences += [
            Difference(name, shown, column, str(value), str(other))
            for column, value, other in zip(columns, rows[0], others[0], strict=True)
            if value != other and not _is_close(name, column, value, other)
        ]
    return differences


def _of_counts(name: str, key: str, expected: int, published: int) -> list[Difference]:
    if expected == published:
        return []
    return [Difference(name, key, ROW, f"{expected} of it", f"{published} of it")]


def _by_key(
    rows: Iterable[Sequence[Any]], positions: Sequence[int]
) -> dict[Key, list[Sequence[Any]]]:
    index: dict[Key, list[Sequence[Any]]] = {}
    for row in rows:
        index.setdefault(tuple([row[position] for position in positions]), []).append(row)
    return index


def _is_close(name: str, column: str, expected: Any, published: Any) -> bool:
    """Gold may round a ratio where it likes; silver's rates are six decimals, half up."""
    is_ratio = name.startswith("gold.") and (column.endswith("_rate") or column in RATIOS)
    if not is_ratio or expected is None or published is None:
        return False
    return bool(abs(expected - Decimal(str(published))) <= GOLD_RATIO_TOLERANCE)
