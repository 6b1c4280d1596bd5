"""Records of loads: what each reads, its state, and how far a table's loads are."""

from __future__ import annotations

import json
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

from utils.audit.rows import update_rows, upsert_rows
from utils.audit.tables import audit_table
from utils.gcp import bigquery
from utils.schema import StrictModel

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from utils.audit.runs import Run

LoadState = Literal["PLANNED", "LANDED", "MERGED", "PUBLISHED", "FAILED"]
_LOAD_IS_ONE_OF = "load_id IN UNNEST(JSON_VALUE_ARRAY(@load_ids))"
_LISTS = ("columns", "row_ids")
_OUTCOME = (
    *("load_id", "state", "error", "columns", "checksum", "schema_events", "source_types"),
    *("rows_landed", "billed_landed", "paid_landed", "landed_at"),
)


class Load(StrictModel):
    """One load of a source's table or file: what is read, from where to where, and its state.

    `columns` names the contract columns that the source delivered; a column that it did not
    deliver is NULL in silver. A load of type `reconcile` holds the keys that are gone at the
    source, one of type `reread` the rows that the windows overlooked; neither has a window. A load
    that `replays` an earlier one reads its rows `row_ids` again from bronze, in the way in which
    that one was read.
    """

    load_id: str
    run_id: str
    business_date: date
    source: str
    source_system: str
    table_name: str
    entity: str
    load_type: Literal["full", "incremental", "file", "reread", "reconcile"]
    state: LoadState = "PLANNED"
    window_low: datetime | None = None
    window_high: datetime | None = None
    observed_at: datetime | None = None
    uri: str | None = None
    columns: tuple[str, ...] = ()
    checksum: str | None = None
    replays: str | None = None
    row_ids: tuple[int, ...] = ()
    rows_landed: int | None = None
    billed_landed: Decimal | None = None
    paid_landed: Decimal | None = None
    schema_events: str | None = None
    source_types: str | None = None
    error: str | None = None
    planned_at: datetime | None = None
    landed_at: datetime | None = None


def record_loads(loads: Sequence[Load]) -> None:
    """Writes loads with all that is known of them."""
    upsert_rows("table_loads", ["load_id"], [_load_row(load) for load in loads])


def record_outcomes(loads: Sequence[Load]) -> None:
    """Writes what became of loads that are recorded already."""
    rows = [_load_row(load) for load in loads]
    update_rows(
        "table_loads", ["load_id"], [{name: row[name] for name in _OUTCOME} for row in rows]
    )


def _load_row(load: Load) -> dict[str, Any]:
    return {**load.model_dump(), **{name: json.dumps(getattr(load, name)) for name in _LISTS}}


def find_loads(predicate: str, **values: object) -> list[Load]:
    """Loads that meet a predicate over the columns of `table_loads`, by load id."""
    return _read_loads("audit/loads.sql", values, predicate=predicate)


def refused_loads(run: Run) -> list[Load]:
    """Loads that the run's batch did not publish with the others."""
    return _read_loads("audit/refused_loads.sql", run.identity)


def _read_loads(file: str, values: Mapping[str, object], **rendered: object) -> list[Load]:
    rows = bigquery.query_file(
        file, audit_table, values, load_columns=list(Load.model_fields), **rendered
    )
    return [
        Load(**{**row, **{name: tuple(json.loads(row[name] or "[]")) for name in _LISTS}})
        for row in rows
    ]


def planned_before(load_ids: Sequence[str]) -> set[str]:
    """Which of these loads were planned before: rows of them may be in bronze already."""
    if not load_ids:
        return set()
    return {load.load_id for load in find_loads(_LOAD_IS_ONE_OF, load_ids=json.dumps(load_ids))}


class Progress(StrictModel):
    """How far a table's loads are.

    Attributes:
        published_bound: up to where its changes are published, not beyond the window asked for.
            Only published loads count, so a window that failed is read again.
        is_settled: whether the business date's load is in bronze or beyond.
        is_newer_published: whether a load of a later window is published.
        source_types: JSON of the types that the last load saw, by column.
    """

    published_bound: datetime | None = None
    is_settled: bool = False
    is_newer_published: bool = False
    source_types: str | None = None

    @property
    def has_landed(self) -> bool:
        """Whether the source is known to have the table."""
        return self.is_settled or self.is_newer_published or self.published_bound is not None


NO_PROGRESS = Progress()


def table_progress(source: str, business_date: date, high: datetime) -> dict[str, Progress]:
    """Progress of every table of a source that was ever planned.

    Only daily loads count: a reconcile moves no window.
    """
    rows = bigquery.query_file(
        "audit/table_progress.sql",
        audit_table,
        {"source": source, "day": business_date, "high": high},
    )
    return {row.pop("table_name"): Progress(**row) for row in rows}
