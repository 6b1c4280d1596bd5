"""Plans the loads of a hospital's database: a window, or a snapshot, of each of its tables."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from utils.audit.loads import NO_PROGRESS, Load, table_progress
from utils.contracts.entities import entities
from utils.landing.mysql import TableRequest, land_table
from utils.landing.mysql_query import Window
from utils.landing.mysql_server import absent_tables, source_clock
from utils.landing.outcomes import Expected, amount_columns, bronze_uri, wanted_columns

if TYPE_CHECKING:
    from collections.abc import Iterator

    from utils.audit.runs import Run
    from utils.contracts.source_file import DatabaseSource


def planned_tables(source: DatabaseSource, run: Run, connection_uri: str) -> Iterator[Expected]:
    """The loads of a database that are not in bronze yet, one per table.

    A snapshot is left out when a newer one is published: it would stamp today's rows with an
    earlier day. An optional table that this database does not have is left out too, until it has
    landed once: then its load fails and says that it is gone.

    Raises:
        SourceError: the server refuses its user or does not answer.
    """
    clock = source_clock(connection_uri, source.name)
    optional = [name for name, table in source.tables.items() if table.optional]
    absent = absent_tables(connection_uri, source.name, optional)
    high = min(source.end_of_day(run.business_date), clock)
    known = table_progress(source.name, run.business_date, high)
    for name, table in source.tables.items():
        progress = known.get(name, NO_PROGRESS)
        if name in absent and not progress.has_landed:
            continue
        if progress.is_settled or (table.load == "full" and progress.is_newer_published):
            continue
        load_id = f"{source.name}.{name}.{run.business_date:%Y%m%d}"
        load = Load(
            load_id=load_id,
            run_id=run.run_id,
            business_date=run.business_date,
            source=source.name,
            source_system=source.name,
            table_name=name,
            entity=table.entity,
            load_type=table.load,
            window_low=progress.published_bound if table.watermark else None,
            window_high=high,
            observed_at=high,
            uri=bronze_uri(source.name, name, load_id),
            planned_at=datetime.now(tz=UTC),
        )
        request = table_request(source, load, connection_uri, clock)
        types = json.loads(progress.source_types or "{}")
        yield Expected(load, partial(land_table, request), types_before=types)


def table_request(
    source: DatabaseSource, load: Load, connection_uri: str, clock: datetime
) -> TableRequest:
    """What a planned load asks of its table."""
    table = source.tables[load.table_name]
    return TableRequest(
        uri=connection_uri,
        source=source.name,
        table=load.table_name,
        columns=wanted_columns(table),
        window=Window(
            low=load.window_low,
            high=load.window_high or clock,
            clock=clock,
            overlap=table.overlap,
        ),
        zone=source.zone,
        load_id=load.load_id,
        target_uri=load.uri or "",
        watermark=table.watermark,
        is_checked=table.watermark is not None,
        key=tuple(table.columns[name] for name in entities()[table.entity].key),
        money=tuple(amount_columns(load).values()),
        extra_columns=table.extra_columns,
        select=table.select,
    )
