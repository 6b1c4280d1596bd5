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
    "make run DATA=<folder>": ([], "net collection rate"),
    "make run SEED=7 PATIENTS=500 DAYS=3 ENGINE=jvm": (["PATIENTS=60", "DAYS=0"], "in all"),
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
    "airflow backfill create --dag-id rcm_daily --from-date … --to-date …": "test_scheduler.py",
    "make new-kpi NAME=kpi_paid_share": "unit/test_scaffold.py runs it in a copy",
    "make new-source NAME=hospital_c": "unit/test_scaffold.py runs it in a copy",
    "make requirements": "asks the package index for new versions and rewrites the pins",
}


# A reader's shell has none of these; other tests of the same process set them.
OF_A_STACK = ("AIRFLOW", "BIGQUERY_", "GOOGLE_", "PYSPARK_", "RCM_", "SPARK_", "STORAGE_")


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


def test_every_documented_command_is_tried() -> None:
    # unit/test_guides.py looks for the tests that a guide proves a change with.
    proofs = {command for command in documented() if command.startswith('make test ARGS="tests/')}

    assert documented() - proofs == TRIED.keys() | ELSEWHERE.keys()


@pytest.mark.parametrize("command", [name for name in ELSEWHERE if name.startswith("make ")])
def test_command_that_is_run_elsewhere_has_a_target(command: str) -> None:
    shown = subprocess.run(
        ["make", "--dry-run", *shlex.split(command)[1:]],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )

    assert shown.returncode == 0, shown.stderr


@pytest.mark.parametrize("command", TRIED)
def test_command_does_what_the_documents_say(
    command: str, environment: dict[str, str], exports: Path
) -> None:
    more, says = TRIED[command]
    if "<folder>" in command and not EXPORTS.exists():
        pytest.skip("the exports that this command loads are not part of the project")
    words = [*shlex.split(command.replace("<folder>", str(exports))), *more]
    result = subprocess.run(
        words, cwd=ROOT, env=environment, check=False, capture_output=True, text=True, timeout=600
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert says in result.stdout
