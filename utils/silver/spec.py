"""Says what a Spark batch has to build, from the contracts and the loads that wait.

Spark's code ships as a zip without compiled packages, so it cannot validate configuration: that
is done here. A specification holds no secret and no row value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from utils.batch import spec
from utils.batch.reports import observations_uri
from utils.contracts.column_maps import bronze_name
from utils.contracts.entities import entities, folding
from utils.contracts.source_file import ROWS_HELD_AT_LEAST
from utils.contracts.sources import sources
from utils.errors import StateError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from utils.audit.loads import Load
    from utils.contracts.entities import Entity


def silver_spec(
    batch_id: str,
    business_date: date,
    loads: Sequence[Load],
    history: Sequence[str],
    *,
    is_limited: bool = True,
) -> spec.Batch:
    """What a batch that merges `loads` into the state of the batches in `history` must do.

    If it is limited, it refuses a load when rules hold too many of its rows. A load that was
    published, or whose rows were held before, is not asked again.
    """
    return spec.Batch(
        batch_id=batch_id,
        business_date=business_date,
        entities=tuple(
            _entity(entity, [load for load in loads if load.entity == name], history, is_limited)
            for name, entity in entities().items()
        ),
    )


def _entity(
    entity: Entity, loads: Sequence[Load], history: Sequence[str], is_limited: bool
) -> spec.Entity:
    return spec.Entity(
        name=entity.name,
        singular=entity.singular,
        key=entity.key,
        belongs_to=_belongs_to(entity),
        keeps_revisions=entity.keeps_revisions,
        amounts=spec.Amounts(**entity.amounts.model_dump()),
        columns=tuple(
            spec.Column(
                name=name,
                type=column.type,
                normalize=column.normalize,
                fold=folding(column),
                required=column.required,
                tracked=column.tracked,
                phi=column.phi,
            )
            for name, column in entity.columns.items()
        ),
        derived=tuple(
            spec.Derived(name=name, type=column.type, expr=column.expr)
            for name, column in entity.derived.items()
        ),
        rules=tuple(spec.Rule(**rule.model_dump()) for rule in entity.row_rules),
        history=tuple(observations_uri(batch, entity.name) for batch in history),
        deletes=tuple(load.uri or "" for load in loads if load.load_type == "reconcile"),
        loads=tuple(_load(load, is_limited) for load in loads if load.load_type != "reconcile"),
    )


def _belongs_to(entity: Entity) -> spec.BelongsTo | None:
    if entity.belongs_to is None:
        return None
    return spec.BelongsTo(key_column=entity.belongs_to.key_column, by=entity.belongs_to.by)


def _load(load: Load, is_limited: bool) -> spec.Load:
    if load.observed_at is None:
        raise StateError(
            "A load does not say when its rows were observed",
            where=f"audit.table_loads, load {load.load_id}",
            remedy="Clear `land` of its run, so that it is landed again",
        )
    source = sources()[load.source]
    table = source.tables[load.table_name]
    columns = {
        name: bronze_name(column)
        for name, column in table.columns.items()
        if column in load.columns
    }
    mapped = {name: table.mapped[name] for name in columns}
    counted = {"rows": load.rows_landed, "billed": load.billed_landed, "paid": load.paid_landed}
    limit = spec.Limit(
        share=float(table.max_quarantine_share),
        rows=ROWS_HELD_AT_LEAST,
        landed={name: str(value) for name, value in counted.items() if value is not None},
    )
    return spec.Load(
        load_id=load.replays or load.load_id,
        source_system=load.source_system,
        time_zone=source.time_zone,
        path=load.uri or "",
        columns=columns,
        splits={
            name: spec.Split(separator=item.split, part=item.part)
            for name, item in mapped.items()
            if item.split and item.part
        },
        values={name: item.values for name, item in mapped.items() if item.values},
        constants={
            name: item.constant for name, item in table.mapped.items() if item.constant is not None
        },
        phone_region=source.phone_region,
        deleted_when={bronze_name(name): meant for name, meant in table.deleted_when.items()},
        # The watermark of a row that was overlooked may lie behind what silver has seen since.
        watermark=None
        if load.load_type == "reread" or table.watermark is None
        else bronze_name(table.watermark),
        observed_at=load.observed_at,
        rows=load.row_ids if load.replays else None,
        limit=limit if is_limited and not load.replays else None,
    )
