"""What is refused or held whole is one clear error, and everything else is published."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest

import simulator
from local.airflow.process import DagWorker, RunFailed
from simulator import HOSPITALS
from simulator.mysql import transaction
from tests.pipeline_support import Pipeline, checkout, last_run, pipeline, rows
from utils.contracts.sources import sources


@dataclass
class Hospitals:
    """Two hospitals of whom one business date is published."""

    pipeline: Pipeline
    worker: DagWorker
    last_date: date

    def next_date(self) -> date:
        """The day after the last one that a test took."""
        self.last_date += timedelta(days=1)
        return self.last_date

    def run(self, day: date) -> None:
        self.worker.run(day, lambda task, seconds: None)


@pytest.fixture(scope="module")
def hospitals(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hospitals]:
    folder = tmp_path_factory.mktemp("refusals")
    with pytest.MonkeyPatch.context() as patch, pipeline(folder, patch) as running:
        world = simulator.generate(7, 400, 0, folder=folder / "simulator", keeps_books=False)
        with running.worker() as worker:
            running.live(world, worker)
            yield Hospitals(running, worker, world.business_dates[-1])


def change_a_patient(hospitals: Hospitals, hospital: str, day: date, name: str) -> None:
    """Gives a patient of a hospital a new first name on a day."""
    table = sources()[hospital].tables["patients"]
    key, first_name = table.columns["patient_id"], table.columns["first_name"]
    with transaction(hospitals.pipeline.hospitals[hospital]) as cursor:
        cursor.execute(f"SELECT MAX({key}) FROM patients")
        [(patient,)] = cursor.fetchall()
        cursor.execute(
            f"UPDATE patients SET {first_name} = %s, {table.watermark} = %s WHERE {key} = %s",
            (name, f"{day} 10:00:00", patient),
        )


def shown(name: str) -> set[str]:
    """Hospitals that have a current patient of this name."""
    found = rows("silver", "patients_current", "source_system", f"first_name = '{name}'")
    return {row["source_system"] for row in found}


def incomplete() -> set[str]:
    return {row["source"] for row in rows("gold", "source_freshness", where="NOT is_complete")}


@pytest.mark.parametrize(
    ("name", "wrong", "complaint"),
    [
        pytest.param(
            "Nighta", {"password": "wrong-password"}, "refused user", id="H10-wrong-password"
        ),
        pytest.param("Nightb", {"port": "1"}, "does not answer", id="A16-unreachable"),
    ],
)
def test_a_source_that_refuses_is_one_clear_error_and_the_others_are_published(
    hospitals: Hospitals, name: str, wrong: dict[str, str], complaint: str
) -> None:
    """H12: it catches up with the date when it is run again."""
    day = hospitals.next_date()
    for hospital in HOSPITALS:
        change_a_patient(hospitals, hospital, day, name)
    variable = "AIRFLOW_CONN_HOSPITAL_A_DB"
    address = urlsplit(hospitals.pipeline.variables[variable])
    right = {"password": str(address.password), "port": str(address.port)}
    text = address.geturl()
    for part, value in wrong.items():
        text = text.replace(right[part], value)
    with hospitals.pipeline.worker(**{variable: text}) as worker, pytest.raises(RunFailed):
        worker.run(day, lambda task, seconds: None)
    run = last_run(day)
    assert (run["state"], run["failed_task"]) == ("FAILED", "land")
    assert "hospital_a" in run["error"]
    assert complaint in run["error"]
    log = hospitals.pipeline.state.log("rcm_daily").read_text()
    assert "wrong-password" not in log
    assert right["password"] not in log
    assert shown(name) == {"hospital_b"}
    assert incomplete() == {"hospital_a"}
    assert (
        rows("audit", "table_loads", where=f"business_date = '{day}' AND source = 'hospital_a'")
        == []
    )

    hospitals.run(day)

    assert last_run(day)["state"] == "SUCCEEDED"
    assert shown(name) == set(HOSPITALS)
    assert incomplete() == set()


def change_what_was_paid(hospitals: Hospitals, day: date, dollars: int) -> None:
    """Changes what hospital_b's charges say was paid, and posts nothing."""
    name, table = next(
        (name, table)
        for name, table in sources()["hospital_b"].tables.items()
        if table.entity == "transactions"
    )
    paid = table.columns["paid_amount"]
    with transaction(hospitals.pipeline.hospitals["hospital_b"]) as cursor:
        cursor.execute(
            f"UPDATE {name} SET {paid} = {paid} + %s, {table.watermark} = %s",
            (dollars, f"{day} 10:00:00"),
        )


def test_a_hospital_whose_books_do_not_tie_keeps_its_gold_and_the_other_is_published(
    hospitals: Hospitals,
) -> None:
    day = hospitals.next_date()
    [before] = rows("gold", "ar_reconciliation", where="source_system = 'hospital_b'")
    change_what_was_paid(hospitals, day, 3)

    with pytest.raises(RunFailed):
        hospitals.run(day)

    run = last_run(day)
    assert (run["state"], run["failed_task"]) == ("FAILED", "close_run")
    assert f"hospital_b has been held back since {day}" in run["error"]
    assert "unexplained_within_limit" in run["error"]
    standings = {row["source_system"]: row for row in rows("gold", "hospital_standings")}
    assert {name for name, row in standings.items() if row["is_held_back"]} == {"hospital_b"}
    assert standings["hospital_a"]["gold_date"] == day
    assert standings["hospital_b"]["gold_date"] < day
    assert rows("gold", "ar_reconciliation", where="source_system = 'hospital_b'") == [before]
    assert "hospital_b" in incomplete()

    day = hospitals.next_date()
    change_what_was_paid(hospitals, day, -3)
    hospitals.run(day)

    assert last_run(day)["state"] == "SUCCEEDED"
    [after] = rows("gold", "ar_reconciliation", where="source_system = 'hospital_b'")
    assert after == before
    assert rows("gold", "hospital_standings", where="is_held_back") == []


def test_a_broken_configuration_is_one_clear_error_and_publishes_nothing(
    hospitals: Hospitals, tmp_path: Path
) -> None:
    """H11; unit/test_configs.py has the other mistakes that a configuration may have."""
    day = hospitals.next_date()
    before = hospitals.pipeline.content()
    tree = checkout(tmp_path / "checkout")
    file = tree / "configs" / "sources" / "hospital_a.yaml"
    text = file.read_text()
    assert "kind: mysql" in text
    file.write_text(text.replace("kind: mysql", "kind: mysql\ncolour: red", 1))
    with hospitals.pipeline.worker_of(tree) as worker, pytest.raises(RunFailed):
        worker.run(day, lambda task, seconds: None)
    run = last_run(day)
    assert (run["state"], run["failed_task"]) == ("FAILED", "open_run")
    assert "hospital_a.yaml" in run["error"]
    assert "colour" in run["error"]
    assert hospitals.pipeline.content() == before


def test_a_load_of_which_rules_hold_too_much_is_held_whole_and_the_others_are_published(
    hospitals: Hospitals,
) -> None:
    """B36: corrected at its source and run again, the date is whole."""
    day, name = hospitals.next_date(), "Dusk"
    for hospital in HOSPITALS:
        change_a_patient(hospitals, hospital, day, name)
    with transaction(hospitals.pipeline.hospitals["hospital_a"]) as cursor:
        cursor.execute("CREATE TABLE bad SELECT * FROM patients LIMIT 150")
        cursor.execute(f"UPDATE bad SET PatientID = NULL, ModifiedDate = '{day} 11:00:00'")
        cursor.execute("INSERT INTO patients SELECT * FROM bad")
        cursor.execute("DROP TABLE bad")
    with pytest.raises(RunFailed):
        hospitals.run(day)
    run = last_run(day)
    assert (run["state"], run["failed_task"]) == ("FAILED", "close_run")
    assert "patient_id_missing 15" in run["error"]
    assert "source hospital_a, table patients" in run["error"]
    load_id = f"hospital_a.patients.{day:%Y%m%d}"
    assert rows("audit", "quarantine", where=f"load_id = '{load_id}'") == []
    assert shown(name) == {"hospital_b"}
    waiting = rows("gold", "source_freshness", "source, table_name", "NOT is_complete")
    assert waiting == [{"source": "hospital_a", "table_name": "patients"}]

    with transaction(hospitals.pipeline.hospitals["hospital_a"]) as cursor:
        cursor.execute(
            f"DELETE FROM patients WHERE PatientID IS NULL AND ModifiedDate = '{day} 11:00:00'"
        )
    hospitals.run(day)

    assert last_run(day)["state"] == "SUCCEEDED"
    assert shown(name) == set(HOSPITALS)
    assert incomplete() == set()


@pytest.mark.parametrize(
    ("patient", "name", "content", "complaint"),
    [
        pytest.param("Noona", "claims_2026-03.csv", "", "is empty", id="empty-file"),
        pytest.param(
            "Noonb",
            "claims_2026-04.csv",
            "ClaimID,PatientID\nC1,P1\n",
            "ClaimAmount",
            id="missing-column",
        ),
    ],
)
def test_a_refused_file_is_named_and_the_hospitals_are_published(
    hospitals: Hospitals, patient: str, name: str, content: str, complaint: str
) -> None:
    day = hospitals.next_date()
    for hospital in HOSPITALS:
        change_a_patient(hospitals, hospital, day, patient)
    claims = rows("silver", "claims", "COUNT(*) AS versions")
    file = hospitals.pipeline.landing / "claims" / "hospital_a" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content)
    hospitals.pipeline.deliver()
    with pytest.raises(RunFailed):
        hospitals.run(day)
    run = last_run(day)
    assert run["state"] == "FAILED"
    assert name in run["error"]
    assert complaint in run["error"]
    assert rows("silver", "claims", "COUNT(*) AS versions") == claims
    assert shown(patient) == set(HOSPITALS)
    assert incomplete() == {"payer_claims"}
