"""A load that is planned, and what became of it: what audit records of either."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from utils.audit.loads import Load
from utils.contracts.entities import entities
from utils.contracts.sources import sources
from utils.errors import PipelineError
from utils.landing.drift import WantedColumn, near_names
from utils.settings import settings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from utils.contracts.source_file import Mapped
    from utils.landing.bronze import Landed
    from utils.landing.files import Discovered


@dataclass(frozen=True)
class Expected:
    """A load that is planned, and what reads it.

    Attributes:
        delivery: its file, if it has one.
        types_before: the types that the table's last load saw, by column.
    """

    load: Load
    read: Callable[[], Landed]
    delivery: Discovered | None = None
    types_before: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """What became of an expected load: bronze rows or an error."""

    expected: Expected
    landed: Landed | None
    error: Exception | None

    @property
    def load(self) -> Load:
        """The load in its new state."""
        if self.landed is None:
            state = {"state": "FAILED", "error": _message(self.error)}
            return self.expected.load.model_copy(update=state)
        return self.expected.load.model_copy(
            update={
                "state": "LANDED",
                "columns": self.landed.columns,
                "checksum": self.landed.sha256,
                "rows_landed": self.landed.rows,
                **_control_totals(self.expected.load, self.landed),
                "schema_events": _schema_events(self.landed, self.expected.types_before),
                "source_types": json.dumps(dict(self.landed.source_types)),
                "landed_at": datetime.now(tz=UTC),
            }
        )


def _control_totals(load: Load, landed: Landed) -> dict[str, Decimal]:
    """Dollars at the edge, which silver must account for."""
    return {
        f"{kind}_landed": landed.control_totals.get(column, Decimal(0))
        for kind, column in amount_columns(load).items()
    }


def amount_columns(load: Load) -> dict[str, str]:
    """The source's columns of the dollars billed and paid; empty without money or mapping."""
    named = entities()[load.entity].amounts.named
    columns = sources()[load.source].tables[load.table_name].columns
    return {kind: columns[column] for kind, column in named.items() if column in columns}


def _schema_events(landed: Landed, types_before: Mapping[str, str]) -> str | None:
    """How the source differs from the contract, and from before, in ways that are allowed."""
    retyped = {
        name: {"from": types_before[name], "to": kind}
        for name, kind in landed.source_types.items()
        if types_before.get(name, kind) != kind
    }
    events: dict[str, Sequence[str] | Mapping[str, object]] = {
        "missing_columns": list(landed.missing_columns),
        "extra_columns": list(landed.extra_columns),
        "retyped": retyped,
        "money_in_floats": list(landed.money_in_floats),
        "perhaps_renamed": near_names(landed.missing_columns, landed.extra_columns),
    }
    known = {name: event for name, event in events.items() if event}
    return json.dumps(known) if known else None


def _message(error: Exception | None) -> str:
    """What audit may quote: our own errors carry no row's values, of others only the kind."""
    return str(error) if isinstance(error, PipelineError) else type(error).__name__


def wanted_columns(table: Mapped) -> tuple[WantedColumn, ...]:
    """Columns to read: the mapped ones, and those of a row's time and deletion."""
    contract = entities()[table.entity].columns
    required: dict[str, bool] = {}
    for name, column in table.columns.items():
        required[column] = required.get(column, False) or contract[name].required
    if table.watermark:
        required[table.watermark] = True
    required |= dict.fromkeys(table.deleted_when, True)
    return tuple(WantedColumn(name, is_required) for name, is_required in required.items())


def bronze_uri(source: str, table: str, load_id: str) -> str:
    """The object of a load."""
    return settings().lake_uri("bronze", source, table, f"load_id={load_id}", "part-0.parquet")
