"""The lease lets one run publish at a time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from google.api_core.exceptions import GoogleAPICallError
from google.cloud.bigquery import QueryJob

from tests.given_tables import BUSINESS_DATE
from tests.warehouse_support import Warehouse
from utils.audit import lease
from utils.audit.runs import Run, RunIdentity
from utils.audit.tables import audit_table
from utils.errors import StateError
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
    assert lease.take(run("second")) == RunIdentity(dag_id="rcm_daily", run_id="first")


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
    lease.take(run("before"))
    lease.release(run("before"))
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda number: lease.take(run(f"run-{number}")), range(8)))
    holders = {lease.take(run(f"run-{number}")).run_id for number in range(8)}
    assert len(holders) == 1


def test_runs_of_two_dags_with_one_id_are_two_runs() -> None:
    """C1: Airflow names a run by its logical date, which two DAGs may share."""
    weekly = run("manual__2026-02-01").model_copy(update={"dag_id": "rcm_reconcile_keys"})
    daily = run("manual__2026-02-01")
    lease.take(daily)

    assert lease.take(weekly).is_run(daily)
    lease.release(weekly)
    assert lease.take(weekly).is_run(daily)
    with pytest.raises(StateError, match="run manual__2026-02-01 of rcm_reconcile_keys"):
        lease.require(weekly)
    with pytest.raises(GoogleAPICallError, match="manual__2026-02-01 of rcm_reconcile_keys"):
        bigquery.query(guarded(2), weekly.identity)
    lease.require(daily)


def test_waiting_run_writes_nothing_while_another_holds_the_lease(warehouse: Warehouse) -> None:
    """A write would end the transaction in which the holder publishes."""
    lease.take(run("first"))
    [before] = warehouse.rows("audit", "leases", "dag_id, run_id, renewed_at")
    job = lease_job(run("second"))

    assert not [child for child in job if child.statement_type == "MERGE"]
    assert warehouse.rows("audit", "leases", "dag_id, run_id, renewed_at") == [before]


def lease_job(asking: Run) -> list[QueryJob]:
    """The statements of the script with which a run asks for the lease."""
    known = {job.job_id for job in bigquery.client().list_jobs(timeout=30)}
    lease.take(asking)
    [job] = [job for job in bigquery.client().list_jobs(timeout=30) if job.job_id not in known]
    return list(bigquery.client().list_jobs(parent_job=job.job_id, timeout=30))


def guarded(value: int) -> str:
    """A script that publishes a value if the run holds the lease."""
    return "\n".join(
        [
            "BEGIN TRANSACTION;",
            render_file("audit/hold_lease.sql", audit_table, **lease.COMPLAINT),
            f"UPDATE {audit_table('publications')} SET publication_id = '{value}' WHERE TRUE;",
            "COMMIT TRANSACTION;",
        ]
    )


def publish(run_id: str, value: int) -> None:
    bigquery.query(guarded(value), run(run_id).identity)


def test_run_that_lost_its_lease_publishes_nothing(warehouse: Warehouse) -> None:
    bigquery.query(
        f"INSERT INTO {audit_table('publications')} "
        "(publication_id, layer, business_date, run_id, published_at) "
        "VALUES ('0', 'silver', DATE '2025-06-30', 'zombie', CURRENT_TIMESTAMP())"
    )
    lease.take(run("zombie"))
    publish("zombie", 1)
    lease.take(run("next"), instead_of=RunIdentity(dag_id="rcm_daily", run_id="zombie"))
    with pytest.raises(GoogleAPICallError, match="does not hold the lease any more.*zombie"):
        publish("zombie", 2)
    published = warehouse.rows("audit", "publications", "publication_id")
    assert published == [{"publication_id": "1"}]
    publish("next", 3)
    assert warehouse.rows("audit", "publications", "publication_id") == [{"publication_id": "3"}]
