"""The whole pipeline on simulated hospitals, against the simulator's answer key."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pyarrow.parquet as pq
import pytest

import simulator
from local.airflow.process import DagWorker
from simulator.mysql import transaction
from simulator.verify import verify
from simulator.world import World
from tests.model_cases import history_query
from tests.pipeline_support import Pipeline, last_run, pipeline, rows
from utils.contracts.entities import entities
from utils.gcp import bigquery
from utils.gold.models import gold_models
from utils.settings import settings

CANARY = "Zzyzxcanary"

CANARY_SSN = "219-09-9797"
CANARY_NUMBER = "MRN-70417-CANARY"


@dataclass(frozen=True)
class Simulated:
    """Three business dates that ran, and what they should have published."""

    pipeline: Pipeline
    worker: DagWorker
    world: World
    answer_key: Path

    @property
    def last_date(self) -> date:
        return self.world.business_dates[-1]

    def run(self, day: date) -> None:
        self.worker.run(day, lambda task, seconds: None)


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulated]:
    folder = tmp_path_factory.mktemp("simulated")
    with pytest.MonkeyPatch.context() as patch, pipeline(folder, patch) as running:
        world = simulator.generate(7, 400, 2, date(2026, 1, 31), folder / "simulator")
        world.write_answer_key(folder / "key")
        with running.worker() as worker:
            running.live(world, worker)
            yield Simulated(running, worker, world, folder / "key")


def test_everything_published_equals_the_answer_key(simulated: Simulated) -> None:
    prefix = f"{settings().project}.{settings().dataset_prefix}"
    differences = verify(
        simulated.answer_key, bigquery.client(), settings().dataset_prefix, simulated.last_date
    )
    assert prefix
    assert differences == []


@pytest.mark.parametrize(
    ("kind", "entity", "key"),
    [
        ("encounter_without_charge", "encounters", "encounter"),
        ("charge_without_claim", "transactions", "transaction"),
        ("claim_without_remittance", "claims", "claim"),
        ("underpaid_claim", "claims", "claim"),
        ("late_filing", "claims", "claim"),
    ],
)
def test_leakage_is_found(simulated: Simulated, kind: str, entity: str, key: str) -> None:
    """What the simulator knows to leak is found, and little else."""
    planted = pq.read_table(simulated.answer_key / f"{simulated.last_date}/planted.leakage.parquet")
    leaks = {
        (leak["source_system"], leak["record_id"])
        for leak in planted.to_pylist()
        if leak["kind"] == kind
    }
    ids = {
        row[f"{key}_key"]: (row["source_system"], row[f"{key}_id"])
        for row in rows("silver", f"{entity}_current")
    }
    findings = rows("gold", "leakage_findings", where=f"kind = '{kind}'")
    found = {ids[finding["record_key"]] for finding in findings}

    assert leaks
    assert len(found & leaks) >= 0.95 * len(leaks), "recall"
    assert len(found & leaks) >= 0.95 * len(found), "precision"


def test_every_published_history_keeps_its_promises(simulated: Simulated) -> None:
    broken = history_query(
        entities().values(), lambda name: f"`{settings().table('silver', name)}`"
    )
    assert bigquery.query(broken) == []


def test_every_load_is_accounted_for_in_rows_and_dollars(simulated: Simulated) -> None:
    loads = rows("audit", "table_loads")
    assert len(loads) > 30
    for load in loads:
        assert load["state"] == "PUBLISHED", load["load_id"]
        parts = ("merged", "unchanged", "deduplicated", "quarantined")
        assert load["rows_read"] == sum(load[f"rows_{part}"] for part in parts), load["load_id"]
        for kind in ("billed", "paid"):
            known = [load[f"{kind}_{part}"] or Decimal(0) for part in parts]
            assert (load[f"{kind}_read"] or 0) == sum(known), load["load_id"]


def test_published_rows_are_99_percent_clean(simulated: Simulated) -> None:
    [quality] = rows(
        "audit",
        "dq_results",
        "SUM(rows_checked) AS checked, SUM(rows_failed) AS failed",
        "layer = 'silver' AND severity != 'quarantine'",
    )
    assert 0 < quality["failed"] <= quality["checked"] * 0.01


def test_silver_and_bronze_hold_the_same_loads(simulated: Simulated) -> None:
    arrivals = {row["load_id"]: row["row_count"] for row in rows("bronze", "arrivals")}
    loads = {row["load_id"]: row["rows_read"] for row in rows("audit", "table_loads")}
    assert {load: arrivals.get(load, 0) for load in loads} == loads


def test_gold_names_no_column_that_is_phi(simulated: Simulated) -> None:
    phi = {
        column.name
        for entity in entities().values()
        for column in entity.silver_schema()
        if column.phi
    }
    assert {"patient_id", "ssn", "birth_date"} <= phi
    for name, model in gold_models().items():
        assert not phi & model.header.columns.keys(), name


def test_running_the_same_date_again_changes_no_table(simulated: Simulated) -> None:
    before = simulated.pipeline.content()
    simulated.run(simulated.last_date)
    assert simulated.pipeline.content() == before
    assert last_run(simulated.last_date)["state"] == "SUCCEEDED"


def test_an_earlier_date_again_changes_no_table(simulated: Simulated) -> None:
    """H08: nothing is read again, and gold goes on showing the last date."""
    before = simulated.pipeline.content()
    simulated.run(simulated.world.business_dates[0])
    assert simulated.pipeline.content() == before


def test_k_changed_patients_add_k_versions(simulated: Simulated) -> None:
    day = simulated.last_date + timedelta(days=1)
    [before] = rows("silver", "patients", "COUNT(*) AS versions")
    with transaction(simulated.pipeline.hospitals["hospital_a"]) as cursor:
        cursor.execute("SELECT MIN(PatientID), MAX(PatientID) FROM patients WHERE PatientID != ''")
        [people] = cursor.fetchall()
        for patient in people:
            cursor.execute(
                "UPDATE patients SET FirstName = %s, ModifiedDate = %s WHERE PatientID = %s",
                (CANARY, f"{day} 10:00:00", patient),
            )
        cursor.execute("SELECT * FROM patients WHERE PatientID = %s LIMIT 1", (people[0],))
        columns = [column[0] for column in cursor.description]
        copied = dict(zip(columns, cursor.fetchone(), strict=True))
        new = copied | {
            "PatientID": CANARY_NUMBER,
            "LastName": CANARY,
            "Email": f"{CANARY}@example.org",
            "ModifiedDate": f"{day} 10:30:00",
        }
        broken = copied | {
            "PatientID": None,
            "LastName": CANARY,
            "SSN": CANARY_SSN,
            "Email": f"{CANARY}@broken",
            "ModifiedDate": f"{day} 11:00:00",
        }
        places = ", ".join(["%s"] * len(columns))
        for row in (new, broken):
            cursor.execute(f"INSERT INTO patients VALUES ({places})", list(row.values()))
    simulated.run(day)
    [after] = rows("silver", "patients", "COUNT(*) AS versions")
    assert after["versions"] == before["versions"] + 3
    held = rows("audit", "quarantine", where=f"load_id = 'hospital_a.patients.{day:%Y%m%d}'")
    assert "patient_id_missing" in {row["rule"] for row in held}


def test_no_value_of_a_patient_leaves_bronze_and_silver(simulated: Simulated) -> None:
    [found] = rows("silver", "patients", "COUNT(*) AS people", f"first_name = '{CANARY}'")
    assert found["people"] == 3, "the marked values must be there before they can leak"
    state = simulated.pipeline.state
    texts = {
        str(path): path.read_text(encoding="utf-8", errors="replace")
        for folder in ("logs", "airflow")
        for path in (state.path / folder).rglob("*")
        if path.is_file() and path.suffix in {".log", ".json", ".txt"}
    }
    assert any("rcm_daily" in text for text in texts.values())
    with sqlite3.connect(state.airflow_home / "airflow.db") as database:
        texts["Airflow's database"] = "\n".join(database.iterdump())
    for table in ("pipeline_runs", "table_loads", "files", "quarantine", "dq_results"):
        texts[table] = str(rows("audit", table))
    for name, model in gold_models().items():
        if model.header.published:
            texts[name] = str(rows("gold", name))
    texts["object names"] = str([str(path) for path in state.lake_mount.rglob("*")])
    for where, text in texts.items():
        for secret in (CANARY, CANARY_NUMBER, CANARY_SSN, CANARY_SSN.replace("-", "")):
            assert secret.lower() not in text.lower(), where
