"""The services of a real stack, and what happens when they are treated badly."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from google.api_core.exceptions import GoogleAPICallError
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery, storage

from local.paths import ROOT, StateFolder, state_folder
from local.stack import client, databases, supervisor
from local.stack import lifecycle as stack
from tests.conftest import Stack
from tests.stack_support import ignore, kill, pids, processes_of, run_command, sql, unlocked


@pytest.fixture(scope="module")
def own_state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StateFolder]:
    """A stack that the tests of this file may break."""
    state = state_folder(tmp_path_factory.mktemp("own"))
    try:
        yield state
    finally:
        stack.down(state)


@pytest.fixture
def own(own_state: StateFolder) -> StateFolder:
    """The breakable stack, whole."""
    stack.up(own_state, ignore)
    return own_state


def test_a_source_that_is_added_while_the_server_runs_gets_its_database(
    own: StateFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = databases.databases()
    monkeypatch.setattr(databases, "databases", lambda: {**known, "clinic_x_db": "clinic_x"})

    variables = stack.up(own, ignore)

    assert variables["AIRFLOW_CONN_CLINIC_X_DB"].endswith("/clinic_x")
    assert ("clinic_x",) in sql(own, "SHOW DATABASES")


def test_nobody_else_can_read_what_a_stack_holds(own: StateFolder) -> None:
    """A state folder holds real exports: files of the hospitals, tables, the lake."""
    own.path.chmod(0o755)
    variables = stack.up(own, ignore)
    anonymous = AnonymousCredentials()
    client = storage.Client(
        variables["GOOGLE_CLOUD_PROJECT"],
        credentials=anonymous,
        client_options={"api_endpoint": variables["STORAGE_EMULATOR_HOST"]},
    )
    client.bucket("rcm-landing").blob("claims/f.csv").upload_from_string("SSN")

    assert own.path.stat().st_mode & 0o777 == 0o700
    held = [
        path
        for folder in ("gcs", "bigquery", "mariadb")
        for path in (own.path / folder).rglob("*")
        if path.is_file()
    ]
    assert [path for path in held if path.name == "f.csv"]
    assert [path for path in held if path.stat().st_mode & 0o077] == []


def test_a_stack_is_shown_and_stopped_although_a_source_is_wrong(
    own: StateFolder, tmp_path: Path
) -> None:
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources" / "broken.yaml").write_text("name: [")
    environment = {**os.environ, "RCM_CONFIGS": str(tmp_path)}

    for command, said in (("status", "mariadb    running"), ("down", "stopped: ")):
        result = subprocess.run(
            [sys.executable, "-m", "local", "--state", str(own.path), command],
            cwd=ROOT, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert said in result.stdout, result.stderr


def test_bigquery_loads_what_storage_holds(stack_environment: Stack) -> None:
    project = stack_environment.variables["GOOGLE_CLOUD_PROJECT"]
    anonymous = AnonymousCredentials()
    bucket = storage.Client(project, credentials=anonymous).bucket("rcm-lake")
    bucket.blob("check/rows.csv").upload_from_string("a,b\n1,2\n3,4\n")
    warehouse = bigquery.Client(project, credentials=anonymous)
    warehouse.create_dataset("check", exists_ok=True, timeout=10)

    warehouse.load_table_from_uri(
        "gs://rcm-lake/check/rows.csv",
        "check.rows",
        job_config=bigquery.LoadJobConfig(
            source_format="CSV", skip_leading_rows=1, autodetect=True
        ),
    ).result(timeout=30)

    rows = warehouse.query("SELECT SUM(b) AS total FROM `check`.`rows`").result(timeout=30)
    assert [row.total for row in rows] == [6]
    mount = Path(stack_environment.variables["RCM_LAKE_MOUNT"])
    assert (mount / "rcm-lake" / "check" / "rows.csv").is_file()


def test_a_load_that_the_warehouse_did_not_finish_has_failed_after_a_restart(
    own: StateFolder,
) -> None:
    """Kill test, seed 2, trial 1.1: such a job said for ever that it was running."""
    kill(own, "bigquery")
    job = {
        **{"jobReference": {"projectId": "rcm-local", "jobId": "interrupted", "location": "US"}},
        **{"status": {"state": "RUNNING"}, "statistics": {"creationTime": "1"}},
        "configuration": {"jobType": "LOAD", "load": {}},
    }
    with unlocked(own.path / "bigquery" / "emulator.duckdb") as kept:
        row = ["rcm-local", "interrupted", None, "RUNNING", 1, json.dumps(job)]
        kept.execute("INSERT INTO jobs VALUES (?, ?, ?, ?, ?, ?)", row)

    variables = stack.up(own, ignore)

    warehouse = bigquery.Client(
        "rcm-local",
        credentials=AnonymousCredentials(),
        client_options={"api_endpoint": variables["BIGQUERY_EMULATOR_HOST"]},
    )
    with pytest.raises(GoogleAPICallError, match="in the middle of this job"):
        warehouse.get_job("interrupted", location="US", timeout=10).result(timeout=10)


SPARK_ROUND_TRIP = """
import sys
from pyspark.sql import SparkSession
spark = SparkSession.builder.getOrCreate()
spark.range(3).write.mode("overwrite").parquet(sys.argv[1])
spark.range(5).write.mode("overwrite").parquet(sys.argv[1])
print(spark.read.parquet(sys.argv[1]).count(), spark.conf.get("spark.sql.session.timeZone"))
"""


@pytest.mark.parametrize("engine", ["sail", "jvm"])
def test_spark_overwrites_and_reads_the_lake(stack: Stack, engine: str) -> None:
    variables, folder = dict(stack.variables), f"{stack.variables['RCM_LAKE_MOUNT']}/rcm-lake"
    if engine == "jvm":
        variables.pop("SPARK_REMOTE")
        folder = "gs://rcm-lake"
    command = [sys.executable, "-c", SPARK_ROUND_TRIP, f"{folder}/spark_{engine}"]

    result = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)

    assert result.stdout.split()[0] == "5", result.stderr
    assert result.stdout.split()[1].endswith("UTC")
    written = Path(variables["RCM_LAKE_MOUNT"], "rcm-lake", f"spark_{engine}").iterdir()
    assert {path.suffix for path in written} <= {".parquet", ""}


def test_up_again_starts_nothing(own: StateFolder) -> None:
    before = pids(own)

    result = run_command("--state", str(own.path), "up")

    assert result.returncode == 0
    assert result.stdout.count("was running") == 4
    assert pids(own) == before


def test_two_starts_at_the_same_time_start_one_stack(own: StateFolder) -> None:
    stack.down(own)

    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(lambda _: run_command("--state", str(own.path), "up"), range(2)))

    assert [result.returncode for result in results] == [0, 0]
    assert sum(result.stdout.count("ready in") for result in results) == 4


@pytest.mark.parametrize("name", ["mariadb", "storage", "bigquery", "spark"])
def test_a_killed_service_is_started_again_on_its_port(own: StateFolder, name: str) -> None:
    variables, pid = client.environment(own), pids(own)[name]
    kill(own, name)

    stack.up(own, ignore)

    assert pids(own)[name] not in (None, pid)
    assert client.environment(own) == variables


def test_committed_rows_survive_a_killed_database(own: StateFolder) -> None:
    sql(own, "CREATE OR REPLACE TABLE visits (id INT)")
    sql(own, "INSERT INTO visits VALUES (1), (2)")
    kill(own, "mariadb")

    stack.up(own, ignore)

    assert sql(own, "SELECT COUNT(*) FROM visits") == [(2,)]


def test_a_starting_database_leaves_the_temporary_tables_of_others(own: StateFolder) -> None:
    # The name is one that a server deletes when it starts.
    with tempfile.NamedTemporaryFile(prefix="#sql-temptable-") as table:
        kill(own, "mariadb")
        stack.up(own, report=ignore)
        assert Path(table.name).exists()


def test_status_shows_what_runs_and_how_to_start_what_does_not(own: StateFolder) -> None:
    assert run_command("--state", str(own.path), "status").returncode == 0
    supervisor.stop(own, "spark")

    result = run_command("--state", str(own.path), "status")

    assert result.returncode == 0
    assert "spark      stopped" in result.stdout
    assert "make up" in result.stdout


def test_down_leaves_no_process(own: StateFolder) -> None:
    assert processes_of(own.path)

    first, second = (run_command("--state", str(own.path), "down") for _ in range(2))

    assert first.returncode == second.returncode == 0
    assert second.stdout == "nothing was running\n"
    assert processes_of(own.path) == []
    assert not any(pids(own).values())
