"""Plans a load for every file that a source delivered, and records what came and what did not."""

from __future__ import annotations

import hashlib
import json
import logging
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from utils.audit.checks import record_checks
from utils.audit.files import known_files, landed_files, record_files
from utils.audit.loads import Load
from utils.audit.runs import Run
from utils.contracts.sources import file_owner
from utils.errors import FileRefused
from utils.landing.files import REFUSALS, FileRequest, LandedFile, discover, land_file
from utils.landing.months import delivered_months
from utils.landing.outcomes import Expected, Outcome, bronze_uri, money, wanted
from utils.settings import settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from utils.contracts.sources import FileSource
    from utils.landing.files import Discovered

_LOG = logging.getLogger(__name__)
_REMEDIES = {
    "unknown_source_system": "Add the hospital to `source_systems` in the source's file, or "
    "declare the files in `deliveries` of the hospital's own",
}


def expected_files(source: FileSource, run: Run) -> Iterator[Expected]:
    """The loads of files that are not in bronze yet; records those whose content is.

    Raises:
        ObjectChanged: a file was replaced while it was read.
    """
    for name, table in source.tables.items():
        loaded, seen = known_files(source.name, name)
        deliveries = discover(
            settings().landing_bucket,
            table.files,
            table.source_systems,
            loaded=loaded,
            seen=seen,
            is_ours=lambda object_name, name=name: _is_ours(object_name, source.name, name),  # type: ignore[misc]
        )
        duplicates = [item for item in deliveries if item.status == "duplicate"]
        record_files([_file(item, source.name, name, run, "DUPLICATE") for item in duplicates])
        for item in deliveries:
            if item.status != "duplicate":
                yield _expected_file(source, name, item, run)


def _is_ours(object_name: str, source: str, table: str) -> bool:
    return file_owner(object_name) in ((source, table), None)


def _expected_file(source: FileSource, name: str, item: Discovered, run: Run) -> Expected:
    table = source.tables[name]
    content = item.sha256 or hashlib.sha256(item.file.uri.encode()).hexdigest()
    # The same bytes for two hospitals are two loads.
    owned = hashlib.sha256(f"{item.source_system}/{content}".encode()).hexdigest()
    load_id = f"{source.name}.{name}.{owned[:16]}"
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
        columns=wanted(table),
        load_id=load_id,
        target_uri=load.uri or "",
        archive_uri=settings().lake_uri("archive", source.name, content, item.file.filename),
        extracted_at=load.planned_at or datetime.now(tz=UTC),
        money=tuple(money(load).values()),
        extra_columns=table.extra_columns,
    )
    return Expected(load, lambda: _read_file(item, request), item)


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


def _file_row(item: Discovered, outcome: Outcome, run: Run) -> dict[str, object]:
    """The row of `audit.files` for what became of a file."""
    load = outcome.load
    row = _file(item, load.source, load.table_name, run, "REFUSED")
    if not isinstance(outcome.landed, LandedFile):
        return {**row, "reason": load.error}
    lines = [{"line": reject.line, "reason": reject.reason} for reject in outcome.landed.rejects]
    return {
        **row,
        "state": "LANDED",
        "load_id": load.load_id,
        "rows_read": outcome.landed.rows_read,
        "rows_rejected": len(lines),
        "rejected_lines": json.dumps(lines),
        "archived_uri": outcome.landed.archive_uri,
    }


def _file(item: Discovered, source: str, name: str, run: Run, state: str) -> dict[str, object]:
    return {
        "uri": item.file.uri,
        "generation": item.file.generation,
        "sha256": item.sha256,
        "source": source,
        "source_system": item.source_system,
        "table_name": name,
        "size_bytes": item.file.size_bytes,
        "state": state,
        "reason": None,
        "load_id": None,
        "rows_read": None,
        "rows_rejected": None,
        "rejected_lines": None,
        "archived_uri": None,
        "run_id": run.run_id,
        "seen_at": datetime.now(tz=UTC),
    }


def record(source: FileSource, run: Run, outcomes: Sequence[Outcome]) -> None:
    """Records what became of the files, and what a look at the deliveries showed.

    The latter also if it found no file.

    The results are this run's: once a missing file has landed, the next run finds no gap.
    """
    delivered = [(outcome.expected.delivery, outcome) for outcome in outcomes]
    record_files([_file_row(item, outcome, run) for item, outcome in delivered if item])
    failed = Counter(outcome.load.table_name for outcome in outcomes if outcome.error)
    checks = [check for name in source.tables for check in _delivery_checks(source, name, failed)]
    record_checks(run, "bronze", checks)


def _delivery_checks(
    source: FileSource, name: str, failed: Mapping[str, int]
) -> Iterator[dict[str, object]]:
    """Whether all files of a table landed, and which months came, so that no gap passes for whole.

    `gold.source_freshness` shows the first.
    """
    table = source.tables[name]
    check: dict[str, object] = {"entity": table.entity, "severity": "warn", "rows_checked": 1}
    yield {
        **check,
        "source_system": source.name,
        "rule": f"landed({name})",
        "rows_failed": failed.get(name, 0),
    }
    if table.period is None:
        return
    for system, uris in landed_files(source.name, name).items():
        months = delivered_months(uri.rsplit("/", 1)[-1] for uri in uris)
        if missing := [month for month, came in months.items() if not came]:
            _LOG.warning("%s: no %s file of %s came for %s.",
                         source.name, name, system, ", ".join(missing))  # fmt: skip
        for month, came in months.items():
            rule = f"month_delivered({month})"
            yield {**check, "source_system": system, "rule": rule, "rows_failed": int(not came)}
