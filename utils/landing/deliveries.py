"""Records what became of the files that a source delivered, and which files did not come."""

from __future__ import annotations

import json
import logging
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from utils.audit.checks import record_checks
from utils.audit.files import landed_files, record_files
from utils.landing.files import LandedFile
from utils.landing.months import delivered_months

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from utils.audit.runs import Run
    from utils.contracts.source_file import FileSource
    from utils.landing.files import Discovered
    from utils.landing.outcomes import Outcome

_LOG = logging.getLogger(__name__)


def record_duplicates(
    source: FileSource, name: str, run: Run, duplicates: Sequence[Discovered]
) -> None:
    """Records the files of a table whose content landed before."""
    record_files([_file(item, source.name, name, run, "DUPLICATE") for item in duplicates])


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
