"""What audit notes of a source's types: a change since the last load, and money in floats."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import pytest

from utils.audit.loads import Load
from utils.landing.bronze import Landed
from utils.landing.outcomes import Expected, Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping

LOAD = Load(
    load_id="hospital_a.patients.20260131",
    run_id="run",
    business_date=date(2026, 1, 31),
    source="hospital_a",
    source_system="hospital_a",
    table_name="patients",
    entity="patients",
    load_type="full",
    planned_at=datetime(2026, 1, 31, tzinfo=UTC),
)


@pytest.mark.parametrize(
    ("before", "landed", "events"),
    [
        pytest.param({}, {"source_types": {"ID": "int"}}, None, id="first-load"),
        pytest.param({"ID": "int"}, {"source_types": {"ID": "int"}}, None, id="as-before"),
        pytest.param(
            {"ID": "int", "Gone": "date"},
            {"source_types": {"ID": "varchar(9)", "New": "date"}},
            {"retyped": {"ID": {"from": "int", "to": "varchar(9)"}}},
            id="retyped",
        ),
        pytest.param(
            {}, {"money_in_floats": ("Paid",)}, {"money_in_floats": ["Paid"]}, id="money-in-floats"
        ),
    ],
)
def test_audit_notes_what_is_new_about_types(
    before: Mapping[str, str], landed: dict[str, Any], events: dict[str, Any] | None
) -> None:
    result = Landed(LOAD.load_id, "gs://lake/x", 1, 1, "sha", ("ID",), **landed)
    expected = Expected(LOAD, lambda: result, types_before=before)

    noted = Outcome(expected, result, None).load

    assert (json.loads(noted.schema_events) if noted.schema_events else None) == events
    assert json.loads(noted.source_types or "") == landed.get("source_types", {})
