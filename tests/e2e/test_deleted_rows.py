"""Deletions and overlooked changes at two simulated hospitals, found by comparing keys."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

import simulator
from local.airflow.process import DagWorker, RunFailed
from simulator import HOSPITALS
from simulator.defects import DefectRates
from simulator.mysql import transaction
from tests.pipeline_support import Pipeline, last_run, pipeline, rows, silver_tables
from utils.audit.publications import published_batches
from utils.contracts.sources import sources
from utils.settings import settings

DAG = "rcm_reconcile_keys"
KEYS = {"transactions": "transaction_id", "patients": "patient_id"}


@dataclass
class Hospitals:
    """Business dates that are published, and the worker that compares keys after them."""

    pipeline: Pipeline
    comparer: DagWorker
    day: date

    def reconcile(self) -> None:
        """Runs the comparison on a date of its own."""
        self.day += timedelta(days=1)
        self.comparer.run(self.day, lambda task, seconds: None)

    def run(self, hospital: str, *statements: str) -> list[tuple[Any, ...]]:
        """Runs statements in a hospital's database and returns the last one's rows."""
        with transaction(self.pipeline.hospitals[hospital]) as cursor:
            for statement in statements:
                cursor.execute(statement)
            return list(cursor.fetchall())

    @contextmanager
    def restored(self, hospital: str, table: str) -> Iterator[None]:
        """Brings a table back to its content afterwards."""
        self.run(hospital, f"CREATE TABLE {table}_kept SELECT * FROM {table}")
        try:
            yield
        finally:
            self.run(
                hospital,
                f"DELETE FROM {table}",
                f"INSERT INTO {table} SELECT * FROM {table}_kept",
                f"DROP TABLE {table}_kept",
            )


@pytest.fixture(scope="module")
def hospitals(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hospitals]:
    folder = tmp_path_factory.mktemp("reconcile")
    with pytest.MonkeyPatch.context() as patch, pipeline(folder, patch) as running:
        # What a comparison finds is what the tests delete and set back.
        rates = DefectRates(charge_deleted=0, stamp_set_back=0)
        world = simulator.generate(
            11, 200, 1, folder=folder / "simulator", rates=rates, keeps_books=False
        )
        with running.worker() as daily, running.worker(DAG) as comparer:
            running.live(world, daily)
            yield Hospitals(running, comparer, world.business_dates[-1])


def column(hospital: str, table: str, name: str) -> str:
    return sources()[hospital].tables[table].columns[name]


def some(hospitals: Hospitals, hospital: str, table: str, key: str, count: int) -> list[str]:
    """The greatest keys that are unique at the source, written as silver writes them, and live."""
    name = column(hospital, table, key)
    live = {
        row[key] for row in rows("silver", f"{table}_current", key, f"source_system = '{hospital}'")
    }
    once = hospitals.run(
        hospital, f"SELECT {name} FROM {table} GROUP BY {name} HAVING COUNT(*) = 1 ORDER BY 1 DESC"
    )
    return [found for (found,) in once if found in live][:count]


def history(entity: str, hospital: str, key: str) -> list[dict[str, Any]]:
    named = f"{KEYS[entity]} = '{key}'"
    found = rows("silver", entity, where=f"source_system = '{hospital}' AND {named}")
    return sorted(found, key=lambda row: row["version"])


def counts(day: date) -> dict[tuple[str, str], int]:
    """Failed rows of the comparison's rules on a date, by source system and rule."""
    results = rows("audit", "dq_results", where=f"layer = 'source' AND business_date = '{day}'")
    return {(row["source_system"], row["rule"]): row["rows_failed"] for row in results}


def billed() -> Decimal:
    [total] = rows("gold", "fact_transactions", "SUM(billed_amount) AS billed")
    return Decimal(total["billed"])


def test_deleted_rows_are_closed_once_and_leave_the_current_facts(hospitals: Hospitals) -> None:
    """A10 and invariant 14: history stays, dollars leave gold. E09: the next run adds nothing."""
    gone = {
        (hospital, entity): some(hospitals, hospital, entity, key, 2)
        for hospital in HOSPITALS
        for entity, key in KEYS.items()
    }
    before, visits = billed(), rows("gold", "fact_encounters", "*")
    lost = Decimal(0)
    for (hospital, entity), keys in gone.items():
        name, listed = column(hospital, entity, KEYS[entity]), "', '".join(keys)
        hospitals.run(hospital, f"DELETE FROM {entity} WHERE {name} IN ('{listed}')")
        if entity == "transactions":
            lost += sum(history(entity, hospital, key)[-1]["amount"] for key in keys)

    begin = datetime.now(tz=UTC)
    hospitals.reconcile()
    end = datetime.now(tz=UTC)

    for (hospital, entity), keys in gone.items():
        for key in keys:
            last = history(entity, hospital, key)[-1]
            assert not last["is_current"]
            assert begin <= last["expiry_date"] <= end
    found = counts(hospitals.day)
    assert len(found) == 42, "three rules for seven tables of two hospitals"
    assert {rule: failed for rule, failed in found.items() if failed} == {
        (hospital, f"gone_at_source({entity})"): 2 for hospital, entity in gone
    }
    assert lost > 0
    assert billed() == before - lost
    facts = {row["encounter_key"]: row for row in rows("gold", "fact_encounters", "*")}
    assert facts == {row["encounter_key"]: row for row in visits}, "they keep their patient"
    loads = rows("audit", "table_loads", where="load_type = 'reconcile'")
    assert len(loads) == len(gone)
    assert {(load["state"], load["rows_read"], load["rows_merged"]) for load in loads} == {
        ("PUBLISHED", 2, 2)
    }

    published = hospitals.pipeline.content()
    hospitals.reconcile()
    assert set(counts(hospitals.day).values()) == {0}
    assert hospitals.pipeline.content() == published
    assert len(rows("audit", "table_loads", where="load_type = 'reconcile'")) == len(gone)


def test_what_no_window_could_see_is_read_again(hospitals: Hospitals) -> None:
    """A05, a commit far behind the window. A09, an update that sets its watermark back. E08, a
    deleted row that comes back with its old watermark.
    """
    restored, known, template = some(hospitals, "hospital_a", "patients", "patient_id", 3)
    hospitals.run(
        "hospital_a",
        f"CREATE TABLE away SELECT * FROM patients WHERE PatientID = '{restored}'",
        f"DELETE FROM patients WHERE PatientID = '{restored}'",
    )
    hospitals.reconcile()
    hospitals.run(
        "hospital_a",
        "INSERT INTO patients SELECT * FROM away",
        "DROP TABLE away",
        "UPDATE patients SET FirstName = 'Backdated', ModifiedDate = '2019-05-06 07:08:09' "
        f"WHERE PatientID = '{known}'",
        f"CREATE TABLE late SELECT * FROM patients WHERE PatientID = '{template}'",
        "UPDATE late SET PatientID = 'LATE1', ModifiedDate = '2020-01-01'",
        "INSERT INTO patients SELECT * FROM late",
        "DROP TABLE late",
    )

    hospitals.reconcile()

    assert counts(hospitals.day)["hospital_a", "overlooked_by_windows(patients)"] == 3
    current = history("patients", "hospital_a", known)[-1]
    assert (current["first_name"], current["is_current"]) == ("Backdated", True)
    assert len(history("patients", "hospital_a", "LATE1")) == 1
    *_, closed, opened = history("patients", "hospital_a", restored)
    assert closed["expiry_date"] < opened["effective_date"]
    assert opened["version"] == closed["version"] + 1
    assert opened["is_current"]
    assert opened["_row_hash"] == closed["_row_hash"]


def test_a_change_that_moved_no_stamp_is_read_again(hospitals: Hospitals) -> None:
    """A09: found once, by its checksum."""
    for hospital in HOSPITALS:
        name, key = (column(hospital, "patients", c) for c in ("first_name", "patient_id"))
        stamp = sources()[hospital].tables["patients"].watermark
        [patient] = hospitals.run(
            hospital,
            f"SELECT {key} FROM patients WHERE {stamp} < '2026-01-15' AND {key} != '' "
            f"GROUP BY {key} HAVING COUNT(*) = 1 ORDER BY {key} LIMIT 1",
        )[0]
        hospitals.run(
            hospital, f"UPDATE patients SET {name} = 'Unstamped' WHERE {key} = '{patient}'"
        )

    hospitals.reconcile()

    rule = "changed_without_stamp(patients)"
    assert {counts(hospitals.day)[hospital, rule] for hospital in HOSPITALS} == {1}
    changed = rows("silver", "patients_current", "source_system", "first_name = 'Unstamped'")
    assert {row["source_system"] for row in changed} == set(HOSPITALS)

    hospitals.reconcile()

    assert set(counts(hospitals.day).values()) == {0}


def test_a_table_that_lost_too_much_is_one_clear_error_and_the_other_hospital_goes_on(
    hospitals: Hospitals,
) -> None:
    """A11: nothing of this hospital is closed. H12: what the other one lost is."""
    [gone] = some(hospitals, "hospital_b", "transactions", "transaction_id", 1)
    name = column("hospital_b", "transactions", "transaction_id")
    hospitals.run("hospital_b", f"DELETE FROM transactions WHERE {name} = '{gone}'")
    before = in_order("silver", "encounters")
    with hospitals.restored("hospital_a", "encounters"):
        hospitals.run("hospital_a", "DELETE FROM encounters LIMIT 100")
        with pytest.raises(RunFailed):
            hospitals.reconcile()

    run = last_run(hospitals.day)
    assert (run["state"], run["failed_task"]) == ("FAILED", "compare_keys")
    assert "live rows are gone at the source, more than max_delete_share: 0.05" in run["error"]
    assert "(source hospital_a, table encounters)" in run["error"]
    assert '{"accept": ["hospital_a.encounters"]}' in run["error"]
    assert in_order("silver", "encounters") == before
    assert not history("transactions", "hospital_b", gone)[-1]["is_current"]
    assert rows("audit", "table_loads", where="load_type = 'reconcile' AND state = 'LANDED'") == []


def test_silver_rebuilt_from_bronze_is_what_the_daily_runs_built(hospitals: Hospitals) -> None:
    """G07, invariant 13: with deletions, rereads and late rows, and each row's trace to its load.

    What is rebuilt is the state that the next run begins from.
    """
    before = {name: in_order("silver", name) for name in silver_tables()}
    gold, loads = hospitals.pipeline.content(), in_order("audit", "table_loads")
    with hospitals.pipeline.worker("rcm_rebuild_silver") as rebuilder:
        rebuilder.run(hospitals.day, lambda task, seconds: None)

    for name, published in before.items():
        assert in_order("silver", name) == published, name
    assert hospitals.pipeline.content() == gold
    assert in_order("audit", "table_loads") == loads
    rebuilds = settings().lake_uri("silver", "rebuilds")
    [batch] = published_batches(rebuilds)
    assert batch.startswith(rebuilds)

    hospitals.reconcile()

    assert hospitals.pipeline.content() == gold


def test_a_sweep_leaves_what_the_next_run_needs(hospitals: Hospitals) -> None:
    """F02."""
    before = hospitals.pipeline.content()
    with hospitals.pipeline.worker("rcm_maintenance") as sweeper:
        sweeper.run(hospitals.day, lambda task, seconds: None, {"dry_run": False})

    hospitals.reconcile()

    assert hospitals.pipeline.content() == before


def in_order(layer: str, table: str) -> list[str]:
    """All rows of a table, technical columns too."""
    return sorted(json.dumps(row, default=str, sort_keys=True) for row in rows(layer, table))
