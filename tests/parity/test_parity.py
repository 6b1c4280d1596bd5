"""Sail and Spark on the JVM write the same tables, row for row."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from tests.parity.batches import BATCHES, ENTITIES
from tests.parity.conftest import READINGS, REPEATED, Outputs
from utils.contracts.entities import entities

pytestmark = pytest.mark.parity

TABLES = (
    *[f"{entity}/{table}" for entity in ENTITIES for table in ("observations", "versions")],
    *[f"{entity}/revisions" for entity in ENTITIES if entities()[entity].keeps_revisions],
    *["rows", "refused", "timeline", "quarantine", "accepted", "dq", "loads"],
)


def _types(table: pa.Table) -> dict[str, str]:
    """Names and types of the columns; how long texts are stored is no difference."""
    return {
        field.name: str(field.type).removeprefix("large_").removesuffix("_view")
        for field in table.schema
    }


def _rows(table: pa.Table) -> list[str]:
    return sorted(repr(tuple(row.values())) for row in table.to_pylist())


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("batch", BATCHES)
def test_both_engines_write(outputs: dict[str, Outputs], batch: str, table: str) -> None:
    sail = parquet.read_table(outputs[batch].sail / table)
    jvm = parquet.read_table(outputs[batch].jvm / table)

    assert _types(sail) == _types(jvm)
    assert _rows(sail) == _rows(jvm)


def test_both_engines_read_every_spelling_alike(outputs: dict[str, Outputs]) -> None:
    folders = outputs[READINGS]

    assert (folders.sail / "readings").read_text() == (folders.jvm / "readings").read_text()


@pytest.mark.parametrize("batch", ["first", "second"])
def test_the_batches_exercise_every_outcome(outputs: dict[str, Outputs], batch: str) -> None:
    loads = parquet.read_table(outputs[batch].sail / "loads").to_pylist()
    for name, least in {"merged": 100, "deduplicated": 2, "quarantined": 100}.items():
        assert sum(load[f"rows_{name}"] for load in loads) >= least, name


def test_deletions_reach_the_log(outputs: dict[str, Outputs]) -> None:
    def deleted(folder: Path) -> int:
        rows: list[dict[str, Any]] = parquet.read_table(folder).to_pylist()
        return sum(row["_is_deleted"] for row in rows)

    assert deleted(outputs["second"].sail / "patients/observations") > 10


@pytest.mark.parametrize("engine", ["sail", "jvm"])
def test_a_complete_batch_is_not_built_again(outputs: dict[str, Outputs], engine: str) -> None:
    folders: dict[str, Path] = {name: getattr(outputs[name], engine) for name in BATCHES}
    written = {
        name: max(file.stat().st_mtime_ns for file in folder.rglob("*.parquet"))
        for name, folder in folders.items()
    }
    assert written[REPEATED] < written["second"]
