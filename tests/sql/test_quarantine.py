"""How publication changes the quarantine register, and that a repeated one changes nothing."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from google.api_core.exceptions import GoogleAPICallError

from tests.given_tables import silver_row
from tests.quarantine_support import (
    LATER,
    MONDAY,
    NOON,
    RUN,
    TUESDAY,
    Ledger,
    held,
    load,
    publish_replay,
)
from tests.warehouse_support import Warehouse
from utils.audit.loads import record_loads
from utils.audit.tables import audit_table
from utils.contracts.entities import entities
from utils.gcp import bigquery
from utils.maintenance import replays


@pytest.fixture
def ledger(warehouse: Warehouse) -> Ledger:
    for table in ("quarantine", "quarantine_replays", "table_loads", "dq_results", "publications"):
        bigquery.query(f"DELETE FROM {audit_table(table)} WHERE TRUE")
    return Ledger(warehouse)


def test_held_row_is_open_with_its_dollars_and_its_rules_version(ledger: Ledger) -> None:
    ledger.publish("b1", held(MONDAY))

    assert ledger.rows("state, rule_version, billed_amount, changed_by") == [
        ("open", "v1", Decimal("-5.50"), "b1")
    ]


def test_rows_published_again_change_nothing(ledger: Ledger) -> None:
    rows = held(MONDAY), held(MONDAY, 2, key=None), held(TUESDAY)
    ledger.publish("b1", *rows)
    before = ledger.rows("*")

    ledger.publish("b2", *rows)

    assert len(before) == 3
    assert ledger.rows("*") == before


def test_row_that_an_overlap_reads_again_counts_once_and_remembers_both_days(
    ledger: Ledger,
) -> None:
    ledger.publish("b1", held(MONDAY))
    ledger.publish("b2", held(TUESDAY))

    assert ledger.states() == [(MONDAY, 1, "superseded"), (TUESDAY, 1, "open")]
    assert ledger.open_dollars() == Decimal("-5.50")
    seen = {(str(first)[:10], str(last)[:10]) for first, last in ledger.rows(
        "first_seen_at, last_seen_at"
    )}  # fmt: skip
    assert seen == {("2025-06-02", "2025-06-03")}


def test_days_published_in_another_order_leave_the_same_ledger(ledger: Ledger) -> None:
    ledger.publish("b2", held(TUESDAY))
    ledger.publish("b1", held(MONDAY))

    assert ledger.states() == [(MONDAY, 1, "superseded"), (TUESDAY, 1, "open")]


def test_equal_rows_without_a_key_in_one_load_are_all_held(ledger: Ledger) -> None:
    ledger.publish("b1", held(MONDAY, 1, key=None), held(MONDAY, 2, key=None, held_key="no-key-2"))

    assert ledger.open_dollars() == Decimal("-11.00")


@pytest.mark.parametrize(
    ("accepted_at", "state"),
    [
        pytest.param(LATER, "superseded", id="newer"),
        pytest.param(NOON, "superseded", id="same-instant"),
        pytest.param("2025-06-01T15:59:59+00:00", "open", id="older"),
    ],
)
@pytest.mark.parametrize("starts_a_version", [True, False], ids=["changed", "unchanged"])
def test_row_is_superseded_once_its_key_is_accepted_not_earlier(
    ledger: Ledger, accepted_at: str, state: str, starts_a_version: bool
) -> None:
    ledger.publish("b1", held(MONDAY), held(MONDAY, 2, key="C2"))
    version = silver_row(
        entities()["claims"],
        {"source_system": "hospital_a", "claim_id": "1", "claim_key": "C1"},
    ) | {"effective_date": accepted_at, "is_deleted": False}
    known = {"entity": "claims", "record_key": "C1", "event_at": accepted_at}
    if starts_a_version:
        ledger.publish("b2", versions=[version])
    else:
        ledger.publish("b2", accepted=(known,))

    assert ledger.states() == [(MONDAY, 1, state), (MONDAY, 2, "open")]


def test_row_with_other_content_takes_the_place_of_the_earlier_one(ledger: Ledger) -> None:
    ledger.publish("b1", held(MONDAY))
    ledger.publish("b2", held(TUESDAY, row_hash="h2", event_at=LATER, billed_amount="-6.00"))

    assert ledger.states() == [(MONDAY, 1, "superseded"), (TUESDAY, 1, "open")]
    assert ledger.open_dollars() == Decimal("-6.00")


def reject(**filters: Any) -> None:
    replays.apply(replays.Request(action="reject", dry_run=False, **filters), RUN)


def test_rejected_row_stays_rejected_when_it_is_read_again(ledger: Ledger) -> None:
    ledger.publish("b1", held(MONDAY), held(MONDAY, 2, key="C2", rule="payer_id_missing"))
    reject(rule="claim_amount_negative")
    ledger.publish("b2", held(TUESDAY))

    assert ledger.states() == [
        (MONDAY, 1, "rejected"),
        (MONDAY, 2, "open"),
        (TUESDAY, 1, "rejected"),
    ]


def test_new_content_of_a_rejected_key_is_open(ledger: Ledger) -> None:
    ledger.publish("b1", held(MONDAY))
    reject(load_ids=(MONDAY,))
    ledger.publish("b2", held(TUESDAY, row_hash="h2", event_at=LATER))

    assert ledger.states() == [(MONDAY, 1, "rejected"), (TUESDAY, 1, "open")]


@pytest.fixture
def replayed(ledger: Ledger) -> Ledger:
    """Two rows of a load are replayed; one passes, one is now held by another rule."""
    ledger.publish("b1", held(MONDAY), held(MONDAY, 2, key="C2"), held(TUESDAY, key="C3"))
    record_loads([load(MONDAY), load(TUESDAY)])
    [waiting] = replays.selected_loads(replays.Request(load_ids=(MONDAY,)), RUN)
    assert (waiting.replays, waiting.row_ids) == (MONDAY, (1, 2))
    record_loads([waiting])
    bigquery.query(
        f"UPDATE {audit_table('table_loads')} SET batch_id = 'r1' WHERE replays IS NOT NULL"
    )
    return ledger


def test_replay_releases_what_passes_and_judges_the_rest_again(replayed: Ledger) -> None:
    publish_replay(replayed)

    assert replayed.rows("load_id, row_id, state, rule, rule_version, changed_by") == [
        (MONDAY, 1, "released", "claim_amount_negative", "v1", "r1"),
        (MONDAY, 2, "open", "payer_id_missing", "v2", "r1"),
        (TUESDAY, 1, "open", "claim_amount_negative", "v1", "b1"),
    ]


def test_replay_published_again_changes_nothing(replayed: Ledger) -> None:
    publish_replay(replayed)
    before = replayed.rows("*")

    publish_replay(replayed)

    assert replayed.rows("*") == before


def test_replay_has_counts_of_its_own(replayed: Ledger) -> None:
    publish_replay(replayed)

    columns = "replays, state, rows_read, rows_merged"
    loads = replayed.warehouse.rows("audit", "table_loads", columns)
    assert [tuple(row.values()) for row in loads] == [
        (MONDAY, "PUBLISHED", 2, 1),
        (None, "PUBLISHED", None, None),
        (None, "PUBLISHED", None, None),
    ]
    [result] = replayed.warehouse.rows("audit", "dq_results", "load_id, rows_checked")
    assert result["load_id"].startswith(f"{MONDAY}.replay.")


def test_run_that_is_repeated_replays_no_load_twice(replayed: Ledger) -> None:
    replays.apply(replays.Request(dry_run=False), RUN)
    replays.apply(replays.Request(dry_run=False), RUN)

    waiting = replayed.warehouse.rows("audit", "table_loads", "replays", "replays IS NOT NULL")
    assert [row["replays"] for row in waiting] == [MONDAY, TUESDAY]


def test_rejection_is_shown_before_it_is_done(ledger: Ledger) -> None:
    ledger.publish("b1", held(MONDAY), held(MONDAY, 2, key="C2"))
    wanted = replays.Request(action="reject", rule="claim_amount_negative")

    lines = replays.show(wanted, RUN, None)

    assert lines == replays.show(wanted, RUN, None)
    assert lines == [
        "hospital_a claims held by claim_amount_negative: 2 rows rejected, $-11.00 billed, "
        "$2.00 paid"
    ]
    assert {state for _, _, state in ledger.states()} == {"open"}


def test_a_rebuild_releases_what_passes_by_now_and_opens_what_is_held_again(ledger: Ledger) -> None:
    ledger.publish("b1", held(MONDAY), held(TUESDAY, key="other"))
    ledger.publish("b2", held(MONDAY), is_rebuild=True)
    assert ledger.states() == [(MONDAY, 1, "open"), (TUESDAY, 1, "released")]

    ledger.publish("b3", held(TUESDAY, key="other"), is_rebuild=True)
    assert ledger.states() == [(MONDAY, 1, "released"), (TUESDAY, 1, "open")]
    assert ledger.rows("changed_by") == [("b3",), ("b3",)]


def test_a_rebuild_leaves_what_a_person_rejected(ledger: Ledger) -> None:
    ledger.publish("b1", held(MONDAY))
    bigquery.query(f"UPDATE {audit_table('quarantine')} SET state = 'rejected' WHERE TRUE")
    ledger.publish("b2", held(MONDAY), is_rebuild=True)

    assert ledger.states() == [(MONDAY, 1, "rejected")]


def test_a_rebuild_loads_nothing_that_a_person_rejected(ledger: Ledger) -> None:
    """A rule that lets rejected rows pass is corrected, or they would come in unseen."""
    ledger.publish("b1", held(MONDAY))
    bigquery.query(f"UPDATE {audit_table('quarantine')} SET state = 'rejected' WHERE TRUE")

    with pytest.raises(GoogleAPICallError, match=f"rejected would pass.*Loads: {MONDAY}"):
        ledger.publish("b2", is_rebuild=True)

    assert ledger.states() == [(MONDAY, 1, "rejected")]
