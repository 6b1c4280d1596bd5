"""Plans the loads of delivered files: what is new, whose it is, and what has to be refused."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from utils.audit.files import known_files
from utils.audit.loads import Load
from utils.contracts.sources import file_owner
from utils.errors import FileRefused
from utils.landing.deliveries import record_duplicates
from utils.landing.files import REFUSALS, FileRequest, LandedFile, discover, land_file
from utils.landing.outcomes import Expected, amount_columns, bronze_uri, wanted_columns
from utils.settings import settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from utils.audit.runs import Run
    from utils.contracts.source_file import FileSource
    from utils.landing.files import Discovered

_REMEDIES = {
    "unknown_source_system": "Add the hospital to `source_systems` in the source's file, or "
    "declare the files in `deliveries` of the hospital's own",
}


def planned_files(source: FileSource, run: Run) -> Iterator[Expected]:
    """The loads of delivered files that are not in bronze yet, one per file.

    A file whose content landed before is recorded and left alone.

    Raises:
        ObjectChanged: a file was replaced while it was read.
    """
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
