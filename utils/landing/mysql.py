"""Lands one window of one MySQL table as one bronze load.

The contract is checked against `information_schema` first, with short timeouts. The rows then come
by one SELECT, that is one consistent snapshot, as a stream of Arrow batches. ConnectorX streams
several times as fast as a cursor, but waits 30 seconds for a server that is down and names no
cause: so mysqlclient asks, ConnectorX carries. It reads ahead without a bound: memory stays flat
because writing Parquet keeps up with reading, and grows where a machine is too busy for that.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import connectorx
import pyarrow as pa

from utils.errors import SourceError, SourceUnavailable
from utils.landing.bronze import Landed, LoadStamp, write_load
from utils.landing.drift import WantedColumn, drift
from utils.landing.mysql_address import parse_address
from utils.landing.mysql_batches import numbered, spelled
from utils.landing.mysql_query import (
    CHECKSUM,
    Window,
    keys_condition,
    select_sql,
    window_condition,
)
from utils.landing.mysql_server import READ_ONLY, ask, may_not_read, missing_table, result_of
from utils.landing.mysql_types import FLOATS, SourceColumn, require_spelling

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from zoneinfo import ZoneInfo

    from utils.contracts.source_file import ExtraColumns

BATCH_ROWS = 65_536
_SESSION = ["SET SESSION time_zone = '+00:00'", READ_ONLY]
_COLUMNS = """
    SELECT COLUMN_NAME, DATA_TYPE, COLUMN_TYPE, CHARACTER_SET_NAME
    FROM information_schema.COLUMNS
    WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = %s
    ORDER BY ORDINAL_POSITION
"""
_NOTHING_SAID = "It broke off or did not answer"


@dataclass(frozen=True)
class TableRequest:
    """What to land.

    Attributes:
        uri: `mysql://user:password@host:port/database?ssl_mode=…`, parts percent-encoded.
        source: name of the source, for messages.
        table: the source's table.
        columns: the contract's columns under the source's names.
        window: bounds and clock; of a table without watermark only the clock is used.
        zone: zone in which the source writes DATETIME values.
        load_id: deterministic name of the load.
        target_uri: the object to write, `gs://…/part-0.parquet`.
        watermark: column that says when a row changed; None reads the whole table.
        key: columns that order rows of equal watermark.
        only: keys, as text, of the rows to read; None reads all.
        money: columns to total.
        extra_columns: what becomes of a table with columns beyond `columns`, watermark and key.
        is_checked: whether each row carries the checksum of all these columns.
        carried: the only columns to bring; None brings all.
        select: query whose result is the table; None reads the source's own table.
    """

    uri: str
    source: str
    table: str
    columns: tuple[WantedColumn, ...]
    window: Window
    zone: ZoneInfo
    load_id: str
    target_uri: str
    watermark: str | None = None
    key: tuple[str, ...] = ()
    only: tuple[tuple[str, ...], ...] | None = None
    money: tuple[str, ...] = ()
    extra_columns: ExtraColumns = "ignore"
    is_checked: bool = False
    carried: tuple[str, ...] | None = None
    select: str | None = None

    @property
    def where(self) -> str:
        """The place that messages name."""
        return f"source {self.source}, table {self.table}"


@dataclass(frozen=True)
class _Plan:
    """The columns to bring, paired with how the source has them.

    `contract` has the same of all columns of the contract that exist, and `checked` those of which
    every row carries the checksum.
    """

    contract: Mapping[str, SourceColumn]
    names: tuple[str, ...]
    checked: tuple[SourceColumn, ...]
    missing: tuple[str, ...]
    extra: tuple[str, ...]

    @property
    def columns(self) -> tuple[SourceColumn, ...]:
        """How the source has the columns to bring."""
        return tuple(self.contract[name] for name in self.names)

    @property
    def types(self) -> dict[str, str]:
        """The source's types by column of the contract."""
        return {name: column.column_type for name, column in self.contract.items()}

    @property
    def schema(self) -> pa.Schema:
        """What a row carries: texts, and the checksum."""
        fields = [pa.field(name, pa.string()) for name in self.names]
        return pa.schema([*fields, *([pa.field(CHECKSUM, pa.int64())] if self.checked else [])])


@dataclass(frozen=True)
class Tried:
    """What a table would bring: columns with their types, what it lacks, what is passed over."""

    columns: Mapping[str, str]
    missing: tuple[str, ...]
    extra: tuple[str, ...]
    is_empty: bool


def land_table(request: TableRequest) -> Landed:
    """Extracts one window of one table into one bronze object.

    Rows carry `_row_id` 1, 2, 3, … in the order (watermark, key).

    Raises:
        SourceError: the table, a required column or the watermark is missing, or the source
            refuses the user; nothing was written.
        SourceUnavailable: the source is out of reach or broke off; nothing was written.
        ObjectChanged: another attempt wrote the load meanwhile.
    """
    found = _inspect(request)
    plan = _match(request, found)
    streamed = _stream(request, plan, found)
    batches = numbered(spelled(streamed, plan.schema, plan.contract, request.where))
    stamp = LoadStamp(request.load_id, request.window.clock)
    written = write_load(request.target_uri, stamp, plan.schema, batches, request.money)
    return Landed(
        load_id=request.load_id,
        uri=written.uri,
        rows=written.rows,
        size_bytes=written.size_bytes,
        sha256=written.sha256,
        columns=tuple(plan.contract),
        missing_columns=plan.missing,
        extra_columns=plan.extra,
        control_totals=written.control_totals,
        source_types=plan.types,
        money_in_floats=tuple(
            name
            for name in request.money
            if name in plan.contract and plan.contract[name].data_type in FLOATS
        ),
        fields=written.fields,
    )


def try_table(request: TableRequest) -> Tried:
    """Finds out whether a table can be landed, without landing a row of it.

    Raises:
        SourceError: the table, a required column or the right to read it is missing.
        SourceUnavailable: the server does not answer.
    """
    plan = _match(request, _inspect(request))
    sql = select_sql(request.table, plan.columns, plan.names, "", [], plan.checked, request.select)
    rows = ask(request.uri, request.source, f"{sql} LIMIT 1")
    return Tried(columns=plan.types, missing=plan.missing, extra=plan.extra, is_empty=not rows)


def _inspect(request: TableRequest) -> dict[str, SourceColumn]:
    """The table's columns by lower-case name; MySQL does not tell columns apart by case."""
    if request.select:
        columns = result_of(request.uri, request.source, request.select, request.table)
        return {column.name.lower(): column for column in columns}
    rows = ask(request.uri, request.source, _COLUMNS, [request.table])
    if not rows:
        raise missing_table(request.uri, request.source, request.table)
    return {
        name.lower(): SourceColumn(name, data_type.lower(), column_type.lower(), character_set)
        for name, data_type, column_type, character_set in rows
    }


def _match(request: TableRequest, found: Mapping[str, SourceColumn]) -> _Plan:
    """Pairs contract and table; the watermark and key are landed whether contracted or not."""
    needed = [request.watermark] if request.watermark else []
    wanted = {column.name: column.required for column in request.columns}
    wanted.update(dict.fromkeys([*needed, *request.key], True))
    contract = [WantedColumn(name, required) for name, required in wanted.items()]
    difference = drift({key: column.name for key, column in found.items()}, contract)
    if not request.select:
        _refuse_hidden(request, difference.missing)
    if complaint := difference.complaint(request.extra_columns):
        raise SourceError(
            complaint.what, where=f"{request.where}, {complaint.where}", remedy=complaint.remedy
        )
    columns = {name: found[name.lower()] for name in wanted if name not in difference.missing}
    for column in columns.values():
        require_spelling(column, request.where)
    return _Plan(
        contract=columns,
        names=tuple(columns) if request.carried is None else request.carried,
        checked=tuple(columns.values()) if request.is_checked else (),
        missing=difference.missing,
        extra=difference.extra,
    )


def _refuse_hidden(request: TableRequest, missing: Sequence[str]) -> None:
    for name in missing:
        if may_not_read(request.uri, request.source, request.table, name):
            raise SourceError(
                "The user may read some columns only, and the catalogue does not show the column",
                where=f"{request.where}, column {name}",
                remedy="Grant SELECT on the whole table; if it has no such column, take the column "
                "out of the source's file",
            )


def _stream(
    request: TableRequest, plan: _Plan, found: Mapping[str, SourceColumn]
) -> Iterator[pa.RecordBatch]:
    condition = ""
    order = list(request.key)
    if request.watermark:
        watermark = found[request.watermark.lower()]
        condition = window_condition(watermark, request.window, request.zone)
        order.insert(0, watermark.name)
    elif request.only is not None:
        condition = keys_condition([found[name.lower()] for name in request.key], request.only)
    table = request.table
    sql = select_sql(
        table, plan.columns, plan.names, condition, order, plan.checked, request.select
    )
    with _carried(request.where):
        yield from connectorx.read_sql(
            parse_address(request.uri).for_carrying(),
            sql,
            return_type="arrow_stream",
            batch_size=BATCH_ROWS,
            pre_execution_query=_SESSION,
        )


@contextmanager
def _carried(where: str) -> Iterator[None]:
    """Turns ConnectorX's failures into ours: a RuntimeError, or a Rust panic (no Exception).

    Their texts may hold row values or the address, so only a MySQL error code is taken from them.
    """
    try:
        yield
    except BaseException as error:
        if not isinstance(error, RuntimeError) and type(error).__name__ != "PanicException":
            raise
        code = re.search(r"ERROR (\d{4})\b", str(error))
        cause = f"MySQL error {code[1]}" if code else _NOTHING_SAID
        raise SourceUnavailable(
            f"The source broke off while it was read: {cause}",
            where=where,
            remedy="Run the task again; if it fails again, read the server's error log",
        ) from None
