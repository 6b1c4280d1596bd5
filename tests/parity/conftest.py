"""Runs the same batches on Sail and on the JVM, each once, over one lake."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.parity.batches import BATCHES, write_inputs
from tests.spark_support import ROOT, sail_server

BUCKET = "lake"
# Runs once more at the end.
REPEATED = "first"
READINGS = "readings"
TIMEOUT_SECONDS = 1500  # ends a process that hangs, however slow the machine
JVM_OPTIONS = {
    "spark.master": "local[2]",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.driver.host": "127.0.0.1",
    # For a few hundred rows, compiling costs more than it saves.
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.shuffle.partitions": "2",
    "spark.hadoop.fs.gs.impl": "org.apache.hadoop.fs.viewfs.ViewFileSystemOverloadScheme",
    "spark.hadoop.fs.file.impl": "org.apache.hadoop.fs.RawLocalFileSystem",
}


@dataclass(frozen=True)
class Outputs:
    """Where each engine wrote a batch."""

    sail: Path
    jvm: Path


@pytest.fixture(scope="session")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Outputs]:
    """The batches as built by both engines, by name."""
    mount = tmp_path_factory.mktemp("mount")
    write_inputs(mount / BUCKET, f"gs://{BUCKET}")
    with sail_server() as address:
        engines = {
            "jvm": _start("jvm", mount, _jvm_variables(mount)),
            "sail": _start("sail", mount, {"SPARK_REMOTE": address, "RCM_LAKE_MOUNT": str(mount)}),
        }
        for engine, process in engines.items():
            _finish(engine, process)
    return {
        name: Outputs(mount / BUCKET / "sail" / name, mount / BUCKET / "jvm" / name)
        for name in BATCHES
    } | {READINGS: Outputs(readings_of(mount, "sail"), readings_of(mount, "jvm"))}


def readings_of(mount: Path, engine: str) -> Path:
    """The folder with what an engine reads the cases of `tests.readings` as."""
    return mount / f"{READINGS}-{engine}"


def _jvm_variables(mount: Path) -> dict[str, str]:
    link = {f"spark.hadoop.fs.viewfs.mounttable.{BUCKET}.linkFallback": (mount / BUCKET).as_uri()}
    return {"SPARK_OPTIONS": json.dumps({**JVM_OPTIONS, **link})}


def _start(engine: str, mount: Path, variables: dict[str, str]) -> subprocess.Popen[str]:
    batches = [
        (f"gs://{BUCKET}/{engine}/{name}.json", f"gs://{BUCKET}/{engine}/{name}")
        for name in (*BATCHES, REPEATED)
    ]
    return subprocess.Popen(
        [
            sys.executable,
            "-m",
            "tests.parity.runner",
            json.dumps(batches),
            str(readings_of(mount, engine)),
        ],
        env=_environment() | variables,
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def _finish(engine: str, process: subprocess.Popen[str]) -> None:
    try:
        _, errors = process.communicate(timeout=TIMEOUT_SECONDS)
    finally:
        process.kill()
    messages = [line for line in errors.splitlines() if not line.startswith("\tat ")]
    assert process.returncode == 0, "\n".join([engine, *messages[-40:]])


def _environment() -> dict[str, str]:
    """This process's variables without those that choose a Spark."""
    mine = ("SPARK_", "PYSPARK_", "RCM_LAKE_MOUNT")
    return {name: value for name, value in os.environ.items() if not name.startswith(mine)}
