"""Writes one bronze load: a Parquet object of the source's columns plus the technical columns."""

from __future__ import annotations

import tempfile
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from utils.contracts.column_maps import bronze_name
from utils.gcp import storage

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

INSTANT = pa.timestamp("us", tz="UTC")
TECHNICAL = [
    pa.field("_load_id", pa.string()),
    pa.field("_row_id", pa.int64()),
    pa.field("_extracted_at", INSTANT),
    pa.field("_source_file", pa.string()),
]
_BIGQUERY_TYPES = {pa.string(): "STRING", pa.int64(): "INT64", INSTANT: "TIMESTAMP"}
# A column of many values gives up its dictionary early: half the time and half the size.
_PARQUET = {"compression": "zstd", "dictionary_pagesize_limit": 1 << 16}
CENTS = 2
# A number as Spark reads it (`spark_jobs.transforms.conform`): what differs here makes a load that
# does not balance. The classes are spelled out, because `\s` is another one in every engine.
_AMOUNT = r"^[+-]?([0-9]{1,16}(\.[0-9]{0,18})?|\.[0-9]{1,18})$"
_INVISIBLE = r"[\x00-\x08\x0e-\x1f\x7f\x{00ad}\x{200b}-\x{200d}\x{2060}\x{feff}]"
_WHITESPACE = (
    "\t\n\x0b\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009"
    "\u200a\u2028\u2029\u202f\u205f\u3000"
)
_EXACT = pa.decimal256(56, 18)
_BEYOND_DOLLARS = Decimal(10) ** 16  # more does not fit silver's DECIMAL(18, 2)


@dataclass(frozen=True)
class LoadStamp:
    """What every row of one load carries.

    Attributes:
        load_id: deterministic name of the load.
        extracted_at: when the source was read, aware.
        source_file: address of the delivered file; None for a database.
    """

    load_id: str
    extracted_at: datetime
    source_file: str | None = None


@dataclass(frozen=True)
class Landed:
    """One complete load in bronze.

    Attributes:
        rows: rows in the object.
        sha256: of the Parquet object.
        columns: columns of the contract that the source has.
        missing_columns: optional contract columns that the source does not have.
        extra_columns: columns that the source has and the contract does not name.
        control_totals: per named money column the sum in USD, each value rounded half up to the
            cent as silver does; values that are no plain decimal number count as 0.
        source_types: a database's types by column.
        money_in_floats: columns of money whose type holds no cents for certain.
        fields: bronze's columns with their BigQuery types, in the object's order.
    """

    load_id: str
    uri: str
    rows: int
    size_bytes: int
    sha256: str
    columns: tuple[str, ...]
    missing_columns: tuple[str, ...] = ()
    extra_columns: tuple[str, ...] = ()
    control_totals: Mapping[str, Decimal] = field(default_factory=dict)
    source_types: Mapping[str, str] = field(default_factory=dict)
    money_in_floats: tuple[str, ...] = ()
    fields: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Written:
    """A bronze object with its columns, row count and control totals."""

    uri: str
    rows: int
    size_bytes: int
    sha256: str
    control_totals: Mapping[str, Decimal]
    fields: tuple[tuple[str, str], ...]


def write_load(
    uri: str,
    stamp: LoadStamp,
    schema: pa.Schema,
    batches: Iterable[tuple[pa.RecordBatch, pa.Array]],
    money: Iterable[str] = (),
) -> Written:
    """Writes batches to one Parquet object; the object appears complete or not at all.

    Its columns have the names of `bronze_name`. Memory holds one batch at a time. The same rows
    give the same bytes.

    Args:
        uri: where the object goes.
        stamp: values of the technical columns.
        schema: columns under the source's names, and types; every batch has exactly these.
        batches: record batches, each with the `_row_id` of its rows.
        money: columns to total; those that `schema` lacks are ignored.
    """
    wanted = [name for name in money if name in schema.names]
    totals = Counter[str]()
    amounts = dict.fromkeys(wanted, Decimal("0.00"))
    named = pa.schema([item.with_name(bronze_name(item.name)) for item in schema] + TECHNICAL)
    with tempfile.TemporaryDirectory(prefix="landing-") as folder:
        path = Path(folder) / "part-0.parquet"
        with pq.ParquetWriter(path, named, **_PARQUET) as writer:
            for batch, row_ids in batches:
                writer.write_batch(_stamped(batch, row_ids, stamp, named))
                totals["rows"] += batch.num_rows
                for name in wanted:
                    amounts[name] += total_amount(batch.column(name))
        stored = storage.upload(path, uri)
        sha256 = storage.sha256_of(path)
    fields = tuple((item.name, _BIGQUERY_TYPES[item.type]) for item in named)
    return Written(uri, totals["rows"], stored.size_bytes, sha256, amounts, fields)


def total_amount(column: pa.Array) -> Decimal:
    """Sum in USD of the texts that are plain decimal numbers, each rounded half up to the cent."""
    texts = _visible(column)
    exact = texts.filter(pc.match_substring_regex(texts, _AMOUNT)).cast(_EXACT)
    cents = pc.round(exact, CENTS, round_mode="half_towards_infinity")
    total = pc.sum(cents.filter(_fits_silver(cents))).as_py()
    return Decimal("0.00") if total is None else total.quantize(Decimal("0.01"))


def is_amount(text: str) -> bool:
    """Whether a text is a plain decimal number."""
    return bool(pc.match_substring_regex(_visible(pa.array([text])), _AMOUNT)[0].as_py())


def _visible(column: pa.Array) -> pa.Array:
    visible = pc.replace_substring_regex(column, _INVISIBLE, "")
    return pc.utf8_trim(visible, characters=_WHITESPACE)


def _fits_silver(amounts: pa.Array) -> pa.Array:
    limit = pa.scalar(_BEYOND_DOLLARS, pa.decimal256(40, 0))
    return pc.less(pc.abs(amounts), limit)


def _stamped(
    batch: pa.RecordBatch, row_ids: pa.Array, stamp: LoadStamp, schema: pa.Schema
) -> pa.RecordBatch:
    constants = [stamp.load_id, stamp.extracted_at, stamp.source_file]
    kinds = [pa.string(), INSTANT, pa.string()]
    load_id, extracted_at, source_file = (
        pa.repeat(pa.scalar(value, kind), batch.num_rows)
        for value, kind in zip(constants, kinds, strict=True)
    )
    return pa.RecordBatch.from_arrays(
        [*batch.columns, load_id, row_ids, extracted_at, source_file],
        schema=schema,
    )
