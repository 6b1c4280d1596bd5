"""Worlds in which everything goes wrong: no run stops, and every table is the answer key's."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest

import simulator
from simulator.defects import DefectRates
from simulator.truth.tables import TABLES
from simulator.verify import verify
from tests.pipeline_support import pipeline, rows
from utils.gcp import bigquery
from utils.settings import settings

if TYPE_CHECKING:
    from pathlib import Path


START = date(2026, 1, 31)
SICK, HEALTHY = "hospital_b", "hospital_a"
Published = dict[str, list[tuple[Any, ...]]]
SHORT = [pytest.param(seed, 120, 2, id=f"short-{seed}") for seed in (31, 32)]
LONG = [
    pytest.param(seed, 500, 5, id=f"seed-{seed}", marks=pytest.mark.long)
    for seed in range(101, 121)
]


@pytest.mark.parametrize(("seed", "patients", "days"), [*SHORT, *LONG])
def test_a_world_at_its_worst_runs_without_a_stop_and_equals_the_answer_key(
    seed: int, patients: int, days: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = simulator.generate(
        seed, patients, days, START, tmp_path / "world", DefectRates.at("high")
    )
    world.write_answer_key(tmp_path / "key")
    with pipeline(tmp_path, monkeypatch) as running, running.worker() as worker:
        running.live(world, worker)
        differences = verify(
            tmp_path / "key", bigquery.client(), settings().dataset_prefix, world.business_dates[-1]
        )
    assert differences == []


@pytest.mark.long
def test_what_no_window_reads_is_found_by_the_comparison_of_keys(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until then the tables are the answer key's, and then the items and rows that it names."""
    rates = replace(DefectRates.at("none"), charge_deleted=0.03, stamp_set_back=0.03)
    world = simulator.generate(34, 120, 1, START, tmp_path / "world", rates)
    last = world.business_dates[-1]
    world.write_answer_key(tmp_path / "key", [last])
    tables = world.answer_key.tables(1)
    gone = tables["planted.deletions"].to_pylist()
    unread = tables["planted.overlooked"].to_pylist()
    with pipeline(tmp_path, monkeypatch) as running:
        with running.worker() as worker:
            running.live(world, worker)
        assert verify(tmp_path / "key", bigquery.client(), settings().dataset_prefix, last) == []
        with running.worker("rcm_reconcile_keys") as comparer:
            comparer.run(last + timedelta(days=1), lambda task, seconds: None)
        items = rows("gold", "reconciling_items", "source_system, account_key, cause, "
                     "difference_amount")  # fmt: skip
        addresses = rows("silver", "patients_current", "source_system, patient_id, address")

    found = sorted(tuple(item.values()) for item in items)
    assert found == sorted(
        (one["source_system"], one["account_key"], "charge_deleted", one["difference_amount"])
        for one in gone
        if one["difference_amount"]
    )
    assert len(found) > 0 < len(unread)
    assert {tuple(one.values()) for one in unread} <= {tuple(one.values()) for one in addresses}


@pytest.mark.long
def test_a_healthy_hospital_does_not_feel_its_sick_neighbour(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = gold_of_the_healthy("none", tmp_path / "none", monkeypatch)
    beside = gold_of_the_healthy("high", tmp_path / "high", monkeypatch)

    assert beside == alone
    assert len(alone["gold.fact_ledger"]) > 100


def gold_of_the_healthy(level: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Published:
    """The healthy hospital's gold after two dates beside a neighbour with such troubles."""
    folder.mkdir()
    rates = {HEALTHY: DefectRates(), SICK: DefectRates.at(level)}
    world = simulator.generate(33, 120, 1, START, folder / "world", rates, keeps_books=False)
    with pipeline(folder, monkeypatch) as running, running.worker() as worker:
        running.live(world, worker)
        return {
            table.name: sorted(
                (
                    tuple(row.values())
                    for row in rows(
                        "gold",
                        table.name.removeprefix("gold."),
                        ", ".join(table.columns),
                        f"source_system = '{HEALTHY}'",
                    )
                ),
                key=repr,
            )
            for table in TABLES.values()
        }
