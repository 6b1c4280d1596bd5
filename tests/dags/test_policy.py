"""What holds for every DAG. Airflow runs in a process of its own, with a home of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from local.paths import ROOT
from utils.settings import settings

_DESCRIBE = """
import json, sys
from airflow.dag_processing.dagbag import DagBag
bag = DagBag(sys.argv[1])
dags = {
    name: {
        "doc": dag.doc_md,
        "tags": sorted(dag.tags),
        "max_active_runs": dag.max_active_runs,
        "catchup": dag.catchup,
        "tasks": {
            task.task_id: {
                "owner": task.owner,
                "has_timeout": bool(task.execution_timeout),
                "retries": task.retries,
                "retry_seconds": task.retry_delay.total_seconds(),
                "reports_failure": bool(task.on_failure_callback),
            }
            for task in dag.tasks
        },
    }
    for name, dag in bag.dags.items()
}
print("DESCRIBED " + json.dumps({"errors": bag.import_errors, "dags": dags}))
"""


@pytest.fixture(scope="module")
def bag(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    home = tmp_path_factory.mktemp("airflow")
    output = subprocess.run(
        [sys.executable, "-c", _DESCRIBE, str(ROOT / "dags")],
        env={**os.environ, "AIRFLOW_HOME": str(home), "PYTHONPATH": str(ROOT)},
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    [line] = [line for line in output.splitlines() if line.startswith("DESCRIBED ")]
    return dict(json.loads(line.removeprefix("DESCRIBED ")))


def test_the_dags_are_those_that_are_expected(bag: dict[str, Any]) -> None:
    assert bag["errors"] == {}
    assert set(bag["dags"]) == {
        "rcm_daily",
        "rcm_maintenance",
        "rcm_rebuild_silver",
        "rcm_reconcile_keys",
        "rcm_replay_quarantine",
    }


def test_a_dag_is_documented_and_no_single_run_holds_up_the_others(bag: dict[str, Any]) -> None:
    for dag in bag["dags"].values():
        assert dag["doc"]
        assert dag["tags"]
        assert dag["max_active_runs"] > 1
        assert not dag["catchup"]


def test_every_task_has_an_owner_a_timeout_and_a_failure_record(bag: dict[str, Any]) -> None:
    right = {
        "owner": "revenue-cycle-data",
        "has_timeout": True,
        "reports_failure": True,
        "retries": settings().retries,
        "retry_seconds": settings().retry_delay.total_seconds(),
    }
    for dag in bag["dags"].values():
        assert len(dag["tasks"]) <= 25
        assert dag["tasks"] == dict.fromkeys(dag["tasks"], right)


@pytest.mark.parametrize("file", sorted((ROOT / "dags").glob("*.py")), ids=lambda file: file.name)
def test_a_dag_file_only_wires(file: Path) -> None:
    code = file.read_text().split('"""', 2)[2]
    assert len(code.splitlines()) <= 130
    assert "SELECT " not in code
