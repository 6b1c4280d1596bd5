"""What the kill test compares, and how it says what differs."""

from __future__ import annotations

from collections import Counter

import pytest

from tools.chaos import volatile
from tools.chaos.content import as_text
from tools.chaos.differences import AUDIT_KEYS, differences
from utils.audit.tables import audit_columns, audit_declarations
from utils.landing.bronze import TECHNICAL

DECLARED = {
    "bronze": {field.name for field in TECHNICAL},
    **{f"audit.{table}": set(audit_columns(table)) for table in audit_declarations()},
}


@pytest.mark.parametrize(
    ("place", "columns"),
    [*volatile.LAYERS.items(), *volatile.TABLES.items()],
    ids=[*volatile.LAYERS, *volatile.TABLES],
)
def test_what_may_differ_is_declared_and_has_a_reason(
    place: str, columns: dict[str, volatile.Volatile]
) -> None:
    assert columns.keys() <= DECLARED[place]
    assert all(column.reason for column in columns.values())


def test_every_audit_table_has_a_key_of_its_columns() -> None:
    assert AUDIT_KEYS.keys() == audit_declarations().keys()
    for table, key in AUDIT_KEYS.items():
        assert set(key) <= DECLARED[f"audit.{table}"]


QUARANTINED = {
    "load_id": "hospital_a.patients.1",
    "row_id": 7,
    "state": "superseded",
    "changed_by": "20260102-0123456789ab",
    "changed_at": "2026-01-02T06:00:00Z",
}


def test_a_row_that_another_batch_changed_at_another_time_is_the_same() -> None:
    again = {
        **QUARANTINED,
        "changed_by": "20260102-ba9876543210",
        "changed_at": "2026-01-02T06:09:00Z",
    }
    assert volatile.stable("audit.quarantine", QUARANTINED) == volatile.stable(
        "audit.quarantine", again
    )


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"state": "open"}, id="state"),
        pytest.param({"changed_by": "manual__2026-01-02"}, id="a-run-instead-of-a-batch"),
        pytest.param({"changed_by": None}, id="nobody"),
        pytest.param({"changed_at": None}, id="never"),
    ],
)
def test_a_row_that_differs_otherwise_is_another(change: dict[str, object]) -> None:
    assert volatile.stable("audit.quarantine", QUARANTINED) != volatile.stable(
        "audit.quarantine", {**QUARANTINED, **change}
    )


def test_of_an_address_only_the_name_of_its_batch_is_replaced() -> None:
    row = {"batch_uri": "gs://rcm-lake/silver/batches/20260102-0123456789ab"}
    assert volatile.stable("audit.publications", row) == {
        "batch_uri": "gs://rcm-lake/silver/batches/a batch"
    }


def test_a_difference_names_table_key_and_columns() -> None:
    kept = as_text({**QUARANTINED, "row_id": 1})
    expected = {"audit.quarantine": Counter([kept, as_text(QUARANTINED)])}
    found = {"audit.quarantine": Counter([kept, as_text({**QUARANTINED, "state": "open"})])}
    assert differences(expected, found) == [
        "audit.quarantine: 2 rows expected, 2 found, 1 differ (expected → found)\n"
        "  load_id=hospital_a.patients.1, row_id=7: state superseded → open"
    ]


def test_a_row_that_is_lost_or_doubled_is_named_by_its_key() -> None:
    row = as_text({"_load_id": "a.1", "_row_id": 3, "PatientID": "P1"})
    once, twice, never = (Counter({row: times}) for times in (1, 2, 0))
    table = "bronze.hospital_a__patients"
    assert differences({table: once}, {table: +never}) == [
        f"{table}: 1 rows expected, 0 found, 1 differ (expected → found)\n"
        "  _load_id=a.1, _row_id=3: missing"
    ]
    assert differences({table: once}, {table: twice}) == [
        f"{table}: 1 rows expected, 2 found, 1 differ (expected → found)\n"
        "  _load_id=a.1, _row_id=3: one too many"
    ]


def test_equal_contents_and_empty_tables_differ_in_nothing() -> None:
    row = Counter([as_text({"_load_id": "a.1", "_row_id": 3})])
    assert differences({"bronze.x": row, "gold.y": Counter()}, {"bronze.x": row}) == []
