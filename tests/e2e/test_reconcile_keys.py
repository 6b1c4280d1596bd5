"""Deletions and overlooked changes at two simulated hospitals, found by comparing keys."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

import simulator
from local.airflow_process import DagWorker, RunFailed
from simulator.mysql import transaction
from tests.pipeline_support import HOSPITALS, Pipeline, last_run, pipeline, rows
from utils.sources import sources

DAG = "rcm_reconcile_keys"
OPEN_END = datetime(9999, 12, 31, tzinfo=UTC)
FIRST = date(2026, 1, 30)


@dataclass
class Hospitals:
    """Two business dates that are published, and the workers that run DAGs after them."""

    pipeline: Pipeline
    daily: DagWorker
    comparer: DagWorker
    day: date = FIRST + timedelta(days=2)

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
        world = simulator.generate(11, 200, 2, FIRST + timedelta(days=1), folder / "simulator")
        with running.worker() as daily, running.worker(DAG) as comparer:
            for index, day in enumerate(world.business_dates):
                world.apply(index, running.hospitals, running.landing)
                running.deliver()
                daily.run(day, lambda task, seconds: None)
            yield Hospitals(running, daily, comparer)


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


def history(entity: str, hospital: str, key: str, value: str) -> list[dict[str, Any]]:
    found = rows("silver", entity, where=f"source_system = '{hospital}' AND {key} = '{value}'")
    return sorted(found, key=lambda row: row["version"])


def counts(day: date) -> dict[tuple[str, str], int]:
    """Failed rows of the comparison's rules on a date, by source system and rule."""
    results = rows("audit", "dq_results", where=f"layer = 'source' AND business_date = '{day}'")
    return {(row["source_system"], row["rule"]): row["rows_failed"] for row in results}


def billed() -> Decimal:
    [total] = rows("gold", "fact_transactions", "SUM(billed_amount) AS billed")
    return Decimal(total["billed"])


def test_equal_keys_change_nothing(hospitals: Hospitals) -> None:
    before = hospitals.pipeline.content()

    hospitals.reconcile()

    found = counts(hospitals.day)
    assert len(found) == 20, "two rules for five tables of two hospitals"
    assert set(found.values()) == {0}
    assert hospitals.pipeline.content() == before
    assert last_run(hospitals.day)["state"] == "SUCCEEDED"


def test_deleted_rows_are_closed_and_leave_the_current_facts(hospitals: Hospitals) -> None:
    """A10: the history of a deleted row stays, its dollars leave gold. E09: once is enough."""
    charges = {h: some(hospitals, h, "transactions", "transaction_id", 3) for h in HOSPITALS}
    patients = {h: some(hospitals, h, "patients", "patient_id", 2) for h in HOSPITALS}
    lost = Decimal(0)
    before, facts = billed(), rows("gold", "fact_encounters")
    for hospital in HOSPITALS:
        for table, key, gone in (
            ("transactions", "transaction_id", charges[hospital]),
            ("patients", "patient_id", patients[hospital]),
        ):
            name, listed = column(hospital, table, key), ", ".join(f"'{one}'" for one in gone)
            hospitals.run(hospital, f"DELETE FROM {table} WHERE {name} IN ({listed})")
        lost += sum(
            history("transactions", hospital, "transaction_id", charge)[-1]["amount"]
            for charge in charges[hospital]
        )

    begin = datetime.now(tz=UTC)
    hospitals.reconcile()
    end = datetime.now(tz=UTC)

    for hospital in HOSPITALS:
        for entity, key, gone in (
            ("transactions", "transaction_id", charges[hospital]),
            ("patients", "patient_id", patients[hospital]),
        ):
            for one in gone:
                last = history(entity, hospital, key, one)[-1]
                assert not last["is_current"]
                assert begin <= last["expiry_date"] <= end
    assert billed() == before - lost
    assert lost > 0
    assert rows("gold", "fact_encounters") == facts, "facts keep their version of the patient"
    loads = rows("audit", "table_loads", where="load_type = 'reconcile'")
    assert sorted((load["table_name"], load["rows_read"]) for load in loads) == [
        *[("patients", 2)] * 2,
        *[("transactions", 3)] * 2,
    ]
    for load in loads:
        assert load["state"] == "PUBLISHED"
        assert load["rows_merged"] == load["rows_read"]

    published, closed = hospitals.pipeline.content(), len(loads)
    hospitals.reconcile()
    assert hospitals.pipeline.content() == published
    assert len(rows("audit", "table_loads", where="load_type = 'reconcile'")) == closed


def test_a_row_that_comes_back_opens_a_version_after_a_gap(hospitals: Hospitals) -> None:
    """E08, by a comparison for an old watermark, by the next daily window for a new one."""
    [restored, entered] = some(hospitals, "hospital_a", "patients", "patient_id", 2)
    listed = f"('{restored}', '{entered}')"
    hospitals.run(
        "hospital_a",
        f"CREATE TABLE away SELECT * FROM patients WHERE PatientID IN {listed}",
        f"DELETE FROM patients WHERE PatientID IN {listed}",
    )
    hospitals.reconcile()
    zone = sources()["hospital_a"].zone
    now = datetime.now(tz=zone)
    hospitals.run(
        "hospital_a",
        f"UPDATE away SET ModifiedDate = '{now:%F %T}' WHERE PatientID = '{entered}'",
        "INSERT INTO patients SELECT * FROM away",
        "DROP TABLE away",
    )
    hospitals.reconcile()
    hospitals.daily.run(now.date(), lambda task, seconds: None)

    for patient in (restored, entered):
        *_, closed, opened = history("patients", "hospital_a", "patient_id", patient)
        assert closed["expiry_date"] < opened["effective_date"]
        assert opened["version"] == closed["version"] + 1
        assert opened["expiry_date"] == OPEN_END
        assert opened["_row_hash"] == closed["_row_hash"]


def test_a_row_that_no_window_could_see_is_read_again(hospitals: Hospitals) -> None:
    """A05, a commit far behind the window; A09, an update that sets its watermark back."""
    [known, template] = some(hospitals, "hospital_a", "patients", "patient_id", 2)
    hospitals.run(
        "hospital_a",
        "UPDATE patients SET FirstName = 'Backdated', ModifiedDate = '2019-05-06 07:08:09' "
        f"WHERE PatientID = '{known}'",
        f"CREATE TABLE late SELECT * FROM patients WHERE PatientID = '{template}'",
        "UPDATE late SET PatientID = 'LATE1', ModifiedDate = '2020-01-01'",
        "INSERT INTO patients SELECT * FROM late",
        "DROP TABLE late",
    )

    hospitals.reconcile()

    assert counts(hospitals.day)["hospital_a", "overlooked_by_windows(patients)"] == 2
    current = history("patients", "hospital_a", "patient_id", known)[-1]
    assert (current["first_name"], current["is_current"]) == ("Backdated", True)
    assert len(history("patients", "hospital_a", "patient_id", "LATE1")) == 1

    hospitals.reconcile()
    assert set(counts(hospitals.day).values()) == {0}


@pytest.mark.parametrize(
    ("table", "statement", "complaint"),
    [
        pytest.param("transactions", "DELETE FROM transactions", "is empty", id="A11-empty"),
        pytest.param(
            "encounters",
            "DELETE FROM encounters WHERE EncounterID >= '{middle}'",
            "live rows are gone at the source, more than max_delete_share",
            id="A11-share",
        ),
        pytest.param(
            "patients",
            "UPDATE patients SET ModifiedDate = ModifiedDate - INTERVAL 900 DAY",
            "set back or rebuilt",
            id="A18-watermark-fell",
        ),
    ],
)
def test_a_table_that_looks_wrong_is_one_clear_error_and_nothing_is_closed(
    hospitals: Hospitals, table: str, statement: str, complaint: str
) -> None:
    keys = [key for (key,) in hospitals.run("hospital_a", "SELECT EncounterID FROM encounters")]
    middle = sorted(key for key in keys if key)[len(keys) // 2]
    before = hospitals.pipeline.content()
    with hospitals.restored("hospital_a", table):
        hospitals.run("hospital_a", statement.format(middle=middle))
        with pytest.raises(RunFailed):
            hospitals.reconcile()
    run = last_run(hospitals.day)
    assert (run["state"], run["failed_task"]) == ("FAILED", "compare_keys")
    assert f"source hospital_a, table {table}" in run["error"]
    assert complaint in run["error"]
    assert f'{{"accept": ["hospital_a.{table}"]}}' in run["error"]
    assert hospitals.pipeline.content() == before


def test_a_hospital_out_of_reach_keeps_no_other_from_being_compared(hospitals: Hospitals) -> None:
    """H12: what the others lost lands, and the next run publishes it."""
    [gone] = some(hospitals, "hospital_b", "transactions", "transaction_id", 1)
    name = column("hospital_b", "transactions", "transaction_id")
    hospitals.run("hospital_b", f"DELETE FROM transactions WHERE {name} = '{gone}'")
    variable = "AIRFLOW_CONN_HOSPITAL_A_DB"
    right = hospitals.pipeline.variables[variable]
    wrong = right.replace(right.split(":")[2].split("@")[0], "wrong-password")
    hospitals.day += timedelta(days=1)
    with (
        hospitals.pipeline.worker(DAG, **{variable: wrong}) as worker,
        pytest.raises(RunFailed),
    ):
        worker.run(hospitals.day, lambda task, seconds: None)
    assert "hospital_a" in last_run(hospitals.day)["error"]
    [load] = rows("audit", "table_loads", where="load_type = 'reconcile' AND state = 'LANDED'")
    assert (load["source"], load["rows_read"]) == ("hospital_b", 1)

    hospitals.reconcile()

    assert not history("transactions", "hospital_b", "transaction_id", gone)[-1]["is_current"]
    assert set(counts(hospitals.day).values()) <= {0, 1}
