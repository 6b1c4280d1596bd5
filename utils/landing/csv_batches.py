"""Groups a delivered file's rows into Arrow batches of texts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from utils.landing.csv_totals import Totals, looks_like_totals

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from utils.landing.csv_header import HeaderMatch
    from utils.landing.csv_records import CsvRecords

BATCH_ROWS = 20_000
BATCH_CHARACTERS = 16 << 20


def batches_of(
    records: CsvRecords, header: HeaderMatch, schema: pa.Schema, totals: Totals | None
) -> Iterator[tuple[pa.RecordBatch, pa.Array]]:
    """Groups records into batches that are bounded in rows and in characters.

    A line of totals is no row: if it is declared it is compared with the rows, else rejected.
    """
    lines: list[int] = []
    rows: list[list[str]] = []
    characters = 0
    for line, fields in records.rows(header.width):
        if totals and totals.takes(line, fields):
            continue
        if looks_like_totals(fields):
            records.reject("total_row", line)
            continue
        lines.append(line)
        rows.append(fields)
        characters += records.characters
        if len(rows) >= BATCH_ROWS or characters >= BATCH_CHARACTERS:
            yield _batch(rows, header, schema, totals), pa.array(lines, pa.int64())
            lines, rows, characters = [], [], 0
    if rows:
        yield _batch(rows, header, schema, totals), pa.array(lines, pa.int64())
    if totals:
        totals.check()


def _batch(
    rows: Sequence[Sequence[str]], header: HeaderMatch, schema: pa.Schema, totals: Totals | None
) -> pa.RecordBatch:
    columns = list(zip(*rows, strict=True))
    arrays = [pa.array(columns[position], pa.string()) for position in header.positions.values()]
    batch = pa.RecordBatch.from_arrays(arrays, schema=schema)
    if totals:
        totals.add(batch)
    return batch
