"""Writes the one JSON document that tells a Spark batch what to build.

Spark's code ships as a zip without compiled packages, so it cannot validate configuration: that
is done here. The document holds no secret and no row value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from utils.contracts.entities import entities
from utils.contracts.sources import ROWS_HELD_AT_LEAST, sources

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from utils.audit.loads import Load
    from utils.contracts.entities import Entity


def observations_uri(batch_uri: str, entity: str) -> str:
    """Where a batch keeps the observations it added to an entity's log."""
    return f"{batch_uri}/{entity}/observations/"


def silver_spec(
    batch_id: str,
    business_date: date,
    loads: Sequence[Load],
    history: Sequence[str],
    *,
    is_limited: bool = True,
) -> dict[str, Any]:
    """What a batch that merges `loads` into the state of the batches in `history` must do.

    It refuses loads of which rules hold too many rows, if it is limited; a load that was published
    or whose rows were held before is not asked again.
    """
    return {
        "batch_id": batch_id,
        "business_date": business_date.isoformat(),
        "entities": [
            _entity(entity, [load for load in loads if load.entity == name], history, is_limited)
            for name, entity in entities().items()
        ],
    }


def _entity(
    entity: Entity, loads: Sequence[Load], history: Sequence[str], is_limited: bool
) -> dict[str, Any]:
    return {
        "name": entity.name,
        "singular": entity.singular,
        "key": list(entity.key),
        "keeps_revisions": entity.keeps_revisions,
        "amounts": entity.amounts.named,
        "columns": [
            {
                "name": name,
                "type": column.type,
                "normalize": column.normalize,
                "required": column.required,
                "tracked": column.tracked,
            }
            for name, column in entity.columns.items()
        ],
        "derived": [
            {"name": name, "type": column.type, "expr": column.expr}
            for name, column in entity.derived.items()
        ],
        "rules": [rule.model_dump() for rule in entity.rules],
        "history": [observations_uri(batch, entity.name) for batch in history],
        "deletes": [load.uri for load in loads if load.load_type == "reconcile"],
        "loads": [_load(load, is_limited) for load in loads if load.load_type != "reconcile"],
    }


def _load(load: Load, is_limited: bool) -> dict[str, Any]:
    source = sources()[load.source]
    table = source.tables[load.table_name]
    columns = {name: column for name, column in table.columns.items() if column in load.columns}
    mapped = {name: table.mapped[name] for name in columns}
    limit = {"share": float(table.max_quarantine_share), "rows": ROWS_HELD_AT_LEAST}
    return {
        "load_id": load.replays or load.load_id,
        "source_system": load.source_system,
        "time_zone": source.time_zone,
        "path": load.uri,
        "columns": columns,
        "splits": {
            name: {"separator": item.split, "part": item.part}
            for name, item in mapped.items()
            if item.split
        },
        "values": {name: item.values for name, item in mapped.items() if item.values},
        "constants": {
            name: item.constant for name, item in table.mapped.items() if item.constant is not None
        },
        # The watermark of a row that was overlooked may lie behind what silver has seen since.
        "watermark": None if load.load_type == "reread" else table.watermark,
        "observed_at": load.observed_at.isoformat() if load.observed_at else None,
        "rows": list(load.row_ids) if load.replays else None,
        "limit": limit if is_limited and not load.replays else None,
    }
