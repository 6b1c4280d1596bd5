"""`make run` that is interrupted goes on to the tables of a run that was not."""

from __future__ import annotations

import random
import signal
from typing import TYPE_CHECKING

import pytest

from local.paths import StateFolder
from local.stack import lifecycle
from tests.interruptions import Interruption, Runs, differences, of_all_stages
from utils.gcp import bigquery

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterator, Sequence

SIGINT, SIGKILL = signal.SIGINT, signal.SIGKILL
FEW = [
    Interruption("hospitals", SIGKILL),
    # The databases move on to the next evening while gold is built.
    Interruption("2026-01-31 refresh_gold", SIGINT),
    Interruption("2026-02-01 land", SIGKILL),
]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runs]:
    state = StateFolder(tmp_path_factory.mktemp("interrupted") / "state")
    yield Runs(state)
    bigquery.client.cache_clear()
    lifecycle.down(state)


@pytest.fixture(scope="module")
def whole(runs: Runs) -> dict[str, Counter[str]]:
    """Every table after a run that nobody interrupted."""
    output = runs.finish("--fresh")
    assert "2026-02-01 close_run" in output, "a line for each task, as this is no terminal"
    with pytest.MonkeyPatch.context() as patch:
        return runs.content(patch)


@pytest.mark.parametrize(
    "planned",
    [
        pytest.param(FEW, id="three"),
        pytest.param(of_all_stages(SIGINT), id="ctrl-c", marks=pytest.mark.long),
        pytest.param(of_all_stages(SIGKILL), id="killed", marks=pytest.mark.long),
    ],
)
def test_an_interrupted_run_goes_on_to_the_tables_of_a_whole_one(
    runs: Runs,
    whole: dict[str, Counter[str]],
    planned: Sequence[Interruption],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    chance = random.Random(5)
    runs.interrupt(planned[0], chance, "--fresh")
    for interruption in planned[1:]:
        runs.interrupt(interruption, chance)
    runs.finish()

    assert differences(whole, runs.content(monkeypatch)) == []


def test_a_second_run_at_once_says_who_runs(runs: Runs, whole: dict[str, Counter[str]]) -> None:
    first = runs.start()
    assert first.stdout is not None
    first.stdout.readline()
    second = runs.start()
    refusal, _ = second.communicate(timeout=120)
    first.communicate(timeout=600)

    assert (first.returncode, second.returncode) == (0, 1)
    assert f"pid {first.pid}" in refusal
    assert "WORLD=" in refusal


def test_another_world_is_refused_and_nothing_is_erased(
    runs: Runs, whole: dict[str, Counter[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = runs.start("--seed", "2")
    output, _ = refused.communicate(timeout=120)

    assert refused.returncode == 1
    assert len(output.splitlines()) == 1, output
    for part in ("SEED=1", "SEED=2", "FRESH=1", "WORLD="):
        assert part in output
    assert differences(whole, runs.content(monkeypatch)) == []
