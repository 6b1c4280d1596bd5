"""Every command that the documents name is one that works.

The commands run in the order of `TRIED` against a stack of their own, as a reader would type them,
only with less data.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest

from local.paths import ROOT
from simulator.schema import CLAIMS

DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
EXPORTS = ROOT.parent / "shared" / "data" / "01_rcm_tutorial"
EXPORTED_LINES = 200

_INLINE = re.compile(r"`((?:make|airflow) [^`\n]+)`")
_BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)

# Command, further variables, and what its output says.
TRIED = {
    "make setup": ([], ""),
    "make up": ([], "services are up"),
    "make run": (["PATIENTS=60", "DAYS=1"], "net collection rate"),
    "make verify": ([], "equals the answer key"),
    "make status": ([], "running"),
    "make check": ([], "check: 0 errors"),
    "make sql": ([], ""),
    "make sql QUERY='SELECT business_date, state, failed_task, error FROM audit.pipeline_runs "
    "ORDER BY started_at DESC'": ([], "SUCCEEDED"),
    "make sql QUERY='SELECT load_id, state, error FROM audit.table_loads "
    'WHERE state != "PUBLISHED"\'': ([], "no rows"),
    "make sql QUERY='SELECT * FROM gold.kpi_days_in_ar'": ([], "net_days_in_ar"),
    "make sql QUERY='SELECT * FROM gold.kpi_days_in_ar' FORMAT=csv": ([], "hospital_a,"),
    "make airflow ARGS='dags list-runs rcm_daily'": ([], "2026-02-01"),
    "make date DATE=2026-02-01": ([], "published: 2026-02-01"),
    "make backfill FROM=2026-01-31 TO=2026-02-01": ([], "published: 2026-01-31 to 2026-02-01"),
    "make deliver FILE=claims_2026-03.csv HOSPITAL=hospital_a": (["FILE=<file>"], "payer_claims"),
    "make run DATA=<folder> WORLD=mine": ([], "net collection rate"),
    "make run SEED=7 PATIENTS=500 DAYS=3 ENGINE=jvm WORLD=seven": (
        ["PATIENTS=60", "DAYS=0"],
        "in all",
    ),
    "make dictionary": ([], "docs/dictionary/ is written"),
    "make lineage COLUMN=silver.patients.gender": ([], "hospital_b.patients.Gender"),
    "make lineage COLUMN=gold.kpi_patient_demographics.age_band": ([], "hospital_b.patients.DOB"),
    "make ui": ([], "Airflow: http://127.0.0.1:"),
    "make prove": (["SEQUENCES=900"], "no difference"),
    "make down": ([], "stopped: "),
    'make test ARGS="-k bundle"': (["ARGS=-k bundle tests/unit"], "passed"),
}
ELSEWHERE = {
    "make test": "runs this test",
    "make lint": "runs before the tests in CI",
    'make test ARGS="-m long"': "runs what this test leaves out",
    "make chaos": "test_chaos.py has its short form",
    "make chaos SEED=1 COUNT=200": "test_chaos.py has its short form",
    "make chaos SEED=1 COUNT=200 TRIAL=1.3": "test_chaos.py has its short form",
    "make run PATIENTS=100 DAYS=1 WORLD=try": "tried as `make run`, with fewer patients",
    "make run TROUBLE=none": "unit/test_simulator_troubles.py has its world",
    "make run TROUBLE=high": "test_troubles.py runs such worlds",
    "make run TROUBLE=high WORLD=worst": "test_troubles.py runs such worlds",
    "make google-sql": "compiles Google's evaluator for minutes; tests/google_sql is what it runs",
    "make new-kpi NAME=kpi_paid_share": "unit/test_scaffold.py runs it in a copy",
    "make new-source NAME=hospital_c": "unit/test_scaffold.py runs it in a copy",
    "make sql QUERY='…'": "tried with the runbook's queries",
    "make backfill": "tried with its dates",
    "make deliver": "tried with a file",
    "make case FOLDER=<folder>": "test_case.py",
    "make requirements": "asks the package index for new versions and rewrites the pins",
}


# A reader's shell has none of these; other tests of the same process set them.
OF_A_STACK = ("AIRFLOW", "BIGQUERY_", "GOOGLE_", "PYSPARK_", "RCM_", "SPARK_", "STORAGE_")


def run(words: list[str], environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        words,
        cwd=ROOT,
        env=environment,
        check=False,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=600,
    )


def documented() -> set[str]:
    texts = [file.read_text(encoding="utf-8") for file in DOCUMENTS]
    inline = {command for text in texts for command in _INLINE.findall(text)}
    blocks = {
        line for text in texts for block in _BLOCK.findall(text) for line in block.split("\n")
    }
    return {command.strip() for command in inline | blocks} - {""}


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    state = tmp_path_factory.mktemp("commands") / "state"
    shell = {name: value for name, value in os.environ.items() if not name.startswith(OF_A_STACK)}
    variables = {**shell, "RCM_STATE_DIR": str(state)}
    yield variables
    subprocess.run(["make", "down"], cwd=ROOT, env=variables, check=False, capture_output=True)


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first lines of every exported table."""
    folder = tmp_path_factory.mktemp("exports")
    for file in EXPORTS.rglob("*.csv"):
        copy = folder / file.relative_to(EXPORTS)
        copy.parent.mkdir(exist_ok=True)
        with file.open("rb") as lines:
            copy.write_bytes(b"".join(islice(lines, EXPORTED_LINES)))
    return folder


@pytest.fixture(scope="module")
def delivered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A payer's file without a line."""
    file = tmp_path_factory.mktemp("delivered") / "claims_2026-03.csv"
    file.write_text(",".join(CLAIMS.columns) + "\n")
    return file


def test_every_documented_command_is_tried() -> None:
    # unit/test_guides.py looks for the tests that a guide proves a change with.
    proofs = {command for command in documented() if command.startswith('make test ARGS="tests/')}

    assert documented() - proofs == TRIED.keys() | ELSEWHERE.keys()


@pytest.mark.parametrize("command", [name for name in ELSEWHERE if name.startswith("make ")])
def test_command_that_is_run_elsewhere_has_a_target(command: str) -> None:
    needed = [f"{name}=x" for name in ("FROM", "TO", "FILE", "HOSPITAL", "FOLDER")]
    shown = subprocess.run(
        ["make", "--dry-run", *shlex.split(command)[1:], *needed],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )

    assert shown.returncode == 0, shown.stderr


@pytest.mark.parametrize("command", TRIED)
def test_command_does_what_the_documents_say(
    command: str, environment: dict[str, str], exports: Path, delivered: Path
) -> None:
    more, says = TRIED[command]
    if "<folder>" in command and not EXPORTS.exists():
        pytest.skip("the exports that this command loads are not part of the project")
    words = [*shlex.split(command), *more]
    words = [word.replace("<folder>", str(exports)) for word in words]
    words = [word.replace("<file>", str(delivered)) for word in words]
    result = run(words, environment)
    if world := [word for word in words if word.startswith("WORLD=")]:
        run(["make", "down", *world], environment)
    assert result.returncode == 0, result.stdout + result.stderr
    assert says in result.stdout
