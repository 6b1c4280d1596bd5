"""The Arrow tables of the answer key: a column's name says its type, amounts are whole cents."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import pyarrow as pa

KEY_METADATA = b"key"
COUNTS = frozenset(
    {"version", "age_years", "month_of_year", "days_to_appeal", "days_to_resolution", "days_left",
     "priority", "urgency", "place", "adjustment_number", "year", "quarter", "month",
     "day_of_month", "iso_week", "iso_day_of_week", "_day", "_next_day"}
)  # fmt: skip
DAYS = frozenset({"valid_from", "valid_to", "appeal_deadline"})
WHOLE_NUMBERS = ("_count", "_days", "_sum", "_percent")
RATIOS = frozenset(
    {"average_days", "average_days_to_appeal", "average_processing_days",
     "collected_per_charge", "credit_days", "dnfb_days", "dnsp_days", "fbns_days",
     "gross_days_in_ar", "net_days_in_ar", "seasonal_index"}
)  # fmt: skip
VALUES = frozenset({"silver_value", "gold_value", "quarantined_value", "difference"})
RATIO_TYPE = pa.decimal128(38, 9)
INSTANTS = frozenset({"effective_date", "expiry_date", "inserted_at", "_next_date"})


def typed_table(
    columns: Sequence[str], rows: Sequence[tuple[Any, ...]], key: Sequence[str]
) -> pa.Table:
    """Returns the rows as a table that names its key columns."""
    values = zip(*rows, strict=True) if rows else [()] * len(columns)
    arrays = {name: typed_array(name, of) for name, of in zip(columns, values, strict=True)}
    return with_key(pa.table(arrays), key)


def with_key(table: pa.Table, key: Sequence[str]) -> pa.Table:
    """Returns the table with the names of its key columns."""
    return table.replace_schema_metadata({KEY_METADATA: ",".join(key).encode()})


def typed_array(name: str, values: Iterable[Any]) -> pa.Array:
    """Returns the values of a column; whole cents become dollars."""
    if name not in RATIOS and (name == "amount" or name.endswith("_amount")):
        return _scaled(values, 2)
    if name == "coverage_rate":
        return _scaled(values, 6)
    return pa.array(values, column_type(name))


def column_type(name: str) -> pa.DataType:
    """Returns the type of a column that is not an amount."""
    if name.endswith("_rate") or name in RATIOS | VALUES:
        return RATIO_TYPE
    if name in INSTANTS:
        return pa.timestamp("us", tz="UTC")
    if name in COUNTS or name.endswith(WHOLE_NUMBERS) or name.startswith("rows_"):
        return pa.int64()
    if name in DAYS or name.endswith(("_date", "_month")):
        return pa.date32()
    return pa.bool_() if name.startswith("is_") else pa.string()


def _scaled(values: Iterable[int | None], scale: int) -> pa.Array:
    """Returns decimals with these digits, of which the last `scale` are the fraction."""
    digits = pa.array(values, pa.int64()).cast(pa.decimal128(19, 0))
    return pa.Array.from_buffers(pa.decimal128(19, scale), len(digits), digits.buffers())
