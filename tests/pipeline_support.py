"""A local stack with the real DAG on it, as the end-to-end tests use it."""

from __future__ import annotations

import hashlib
import json
import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from local.airflow.process import DagWorker
from local.paths import ROOT, StateFolder, state_folder
from local.run.landing import upload_landing
from local.stack import lifecycle
from local.stack.client import client_process_environment, hospital_parameters
from utils.contracts.entities import entities
from utils.gcp import bigquery
from utils.gold.models import gold_models
from utils.paths import CONFIGS
from utils.settings import settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date
    from pathlib import Path

    import pytest

    from simulator.world import World


@dataclass(frozen=True)
class Pipeline:
    """A stack and its clients; the test process is a client too."""

    state: StateFolder
    variables: dict[str, str]
    landing: Path

    @property
    def hospitals(self) -> dict[str, dict[str, Any]]:
        """Connection parameters of the hospitals' databases."""
        return hospital_parameters(self.variables)

    @contextmanager
    def worker(self, dag_id: str = "rcm_daily", **variables: str) -> Iterator[DagWorker]:
        """A warm Airflow process with a log of its own, and some variables changed."""
        environment = client_process_environment({**self.variables, **variables})
        with DagWorker(dag_id, environment, self.state.log(dag_id)) as worker:
            yield worker

    @contextmanager
    def worker_of(self, checkout: Path, dag_id: str = "rcm_daily") -> Iterator[DagWorker]:
        """A warm Airflow process that runs another checkout's code on this stack."""
        environment = client_process_environment(
            {
                **self.variables,
                "PYTHONPATH": str(checkout),
                "RCM_CONFIGS": str(checkout / "configs"),
                "AIRFLOW__CORE__DAGS_FOLDER": str(checkout / "dags"),
            }
        )
        with DagWorker(dag_id, environment, self.state.log(dag_id), root=checkout) as worker:
            yield worker

    def deliver(self) -> None:
        """Uploads what the payers put into the landing folder."""
        upload_landing(self.landing, self.variables)

    def live(self, world: World, worker: DagWorker) -> None:
        """Brings hospitals and payers to the evening of each business date and runs it."""
        for index, day in enumerate(world.business_dates):
            world.apply(index, self.hospitals, self.landing)
            self.deliver()
            worker.run(day, lambda task, seconds: None)

    def content(self) -> dict[str, str]:
        """A hash of every published table's rows, technical columns left out."""
        tables = [("silver", name) for name in silver_tables()]
        tables += [
            ("gold", name) for name, model in gold_models().items() if model.header.published
        ]
        return {f"{layer}.{name}": content_hash(layer, name) for layer, name in tables}


def silver_tables() -> list[str]:
    """Names of silver's tables."""
    return [table.name for entity in entities().values() for table in entity.silver_tables()]


def checkout(folder: Path) -> Path:
    """A copy of the code, to try it with other configuration files."""
    shutil.copytree(CONFIGS, folder / "configs")
    for name in ("dags", "local", "spark_jobs", "sql", "utils"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


@contextmanager
def pipeline(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Pipeline]:
    """Starts a stack of its own and stops it again."""
    state = state_folder(folder / "state")
    landing = folder / "landing"
    landing.mkdir()
    try:
        variables = lifecycle.up(state, report=lambda ready: None)
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        bigquery.client.cache_clear()
        yield Pipeline(state, dict(variables), landing)
    finally:
        bigquery.client.cache_clear()
        lifecycle.down(state)


def rows(layer: str, table: str, select: str = "*", where: str = "TRUE") -> list[dict[str, Any]]:
    return bigquery.query(f"SELECT {select} FROM `{settings().table(layer, table)}` WHERE {where}")


def content_hash(layer: str, table: str) -> str:
    content = sorted(
        json.dumps(_business(row), default=str, sort_keys=True) for row in rows(layer, table)
    )
    return hashlib.sha256("\n".join(content).encode()).hexdigest()


def _business(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if not name.startswith("_")}


def last_run(business_date: date) -> dict[str, Any]:
    runs = rows("audit", "pipeline_runs", where=f"business_date = '{business_date}'")
    return max(runs, key=lambda run: run["started_at"])
