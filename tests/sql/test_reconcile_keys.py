"""What a comparison of a table's keys with silver finds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.given_tables import BUSINESS_DATE
from tests.warehouse_support import Warehouse
from utils.audit.rows import update_rows, upsert_rows
from utils.audit.runs import Run
from utils.audit.tables import audit_table
from utils.contracts.source_file import DatabaseSource
from utils.contracts.sources import sources
from utils.gcp import bigquery
from utils.maintenance.key_comparison import Subject, comparison_sql

CLOCK = datetime(2026, 2, 1, 17, tzinfo=UTC)
RUN = Run(run_id="r", dag_id="rcm_reconcile_keys", business_date=BUSINESS_DATE)
VALUES = {
    "source": "hospital_a",
    "table": "patients",
    "clock": CLOCK,
    "now": "2026-02-01 12:00:00",
    "settled": "2026-01-30 00:00:00",
    "columns": '["PatientID", "ModifiedDate"]',
}
LOAD = {
    "run_id": "r", "business_date": BUSINESS_DATE, "source": "hospital_a",
    "source_system": "hospital_a", "entity": "patients", "load_type": "incremental",
    "state": "PUBLISHED", "planned_at": CLOCK, "columns": VALUES["columns"],
}  # fmt: skip
OLD, NEW = "2026-01-10 08:00:00", "2026-01-31 08:00:00"


@pytest.fixture(autouse=True)
def tables(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    """Empty tables of keys and bronze, and two published loads."""
    for layer, name in (("staging", "keys"), ("bronze", "hospital_a__patients")):
        bigquery.query(
            f"CREATE OR REPLACE TABLE `{warehouse.environment.table(layer, name)}` "
            "(PatientID STRING, ModifiedDate STRING, _load_id STRING, _row_id INT64, "
            "_source_checksum INT64)"
        )
    bigquery.query(f"DELETE FROM `{warehouse.environment.table('silver', 'patients')}` WHERE TRUE")
    bigquery.query(f"DELETE FROM {audit_table('quarantine')} WHERE TRUE")
    named = [
        {"load_id": "daily", "table_name": "patients", "observed_at": CLOCK - timedelta(days=3)},
        {"load_id": "next", "table_name": "patients", "observed_at": CLOCK - timedelta(days=2)},
        {"load_id": "other", "table_name": "more_patients", "observed_at": CLOCK},
    ]
    loads = [{**LOAD, **parts} for parts in named]
    upsert_rows("table_loads", ["load_id"], loads)


def insert(table: str, *rows: dict[str, object]) -> None:
    for row in rows:
        names, bound = ", ".join(row), ", ".join(f"@{name}" for name in row)
        bigquery.query(f"INSERT INTO `{table}` ({names}) SELECT {bound}", row)


def at_source(
    warehouse: Warehouse, key: str | None, changed: str | None = OLD, checksum: int = 1
) -> None:
    name = warehouse.environment.table("staging", "keys")
    bigquery.query(
        f"INSERT INTO `{name}` (PatientID, ModifiedDate, _source_checksum) "
        "SELECT @key, @changed, @checksum",
        {"key": key, "changed": changed, "checksum": checksum},
    )


def in_bronze(
    warehouse: Warehouse,
    key: str,
    changed: str = OLD,
    row_id: int = 1,
    checksum: int = 1,
    load_id: str = "daily",
) -> None:
    name = warehouse.environment.table("bronze", "hospital_a__patients")
    bigquery.query(
        f"INSERT INTO `{name}` SELECT @key, @changed, @load_id, @row_id, @checksum",
        {
            "key": key,
            "changed": changed,
            "row_id": row_id,
            "checksum": checksum,
            "load_id": load_id,
        },
    )


def in_silver(warehouse: Warehouse, key: str, **parts: object) -> None:
    row = {
        "source_system": "hospital_a", "patient_id": key, "is_current": True,
        "_load_id": "daily", "_observed_at": CLOCK - timedelta(days=1), **parts,
    }  # fmt: skip
    insert(warehouse.environment.table("silver", "patients"), row)


def found(warehouse: Warehouse, query: str) -> list[dict[str, Any]]:
    source = sources()["hospital_a"]
    assert isinstance(source, DatabaseSource)
    subject = Subject(source, "patients", CLOCK, CLOCK, RUN)
    staged = warehouse.environment.table("staging", "keys")
    return bigquery.query(comparison_sql(subject, staged, query), VALUES)


def test_a_live_key_that_the_source_lacks_is_gone(warehouse: Warehouse) -> None:
    """A10. Only rows of this hospital and table, seen before the clock, can be gone."""
    at_source(warehouse, "P1")
    at_source(warehouse, None)
    for key in ("P1", "P2"):
        in_silver(warehouse, key)
    in_silver(warehouse, "CLOSED", is_current=False)
    in_silver(warehouse, "ELSEWHERE", source_system="hospital_b")
    in_silver(warehouse, "OTHER_TABLE", _load_id="other")
    in_silver(warehouse, "SEEN_AFTER", _observed_at=CLOCK + timedelta(seconds=1))

    assert found(warehouse, "gone") == [{"key_0": "P2"}]
    [counts] = found(warehouse, "counts")
    assert (counts["source_rows"], counts["live_rows"]) == (2, 2)


@pytest.mark.parametrize(
    "typed",
    [
        pytest.param(" P1\t", id="blanks"),
        pytest.param("\u00a0P1", id="no-break-space"),
        pytest.param("\u200bP1\ufeff", id="invisible"),
        pytest.param("P1.0", id="decimals-of-a-number-type"),
    ],
)
def test_a_key_that_silver_reads_so_is_not_gone(warehouse: Warehouse, typed: str) -> None:
    at_source(warehouse, typed)
    in_silver(warehouse, "P1")

    assert found(warehouse, "gone") == []


@pytest.mark.parametrize("other", ["p1", "P 1", "\uff30\uff11", "P\u200b1"])
def test_a_key_that_is_spelled_otherwise_is_another_key(warehouse: Warehouse, other: str) -> None:
    """B9: a row that is gone is not taken for there because another key looks like its own."""
    at_source(warehouse, other)
    in_silver(warehouse, "P1")

    assert found(warehouse, "gone") == [{"key_0": "P1"}]


def test_what_published_windows_should_have_brought_is_overlooked(warehouse: Warehouse) -> None:
    """A05 and E08: late, set back, and come back with the watermark of old."""
    for key in ("KNOWN", "CAME_BACK"):
        at_source(warehouse, key)
        in_bronze(warehouse, key)
    in_silver(warehouse, "KNOWN")
    in_silver(warehouse, "CAME_BACK", is_current=False)
    at_source(warehouse, "LATE")
    at_source(warehouse, "SET_BACK", "2019-05-06 07:08:09")
    in_bronze(warehouse, "SET_BACK")
    in_silver(warehouse, "SET_BACK")

    overlooked = found(warehouse, "overlooked")

    assert [row["key_0"] for row in overlooked] == ["SET_BACK", "CAME_BACK", "LATE"]
    assert {(row["total"], row["unstamped"]) for row in overlooked} == {(3, 0)}


def test_a_change_that_left_the_watermark_as_it_was_is_overlooked(warehouse: Warehouse) -> None:
    """A09: the last reading decides, also for a row that is as it was before the one before."""
    for key in ("SAME", "CHANGED", "CHANGED_BACK", "TWINS"):
        in_silver(warehouse, key)
    at_source(warehouse, "SAME", checksum=2)
    at_source(warehouse, "CHANGED", checksum=2)
    at_source(warehouse, "CHANGED_BACK", checksum=1)
    for checksum in (1, 2):
        at_source(warehouse, "TWINS", checksum=checksum)
        in_bronze(warehouse, "TWINS", checksum=checksum, row_id=checksum)
    in_bronze(warehouse, "CHANGED", checksum=1)
    for load_id, checksum in (("daily", 1), ("next", 2)):
        in_bronze(warehouse, "SAME", checksum=checksum, load_id=load_id)
        in_bronze(warehouse, "CHANGED_BACK", checksum=checksum, load_id=load_id)

    overlooked = found(warehouse, "overlooked")

    assert [row["key_0"] for row in overlooked] == ["CHANGED", "CHANGED_BACK"]
    assert {(row["total"], row["unstamped"]) for row in overlooked} == {(2, 2)}


def test_a_row_whose_watermark_was_set_back_is_overlooked_until_it_is_read_again(
    warehouse: Warehouse,
) -> None:
    """B8: bronze has the row as it stands now, silver what a later watermark said."""
    later = "2026-01-11 08:00:00"
    for key in ("SET_BACK", "READ_AGAIN"):
        at_source(warehouse, key, OLD, checksum=1)
        in_bronze(warehouse, key, later, checksum=2)
        in_bronze(warehouse, key, OLD, checksum=1, load_id="next")
        in_silver(warehouse, key)
    in_bronze(warehouse, "READ_AGAIN", OLD, checksum=1, load_id="again")
    reread = {"load_id": "again", "table_name": "patients", "load_type": "reread",
              "observed_at": CLOCK - timedelta(days=1)}  # fmt: skip
    upsert_rows("table_loads", ["load_id"], [{**LOAD, **reread}])

    assert [row["key_0"] for row in found(warehouse, "overlooked")] == ["SET_BACK"]


def test_a_reading_of_other_columns_says_nothing_of_a_change(warehouse: Warehouse) -> None:
    """A column that joined the contract makes no row look changed."""
    in_silver(warehouse, "P1")
    at_source(warehouse, "P1", checksum=2)
    in_bronze(warehouse, "P1", checksum=1)
    update_rows("table_loads", ["load_id"], [{"load_id": "daily", "columns": '["PatientID"]'}])

    assert found(warehouse, "overlooked") == []


def quarantined(warehouse: Warehouse, key: str, row_id: int, state: str) -> None:
    at_source(warehouse, key)
    in_bronze(warehouse, key, row_id=row_id)
    texts = ("held_key", "row_hash", "rule", "rule_version", "rules", "reason", "changed_by")
    instants = ("event_at", "observed_at", "first_seen_at", "last_seen_at", "changed_at")
    row = {
        "entity": "patients", "source_system": "hospital_a", "load_id": "daily", "row_id": row_id,
        "state": state, **dict.fromkeys(texts, "x"), **dict.fromkeys(instants, CLOCK),
    }  # fmt: skip
    insert(audit_table("quarantine").strip("`"), row)


def test_what_is_due_or_held_in_quarantine_is_not_overlooked(warehouse: Warehouse) -> None:
    at_source(warehouse, "NEXT_WINDOW", NEW)
    at_source(warehouse, "EVERY_WINDOW", None)
    at_source(warehouse, None)
    quarantined(warehouse, "HELD", 7, "open")
    quarantined(warehouse, "REFUSED_FOR_GOOD", 8, "rejected")

    assert found(warehouse, "overlooked") == []


def test_a_row_that_left_quarantine_can_be_overlooked(warehouse: Warehouse) -> None:
    quarantined(warehouse, "RELEASED", 7, "released")

    assert [row["key_0"] for row in found(warehouse, "overlooked")] == ["RELEASED"]


def test_the_newest_change_leaves_the_future_out(warehouse: Warehouse) -> None:
    """A18 compares these two."""
    at_source(warehouse, "P1", OLD)
    at_source(warehouse, "P2", "2999-01-01 00:00:00")
    in_bronze(warehouse, "P1", NEW)

    [counts] = found(warehouse, "counts")

    assert str(counts["newest_at_source"]) == OLD
    assert str(counts["newest_landed"]) == NEW
