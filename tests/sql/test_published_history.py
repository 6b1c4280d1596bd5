"""Silver is published only if the history and the revisions that are staged keep their promises."""

from __future__ import annotations

import json
from uuid import uuid4

import pytest
from google.api_core.exceptions import GoogleAPICallError

from tests.given_tables import BUSINESS_DATE, Row
from tests.model_cases import broken_promises
from tests.warehouse_support import Warehouse, hold_lease, named_run
from utils.batch.reports import REPORTS
from utils.gcp import bigquery
from utils.silver.publication import publish_sql

LIFE: list[Row] = [
    {"version": 1, "effective_date": "2026-01-01T00:00:00Z", "expiry_date": "2026-01-03T00:00:00Z"},
    {"version": 2, "effective_date": "2026-01-03T00:00:00Z", "expiry_date": "2026-01-05T00:00:00Z",
     "is_deleted": True},
    {"version": 3, "effective_date": "2026-01-08T00:00:00Z"},
]  # fmt: skip

DAY_1, DAY_2, DAY_4, DAY_7, DAY_9 = (f"2026-01-0{day}T00:00:00Z" for day in (1, 2, 4, 7, 9))
OPEN = "9999-12-31T00:00:00Z"
NUMBERS = "versions are not numbered 1 to n"
ENDS = "a version does not end after it begins"
OVERLAP = "versions overlap"
GAP = "a gap without a deletion, or a deletion without a gap"
CURRENT = "the open version, and no other, is current"
REPEATS = "a version repeats the one before it"


@pytest.fixture
def staging(warehouse: Warehouse) -> Warehouse:
    """A warehouse without patients."""
    warehouse.fill("patients", [])
    return warehouse


def publish(
    warehouse: Warehouse,
    *,
    is_rebuild: bool = False,
    revisions: list[Row] | None = None,
    held: list[Row] | None = None,
    **staged: list[Row],
) -> None:
    batch_id = uuid4().hex
    content = {"quarantine": json.dumps(held or [])}
    for report, columns in REPORTS.items():
        warehouse.stage(batch_id, report, columns, content.get(report, "[]"))
    for entity, rows in staged.items():
        warehouse.stage_entity(batch_id, entity, rows, revisions or [])
    values = {**named_run("r1").identity, "batch_id": batch_id, "batch_uri": "gs://lake/silver/b1"}
    hold_lease("r1")
    script = publish_sql(batch_id, staged, is_rebuild=is_rebuild)
    bigquery.query(script, {**values, "business_date": BUSINESS_DATE})


def of(patient_id: str, *changes: Row) -> list[Row]:
    """The life of a patient, with these changes to its versions."""
    wanted = changes or ({}, {}, {})
    key = {"source_system": "hospital_a", "patient_id": patient_id}
    return [
        {**key, "is_deleted": False, "_row_hash": f"h{version['version']}", **version, **change}
        for version, change in zip(LIFE, wanted, strict=True)
    ]


def published(warehouse: Warehouse) -> list[tuple[object, ...]]:
    rows = warehouse.rows("silver", "patients", "patient_key, version")
    return [tuple(row.values()) for row in rows]


def test_whole_keys_replace_those_published(staging: Warehouse) -> None:
    publish(staging, patients=[*of("P1"), *of("P2")])
    publish(staging, patients=of("P2")[:2])
    publish(staging, patients=of("P2"))

    assert published(staging) == [
        (f"hospital_a/{patient_id}", version)
        for patient_id in ("P1", "P2")
        for version in (1, 2, 3)
    ]


@pytest.mark.parametrize(
    ("promise", "changes"),
    [
        pytest.param(NUMBERS, [{}, {"version": 3}, {"version": 4}], id="a number is left out"),
        pytest.param(NUMBERS, [{}, {"version": None}, {}], id="a version without a number"),
        pytest.param(NUMBERS, [{}, {"version": 3}, {"version": 2}], id="numbers against time"),
        pytest.param(ENDS, [{"expiry_date": DAY_1}, {}, {}], id="a version of no length"),
        pytest.param(ENDS, [{}, {}, {"expiry_date": DAY_7}], id="E15 an end before the beginning"),
        pytest.param(ENDS, [{"expiry_date": None}, {}, {}], id="no end"),
        pytest.param(OVERLAP, [{"expiry_date": DAY_4}, {}, {}], id="two versions at one time"),
        pytest.param(OVERLAP, [{"expiry_date": OPEN}, {}, {}], id="two open versions"),
        pytest.param(GAP, [{"expiry_date": DAY_2}, {}, {}], id="a gap without a deletion"),
        pytest.param(GAP, [{"is_deleted": True}, {}, {}], id="a deletion without a gap"),
        pytest.param(GAP, [{}, {"is_deleted": None}, {}], id="a gap of unknown cause"),
        pytest.param(
            GAP, [{}, {}, {"expiry_date": DAY_9}], id="a live key without an open version"
        ),
        pytest.param(CURRENT, [{}, {"is_current": True}, {}], id="two current versions"),
        pytest.param(CURRENT, [{}, {}, {"is_current": False}], id="no current version"),
        pytest.param(REPEATS, [{}, {"_row_hash": "h1"}, {}], id="E06 a version without a change"),
    ],
)
def test_check_counts_the_versions_that_break(promise: str, changes: list[Row]) -> None:
    rows = [*of("P1"), *of("P2", *changes)]

    assert promise in broken_promises("patients", rows)


def test_check_finds_nothing_in_a_history_with_a_change_and_a_deletion() -> None:
    assert broken_promises("patients", [*of("P1"), *of("P2")]) == {}


def test_broken_history_fails_the_run_and_is_not_published(staging: Warehouse) -> None:
    broken = of("P3", {}, {"expiry_date": DAY_9}, {})

    with pytest.raises(GoogleAPICallError, match=rf"silver.patients: {OVERLAP} \(1 rows\)"):
        publish(staging, patients=[*of("P2"), *broken])

    assert published(staging) == []


def test_batch_that_lost_the_beginning_of_a_history_is_not_published(staging: Warehouse) -> None:
    """E22: observations are only ever added, so a history that begins later was damaged."""
    publish(staging, patients=[*of("P1"), *of("P2")])
    later = [{**version, "version": version["version"] - 1} for version in of("P2")[1:]]

    with pytest.raises(GoogleAPICallError, match=r"patients: published history is lost \(1 keys\)"):
        publish(staging, patients=later)

    assert len(published(staging)) == 6


def test_rebuild_replaces_everything_and_may_only_lose_what_a_rule_holds(
    staging: Warehouse,
) -> None:
    """E22: a key that is gone without being held was lost on the way."""
    publish(staging, patients=[*of("P1"), *of("P2")])

    with pytest.raises(GoogleAPICallError, match=r"patients: published history is lost \(1 keys\)"):
        publish(staging, is_rebuild=True, patients=of("P2"))

    held = {
        "entity": "patients",
        "source_system": "hospital_a",
        "load_id": "l1",
        "row_id": 1,
        "record_key": "hospital_a/P1",
        "held_key": "hospital_a/P1",
        "row_hash": "h1",
        "event_at": DAY_1,
        "observed_at": DAY_9,
        "rule": "name_missing",
        "rule_version": "v2",
        "rules": "name_missing",
        "reason": "A patient has a name.",
    }
    publish(staging, is_rebuild=True, held=[held], patients=of("P2"))
    assert {key for key, _ in published(staging)} == {"hospital_a/P2"}


CHARGE = {"source_system": "hospital_a", "transaction_id": "T1", "transaction_key": "T1"}
FIRST = {**CHARGE, "event_at": DAY_1, "known_from": DAY_2, "known_to": DAY_7, "_row_hash": "h1"}
SECOND = {**CHARGE, "event_at": DAY_1, "known_from": DAY_7, "known_to": OPEN, "_row_hash": "h2"}


def known(warehouse: Warehouse) -> list[tuple[object, ...]]:
    rows = warehouse.rows("silver", "transactions_revisions", "transaction_key, _row_hash")
    return [tuple(row.values()) for row in rows]


def test_revisions_of_whole_keys_replace_those_published(staging: Warehouse) -> None:
    other = {**SECOND, "transaction_key": "T2"}
    publish(staging, transactions=[], revisions=[{**FIRST, "known_to": OPEN}, other])
    publish(staging, transactions=[], revisions=[FIRST, SECOND])

    assert known(staging) == [("T1", "h1"), ("T1", "h2"), ("T2", "h2")]

    publish(staging, is_rebuild=True, transactions=[], revisions=[FIRST, SECOND])
    assert known(staging) == [("T1", "h1"), ("T1", "h2")]


@pytest.mark.parametrize(
    ("promise", "change"),
    [
        pytest.param("revisions do not adjoin", {"known_to": DAY_4}, id="a gap in knowledge"),
        pytest.param("revisions do not adjoin", {"known_to": OPEN}, id="two latest revisions"),
        pytest.param("a revision is known for no time", {"known_to": DAY_2}, id="no length"),
        pytest.param(
            "a revision repeats the one before it", {"_row_hash": "h2"}, id="nothing revised"
        ),
    ],
)
def test_broken_revisions_fail_the_run_and_are_not_published(
    staging: Warehouse, promise: str, change: Row
) -> None:
    before = known(staging)

    with pytest.raises(GoogleAPICallError, match=rf"silver.transactions_revisions: {promise}"):
        publish(staging, transactions=[], revisions=[{**FIRST, **change}, SECOND])

    assert known(staging) == before
