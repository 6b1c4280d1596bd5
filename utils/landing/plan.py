"""Plans the loads of a source for a business date, of tables and of files alike."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from utils.audit.files import known_files
from utils.audit.loads import NO_PROGRESS, Load, table_progress
from utils.audit.runs import Run
from utils.contracts.entities import entities
from utils.contracts.source_file import FileSource
from utils.contracts.sources import file_owner
from utils.errors import FileRefused, SourceError
from utils.landing.deliveries import record_duplicates
from utils.landing.files import REFUSALS, FileRequest, LandedFile, discover, land_file
from utils.landing.mysql import TableRequest, land_table
from utils.landing.mysql_query import Window
from utils.landing.mysql_server import absent_tables, source_clock
from utils.landing.outcomes import Expected, amount_columns, bronze_uri, wanted_columns
from utils.settings import settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from utils.audit.loads import Progress
    from utils.contracts.source_file import DatabaseSource, Source
    from utils.landing.files import Discovered


_REMEDIES = {
    "unknown_source_system": "Add the hospital to `source_systems` in the source's file, or "
    "declare the files in `deliveries` of the hospital's own",
}


def planned_loads(source: Source, run: Run, connection_uri: str | None) -> list[Expected]:
    """The loads of a source that are not in bronze yet: one per table, or one per file.

    Raises:
        SourceError: a database has no connection, refuses its user or does not answer.
        ObjectChanged: a file was replaced while it was read.
    """
    if isinstance(source, FileSource):
        return list(_planned_files(source, run))
    if connection_uri is None:
        raise SourceError("A database source needs a connection", where=source.name)
    return list(_planned_tables(source, run, connection_uri))


def _planned_tables(source: DatabaseSource, run: Run, connection_uri: str) -> Iterator[Expected]:
    """One load per table.

    A snapshot is left out when a newer one is published: it would stamp today's rows with an
    earlier day.
    """
    clock = source_clock(connection_uri, source.name)
    high = min(source.end_of_day(run.business_date), clock)
    known = table_progress(source.name, run.business_date, high)
    absent = _absent_tables(source, connection_uri, known)
    for name, table in source.tables.items():
        if name in absent:
            continue
        progress = known.get(name, NO_PROGRESS)
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


def _absent_tables(
    source: DatabaseSource, connection_uri: str, known: Mapping[str, Progress]
) -> set[str]:
    """Optional tables that this database does not have; one that landed has to stay.

    A table that is there but may not be read is not among them: its load is refused in words.
    """
    optional = {
        name
        for name, table in source.tables.items()
        if table.optional and not known.get(name, NO_PROGRESS).has_landed
    }
    return absent_tables(connection_uri, source.name, optional)


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


def _planned_files(source: FileSource, run: Run) -> Iterator[Expected]:
    """One load per file; a file whose content landed before is recorded and left alone."""
    for name, table in source.tables.items():
        loaded, seen = known_files(source.name, name)
        deliveries = discover(
            settings().landing_bucket,
            table.files,
            table.source_systems,
            is_ours=partial(_is_ours, source.name, name),
            loaded=loaded,
            restates=table.watermark is None,
            seen=seen,
        )
        duplicates = [item for item in deliveries if item.status == "duplicate"]
        record_duplicates(source, name, run, duplicates)
        for item in deliveries:
            if item.status != "duplicate":
                yield _planned_file(source, name, item, run)


def _is_ours(source: str, table: str, object_name: str) -> bool:
    return file_owner(object_name) in ((source, table), None)


def _planned_file(source: FileSource, name: str, item: Discovered, run: Run) -> Expected:
    table = source.tables[name]
    content = item.sha256 or hashlib.sha256(item.file.uri.encode()).hexdigest()
    # The same bytes for two hospitals are two loads.
    owned = hashlib.sha256(f"{item.source_system}/{content}".encode()).hexdigest()
    again = f"-{item.file.generation}" if item.is_again else ""
    load_id = f"{source.name}.{name}.{owned[:16]}{again}"
    load = Load(
        load_id=load_id,
        run_id=run.run_id,
        business_date=run.business_date,
        source=source.name,
        source_system=item.source_system or source.name,
        table_name=name,
        entity=table.entity,
        load_type="file",
        observed_at=item.file.updated_at,
        uri=bronze_uri(source.name, name, load_id),
        planned_at=datetime.now(tz=UTC),
    )
    request = FileRequest(
        file=item.file,
        sha256=content,
        columns=wanted_columns(table),
        load_id=load_id,
        target_uri=load.uri or "",
        archive_uri=settings().lake_uri("archive", source.name, content, item.file.filename),
        extracted_at=load.planned_at or datetime.now(tz=UTC),
        money=tuple(amount_columns(load).values()),
        extra_columns=table.extra_columns,
        has_title=table.has_title,
        total_row=table.total_row,
    )
    return Expected(load, partial(_read_file, item, request), item)


def _read_file(item: Discovered, request: FileRequest) -> LandedFile:
    if item.status == "refused":
        reason = item.reason or "unexpected_name"
        raise FileRefused(
            REFUSALS[reason],
            reason=reason,
            where=item.file.uri,
            remedy=_REMEDIES.get(reason, "Have it sent again, or remove it from the bucket"),
        )
    return land_file(request)
