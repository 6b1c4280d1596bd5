"""The lease lets one run publish at a time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from google.api_core.exceptions import GoogleAPICallError

from tests.sql_support import BUSINESS_DATE, Warehouse
from utils.audit import lease
from utils.audit.lease import Holder
from utils.audit.runs import Run
from utils.audit.tables import audit_table
from utils.gcp import bigquery
from utils.gcp.templates import render_file


def run(run_id: str) -> Run:
    return Run(run_id=run_id, dag_id="rcm_daily", business_date=BUSINESS_DATE)


@pytest.fixture(autouse=True)
def free(warehouse: Warehouse) -> None:
    bigquery.query(f"DELETE FROM {audit_table('leases')} WHERE TRUE")


def test_free_lease_goes_to_the_run_that_asks() -> None:
    assert lease.take(run("first")).run_id == "first"
    assert lease.take(run("first")).run_id == "first", "a repeated task asks again"


def test_second_run_learns_who_holds_the_lease() -> None:
    lease.take(run("first"))
    assert lease.take(run("second")) == Holder(dag_id="rcm_daily", run_id="first")


def test_released_lease_goes_to_the_next_run() -> None:
    lease.take(run("first"))
    lease.release(run("first"))
    assert lease.take(run("second")).run_id == "second"


def test_only_the_holder_releases_the_lease() -> None:
    lease.take(run("first"))
    lease.release(run("second"))
    assert lease.take(run("second")).run_id == "first"


def test_lease_of_a_dead_run_is_taken_once() -> None:
    dead = lease.take(run("dead"))
    assert lease.take(run("second"), instead_of=dead).run_id == "second"
    assert lease.take(run("third"), instead_of=dead).run_id == "second"


def test_of_many_runs_that_ask_at_once_one_gets_the_lease() -> None:
    lease.release(
        Run(run_id=lease.take(run("before")).run_id, dag_id="", business_date=BUSINESS_DATE)
    )
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda number: lease.take(run(f"run-{number}")), range(8)))
    holders = {lease.take(run(f"run-{number}")).run_id for number in range(8)}
    assert len(holders) == 1


def publish(run_id: str, value: int) -> None:
    guarded = [
        "BEGIN TRANSACTION;",
        render_file("audit/hold_lease.sql", audit_table, **lease.COMPLAINT),
        f"UPDATE {audit_table('publications')} SET publication_id = '{value}' WHERE TRUE;",
        "COMMIT TRANSACTION;",
    ]
    bigquery.query("\n".join(guarded), {"run_id": run_id})


def test_run_that_lost_its_lease_publishes_nothing(warehouse: Warehouse) -> None:
    bigquery.query(
        f"INSERT INTO {audit_table('publications')} "
        "(publication_id, layer, business_date, run_id, published_at) "
        "VALUES ('0', 'silver', DATE '2025-06-30', 'zombie', CURRENT_TIMESTAMP())"
    )
    lease.take(run("zombie"))
    publish("zombie", 1)
    lease.take(run("next"), instead_of=Holder(dag_id="rcm_daily", run_id="zombie"))
    with pytest.raises(GoogleAPICallError, match="does not hold the lease any more.*zombie"):
        publish("zombie", 2)
    published = warehouse.rows("audit", "publications", "publication_id")
    assert published == [{"publication_id": "1"}]
    publish("next", 3)
    assert warehouse.rows("audit", "publications", "publication_id") == [{"publication_id": "3"}]
