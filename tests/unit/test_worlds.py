"""What `make run` may erase, and who holds the state folder."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from local.__main__ import main
from local.errors import LocalError
from local.paths import ROOT, StateFolder
from local.run import worlds
from local.run.lock import only_run
from local.run.worlds import World
from local.stack import lifecycle

ONE, OTHER = World(1, 60, 2, None), World(7, 60, 2, None)


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StateFolder:
    """A state that a run of ONE filled."""
    monkeypatch.setattr(lifecycle, "down", lambda state: [])
    held = StateFolder(tmp_path / "state")
    held.path.mkdir()
    worlds.settle(held, ONE)
    for folder in ("bigquery", "mariadb"):
        (held.path / folder).mkdir()
        (held.path / folder / "data").write_text("kept")
    return held


def files(state: StateFolder) -> set[str]:
    return {str(path.relative_to(state.path)) for path in state.path.rglob("*")}


def claim(state: StateFolder, world: World, said: list[str], *, is_fresh: bool = False) -> bool:
    return worlds.claim(state, world, is_fresh=is_fresh, say=said.append)


def test_the_same_world_goes_on(state: StateFolder) -> None:
    before = files(state)
    assert claim(state, ONE, []) is True
    assert files(state) == before


@pytest.mark.parametrize(
    "other", [OTHER, World(1, 61, 2, None), World(1, 60, 3, None), World(1, 60, 0, "/exports")]
)
def test_another_world_is_refused_and_both_are_named(state: StateFolder, other: World) -> None:
    before = files(state)
    with pytest.raises(LocalError) as refusal:
        claim(state, other, [])
    for part in (str(ONE), str(other), "FRESH=1", "WORLD=<name>"):
        assert part in str(refusal.value)
    assert files(state) == before


def test_fresh_erases_what_runs_made_says_so_and_keeps_the_databases(state: StateFolder) -> None:
    said: list[str] = []
    claim(state, OTHER, said, is_fresh=True)
    worlds.settle(state, OTHER)

    assert "the warehouse" in said[0]
    assert not (state.path / "bigquery").exists()
    assert (state.path / "mariadb" / "data").read_text() == "kept"
    assert claim(state, OTHER, []) is True


def test_an_erasure_that_was_cut_short_is_ended_by_the_next_run(
    state: StateFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(path: Path) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(shutil, "rmtree", die)
        with pytest.raises(KeyboardInterrupt):
            claim(state, OTHER, [], is_fresh=True)
    assert claim(state, ONE, []) is True
    assert not (state.path / "bigquery").exists()


def test_a_folder_of_exports_is_checked_before_anything_is_touched(
    state: StateFolder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = files(state)
    (tmp_path / "half" / "claims").mkdir(parents=True)

    for data, complaint in (("typo", "no such folder"), ("half", "hospital-a/patients.csv")):
        words = ["--state", str(state.path), "run", "--data", str(tmp_path / data), "--fresh"]
        assert main(words) == 1
        [line] = capsys.readouterr().err.splitlines()
        assert line.startswith("error: ")
        assert data in line
        assert complaint in line
    assert files(state) == before


def test_a_second_run_hears_who_holds_the_state_until_that_one_dies(state: StateFolder) -> None:
    script = (
        "import sys, time\nfrom local.run.lock import only_run\n"
        "from local.paths import StateFolder\n"
        "with only_run(StateFolder(__import__('pathlib').Path(sys.argv[1]))):\n"
        "    print('held', flush=True); time.sleep(600)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(state.path)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
    ) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        with pytest.raises(LocalError, match=f"pid {holder.pid} since "), only_run(state):
            pass
        holder.kill()
        holder.wait()
        with only_run(state):
            pass


@pytest.mark.parametrize("verbose", ["", "1"])
def test_a_traceback_comes_only_when_asked_for(
    tmp_path: Path,
    verbose: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("VERBOSE", verbose)

    assert main(["--state", str(tmp_path / "none"), "sql", "SELECT 1"]) == 1

    shown = capsys.readouterr().err
    assert ("Traceback" in shown) == bool(verbose)
    assert "run `make up`" in shown.splitlines()[-1]


def test_status_of_a_stack_that_is_stopped_says_how_to_start_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--state", str(tmp_path), "status"]) == 0
    assert "`make up` starts" in capsys.readouterr().out


def test_ctrl_c_is_one_line_and_exit_code_130(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: object) -> Callable[..., int]:
        raise KeyboardInterrupt

    monkeypatch.setattr("local.run.one_shot.main", interrupted)
    assert main(["--state", str(tmp_path), "run"]) == 130
    assert capsys.readouterr().err.strip().splitlines() == [
        "interrupted: the same command, without FRESH=1, goes on where it stopped"
    ]
