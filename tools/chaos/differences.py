"""Says in which tables, rows and columns two runs differ."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from utils.contracts.entities import entities
from utils.gold.models import gold_models

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tools.chaos.content import Content

Row = dict[str, Any]
SHOWN_ROWS = 5
_SHOWN_CHARACTERS = 60
_BRONZE_KEY = ("_load_id", "_row_id")
# What names a row of an audit table to a reader.
AUDIT_KEYS: Mapping[str, tuple[str, ...]] = {
    "dq_results": ("run_id", "layer", "entity", "source_system", "load_id", "rule"),
    "files": ("uri", "generation"),
    "gold_standings": ("source_system",),
    "hospitals": ("source_system",),
    "leases": ("dag_id",),
    "pipeline_runs": ("run_id",),
    "publications": ("layer", "publication_id", "run_id"),
    "quarantine": ("load_id", "row_id"),
    "quarantine_replays": ("run_id", "entity", "source_system", "rule", "outcome", "outcome_rule"),
    "table_loads": ("load_id",),
}


@dataclass(frozen=True)
class Difference:
    """A row that the undisturbed run has, or that this run has, or both with other values."""

    expected: Row | None
    found: Row | None

    def explain(self, key: Sequence[str]) -> str:
        """Names the row by its key, and the columns that differ with both values."""
        row = self.expected or self.found or {}
        name = ", ".join(f"{column}={_shown(row.get(column))}" for column in key)
        if self.expected is None or self.found is None:
            return f"{name}: {'missing' if self.found is None else 'one too many'}"
        columns = ", ".join(
            f"{column} {_shown(value)} → {_shown(self.found.get(column))}"
            for column, value in self.expected.items()
            if value != self.found.get(column)
        )
        return f"{name}: {columns}"


def differences(expected: Content, found: Content) -> list[str]:
    """One text for each table that differs: its counts, then its first rows that differ."""
    return [
        _explain(table, expected.get(table, Counter()), found.get(table, Counter()))
        for table in sorted(expected.keys() | found.keys())
        if expected.get(table, Counter()) != found.get(table, Counter())
    ]


def row_key(table: str, columns: Sequence[str]) -> tuple[str, ...]:
    """The columns that name a row of `layer.table` to a reader."""
    layer, _, name = table.partition(".")
    if layer == "gold":
        return gold_models()[name].header.keys
    if layer == "audit":
        return AUDIT_KEYS[name]
    if layer == "bronze":
        return _BRONZE_KEY
    entity = entities()[name.removesuffix("_revisions")]
    # Versions are counted; revisions and the log's observations have the instant of their change.
    known = ("source_system", *entity.key, "version", "event_at", "known_from")
    return tuple(column for column in known if column in columns)


def _explain(table: str, expected: Counter[str], found: Counter[str]) -> str:
    lost, gained = _rows(expected - found), _rows(found - expected)
    key = row_key(table, list((lost + gained)[0]))
    paired = list(_pair(lost, gained, key))
    lines = [f"  {item.explain(key)}" for item in paired[:SHOWN_ROWS]]
    if len(paired) > SHOWN_ROWS:
        lines.append(f"  … and {len(paired) - SHOWN_ROWS} more")
    counts = f"{table}: {expected.total()} rows expected, {found.total()} found"
    return "\n".join([f"{counts}, {len(paired)} differ (expected → found)", *lines])


def _pair(lost: list[Row], gained: list[Row], key: Sequence[str]) -> Iterator[Difference]:
    """Rows of one key belong together; what is left on either side stands alone."""
    waiting: dict[str, list[Row]] = {}
    for row in gained:
        waiting.setdefault(_identity(row, key), []).append(row)
    for row in lost:
        others = waiting.get(_identity(row, key))
        yield Difference(row, others.pop(0) if others else None)
    for rows in waiting.values():
        for row in rows:
            yield Difference(None, row)


def _rows(counted: Counter[str]) -> list[Row]:
    return [json.loads(text) for text in sorted(counted.elements())]


def _identity(row: Row, key: Sequence[str]) -> str:
    return json.dumps([row.get(column) for column in key])


def _shown(value: object) -> str:
    text = "NULL" if value is None else str(value)
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}…"
