"""Replays of quarantined rows: what a person asks for, what it would do, and doing it.

A replay reads open rows of the ledger again, from bronze, by today's rules. It is a load of its
own with an equation of its own: the load that first held the rows keeps the counts of its day.
"""

from __future__ import annotations

import hashlib
import json
from operator import itemgetter
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, TypeAdapter, field_validator, model_validator

from utils.audit.loads import Load, find_loads, record_loads
from utils.audit.tables import audit_table
from utils.contracts.entities import entities
from utils.gcp import bigquery
from utils.schema import IDENTIFIER, StrictModel, validate
from utils.silver.batch import prepare_batch
from utils.silver.names import STAGED, batch_tables, histories
from utils.silver.staging import load_staging

if TYPE_CHECKING:
    from collections.abc import Mapping

    from utils.audit.runs import Run
    from utils.silver.batch import Batch

LOAD_ID = r"^[A-Za-z0-9_.-]{1,200}$"
Name = Annotated[str, Field(pattern=IDENTIFIER)]


class Request(StrictModel):
    """Which open rows are meant, and what is to become of them.

    Attributes:
        action: `replay` them by today's rules, or `reject` them for good.
        dry_run: only record what would happen.
        entity: rows of this entity; None for all, and so for the next two.
        source_system: rows of this hospital.
        rule: rows that this rule holds.
        load_ids: rows of these loads; empty for all.
    """

    action: Literal["replay", "reject"] = "replay"
    dry_run: bool = True
    entity: Name | None = None
    source_system: Name | None = None
    rule: Name | None = None
    load_ids: tuple[Annotated[str, Field(pattern=LOAD_ID)], ...] = ()

    @field_validator("entity")
    @classmethod
    def _is_an_entity(cls, name: str | None) -> str | None:
        if name is not None and name not in entities():
            raise ValueError(f"`{name}` is no entity; write one of {', '.join(entities())}")
        return name

    @model_validator(mode="after")
    def _does_not_reject_everything(self) -> Request:
        if self.action == "reject" and not (self.rule or self.load_ids):
            raise ValueError("`reject` needs a `rule` or `load_ids`: it is for good")
        return self

    @property
    def filters(self) -> dict[str, object]:
        """Query parameters of `sql/quarantine/requested.sql`."""
        wanted: dict[str, object] = self.model_dump(include={"entity", "source_system", "rule"})
        return {**wanted, "load_ids": json.dumps(self.load_ids)}


def request(params: Mapping[str, Any]) -> Request:
    """The request in a run's parameters.

    Raises:
        ConfigError: a parameter is not what it may be; the message names it.
    """
    return validate(dict(params), TypeAdapter(Request), "params of rcm_replay_quarantine")


def selected_loads(wanted: Request, run: Run) -> list[Load]:
    """The loads of a replay: one for each load that holds rows of the request."""
    rows = bigquery.query_file("quarantine/requested.sql", audit_table, wanted.filters)
    row_ids: dict[str, list[int]] = {}
    for row in sorted(rows, key=itemgetter("load_id", "row_id")):
        row_ids.setdefault(row["load_id"], []).append(row["row_id"])
    held = find_loads(
        "load_id IN UNNEST(JSON_VALUE_ARRAY(@held))", held=json.dumps(sorted(row_ids))
    )
    return [replay_load(load, row_ids[load.load_id], run) for load in held]


def replay_load(load: Load, row_ids: list[int], run: Run) -> Load:
    """A load that reads rows of an earlier one again.

    The bound stays that of the earlier load: rows that were observed later outweigh them still.
    The id is the same for every try of a run.
    """
    token = hashlib.sha256(run.run_id.encode()).hexdigest()[:8]
    return load.model_copy(
        update={
            "load_id": f"{load.load_id}.replay.{token}",
            "run_id": run.run_id,
            "business_date": run.business_date,
            "state": "LANDED",
            "window_low": None,
            "window_high": None,
            "checksum": None,
            "error": None,
            "replays": load.load_id,
            "row_ids": tuple(row_ids),
            "rows_landed": len(row_ids),
            "billed_landed": None,
            "paid_landed": None,
            "schema_events": None,
        }
    )


def plan(wanted: Request, run: Run) -> Batch:
    """Writes the specification of the batch that shows what a replay would do."""
    return prepare_batch(run, selected_loads(wanted, run), "previews")


def show(wanted: Request, run: Run, batch: Batch | None) -> list[str]:
    """Records what becomes of the rows of a request and says it in words; keys and counts only.

    Args:
        wanted: the request.
        run: the run that asks.
        batch: the preview that was built; None when there is none, as for a rejection.

    Returns:
        A line per group of rows; none if no open row fits the request.
    """
    if batch:
        load_staging(batch)
    values = {
        "run_id": run.run_id,
        "business_date": run.business_date,
        "action": wanted.action,
        "is_dry_run": wanted.dry_run,
        **wanted.filters,
    }
    names = batch.entities if batch else ()
    tables = [table for name in names for table in entities()[name].silver_tables()]
    bigquery.query_file(
        "quarantine/record_outcomes.sql",
        batch_tables(batch.batch_id) if batch else audit_table,
        values,
        is_previewed=batch is not None,
        **histories(tables, STAGED),
    )
    rows = bigquery.query_file(
        "quarantine/recorded_outcomes.sql", audit_table, {"run_id": run.run_id}
    )
    return [_in_words(row) for row in rows]


def _in_words(row: Mapping[str, Any]) -> str:
    held = f" by {row['outcome_rule']}" if row["outcome"] == "open" else ""
    return (
        f"{row['source_system']} {row['entity']} held by {row['rule']}: {row['row_count']:,} rows "
        f"{row['outcome']}{held}, ${row['billed_amount']:,.2f} billed, "
        f"${row['paid_amount']:,.2f} paid"
    )


def apply(wanted: Request, run: Run) -> None:
    """Rejects the rows of a request, or lets their replay wait for the next batch.

    A run replays a load once, however often its tasks are repeated; a replay that waits already is
    not doubled.
    """
    if wanted.action == "reject":
        values = {"run_id": run.run_id, **wanted.filters}
        bigquery.query_file("quarantine/reject.sql", audit_table, values)
        return
    settled = find_loads(
        "replays IS NOT NULL AND (run_id = @run_id OR state IN ('LANDED', 'MERGED'))",
        run_id=run.run_id,
    )
    known = {load.replays for load in settled}
    record_loads([load for load in selected_loads(wanted, run) if load.replays not in known])
