"""What must hold before a batch of silver becomes visible."""

from __future__ import annotations

import json
from collections.abc import Callable
from uuid import uuid4

import pytest
from google.api_core.exceptions import GoogleAPICallError

from tests.given_tables import BUSINESS_DATE, Row
from tests.warehouse_support import Warehouse, hold_lease, named_run
from utils.audit.files import known_files, record_files
from utils.audit.loads import refused_loads
from utils.audit.rows import upsert_rows
from utils.audit.tables import audit_table
from utils.batch.reports import LOADS, REPORTS
from utils.gcp import bigquery
from utils.silver.publication import publish_sql

BALANCED = {
    "rows_read": 3,
    "rows_merged": 2,
    "rows_quarantined": 1,
    "billed_read": 30,
    "billed_merged": 20,
    "billed_quarantined": 10,
}
LANDED = {"rows_landed": 3, "billed_landed": 30, "paid_landed": 0}


@pytest.fixture(autouse=True)
def no_loads(warehouse: Warehouse) -> None:
    bigquery.query(f"DELETE FROM {audit_table('table_loads')} WHERE TRUE")


def stage(warehouse: Warehouse, batch_id: str, **reports: list[Row]) -> None:
    """Stages what a batch reports; a report that is not given is empty."""
    for name, columns in REPORTS.items():
        warehouse.stage(batch_id, name, columns, json.dumps(reports.get(name, [])))


def publish(
    warehouse: Warehouse,
    staged: Row,
    landed: Row,
    refused: tuple[Row, ...] = (),
    before: Callable[[], None] = lambda: None,
) -> str:
    """Publishes a batch of a load that is merged and returns its id.

    Args:
        warehouse: where.
        staged: what the batch reports of its load.
        landed: what landing counted.
        refused: loads that rules hold.
        before: what happens between staging and publication.
    """
    load_id = f"load-{uuid4().hex[:8]}"
    zeros = {name: 0 for name, kind in LOADS if kind != "STRING"}
    loads = [{**zeros, **staged, "load_id": load_id}]
    stage(warehouse, f"batch-{load_id}", loads=loads, refused=list(refused))
    load = {
        "load_id": load_id,
        "run_id": "run",
        "business_date": BUSINESS_DATE,
        "source": "hospital_a",
        "source_system": "hospital_a",
        "table_name": "transactions",
        "entity": "transactions",
        "load_type": "incremental",
        "state": "MERGED",
        "batch_id": f"batch-{load_id}",
        "planned_at": "2025-06-30T00:00:00+00:00",
        **landed,
    }
    held = [{**load, "load_id": found} for found in sorted({row["load_id"] for row in refused})]
    upsert_rows("table_loads", ["load_id"], [load, *held])
    hold_lease("run")
    before()
    publish_staged(load_id)
    return load_id


def publish_staged(load_id: str) -> None:
    batch_id = f"batch-{load_id}"
    values = {
        **named_run("run").identity,
        "batch_id": batch_id,
        "batch_uri": "gs://lake/batch",
        "business_date": BUSINESS_DATE,
    }
    bigquery.query(publish_sql(batch_id, []), values)


def test_load_that_balances_is_published(warehouse: Warehouse) -> None:
    load_id = publish(warehouse, BALANCED, LANDED)
    [load] = warehouse.rows("audit", "table_loads", "state, error", f"load_id = '{load_id}'")
    assert load == {"state": "PUBLISHED", "error": None}


@pytest.mark.parametrize(
    ("staged", "landed", "message"),
    [
        pytest.param(
            {"rows_merged": 1},
            {},
            "rows: 3.00 landed, 3.00 read, 2.00 accounted for",
            id="row-lost",
        ),
        pytest.param(
            {"rows_merged": 3},
            {},
            "rows: 3.00 landed, 3.00 read, 4.00 accounted for",
            id="row-doubled",
        ),
        pytest.param({}, {"rows_landed": 4}, "rows: 4.00 landed, 3.00 read", id="row-not-read"),
        pytest.param(
            {}, {"billed_landed": 31}, "billed: 31.00 landed, 30.00 read", id="dollar-not-read"
        ),
        pytest.param(
            {"paid_read": 1},
            {},
            "paid: 0.00 landed, 1.00 read, 0.00 accounted for",
            id="dollar-from-nowhere",
        ),
    ],
)
def test_load_that_does_not_balance_stops_the_batch_and_audit_says_where(
    warehouse: Warehouse, staged: Row, landed: Row, message: str
) -> None:
    publications = warehouse.rows("audit", "publications", "publication_id")
    with pytest.raises(GoogleAPICallError, match="Loads do not balance"):
        publish(warehouse, {**BALANCED, **staged}, {**LANDED, **landed})
    [load] = warehouse.rows("audit", "table_loads", "error", "state = 'MERGED'")
    assert message in load["error"]
    assert warehouse.rows("audit", "publications", "publication_id") == publications


def test_publishing_again_changes_nothing(warehouse: Warehouse) -> None:
    load_id = publish(warehouse, BALANCED, LANDED)
    before = warehouse.rows("audit", "publications", "publication_id")
    publish_staged(load_id)
    assert warehouse.rows("audit", "publications", "publication_id") == before


def test_load_of_which_rules_hold_too_much_has_failed_and_the_other_is_published(
    warehouse: Warehouse,
) -> None:
    """B36: what a person has to know, and the file is looked at again."""
    rules = {"amount_negative": 120, "service_date_missing": 30}
    refused = tuple(
        {"load_id": "bad", "rule": rule, "rows_read": 1000, "rows_held": held}
        for rule, held in rules.items()
    )
    file = {
        "uri": "gs://landing/claims/hospital_a/x.csv", "generation": 1, "source": "hospital_a",
        "table_name": "transactions", "size_bytes": 1, "state": "LANDED", "load_id": "bad",
        "run_id": "run", "seen_at": "2025-06-30T00:00:00+00:00",
    }  # fmt: skip
    record_files([file])

    good = publish(warehouse, BALANCED, LANDED, refused)

    states = warehouse.rows("audit", "table_loads", "load_id, state")
    assert {row["load_id"]: row["state"] for row in states} == {good: "PUBLISHED", "bad": "FAILED"}
    [load] = [load for load in refused_loads(named_run("run")) if load.load_id == "bad"]
    assert load.error == (
        "Rules hold 150 of 1000 rows (amount_negative 120, service_date_missing 30), more than "
        "max_quarantine_share allows: nothing of the load is published (source hospital_a, table "
        "transactions, gs://landing/claims/hospital_a/x.csv). Have the rows corrected at the "
        "source, or raise the share in configs/sources/hospital_a.yaml; then clear `land`."
    )
    loaded, seen = known_files("hospital_a", "transactions")
    assert (loaded, seen) == ({}, set())


def test_load_job_that_ends_late_does_not_change_what_another_batch_publishes(
    warehouse: Warehouse,
) -> None:
    """C2: a run that lost its lease stages its batch after the next holder staged another one."""
    other = {**{name: 0 for name, kind in LOADS if kind != "STRING"}, "load_id": "late"}

    def late_job() -> None:
        stage(warehouse, "batch-late", loads=[other])

    load_id = publish(warehouse, BALANCED, LANDED, before=late_job)

    [load] = warehouse.rows("audit", "table_loads", "state, rows_read", f"load_id = '{load_id}'")
    assert load == {"state": "PUBLISHED", "rows_read": 3}


def test_published_batch_leaves_no_staging_table(warehouse: Warehouse) -> None:
    """Staging holds PHI, and nobody reads it again."""
    load_id = publish(warehouse, BALANCED, LANDED)

    dataset = warehouse.environment.dataset("staging")
    tables = {table.table_id for table in bigquery.client().list_tables(dataset, timeout=30)}
    assert not {name for name in tables if load_id.replace("-", "_") in name}
