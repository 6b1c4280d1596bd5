"""A stack that cannot start says in one line why, and leaves nothing behind."""

from __future__ import annotations

import shutil
import socket
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from local.errors import LocalError, NoAnswer
from local.paths import StateFolder, state_folder
from local.stack import lifecycle as stack
from local.stack import supervisor
from local.stack.services import Service
from tests.stack_support import ignore, processes_of, run_command


def test_a_port_that_is_busy_is_named(tmp_path: Path) -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        port = str(server.getsockname()[1])

        result = run_command("--state", str(tmp_path), "up", RCM_PORT_BIGQUERY=port)

    assert result.returncode == 1
    assert result.stderr == (
        f"error: port {port} is in use by another program: "
        "stop it, or set RCM_PORT_BIGQUERY to a free port\n"
    )
    assert processes_of(tmp_path) == []


def test_a_full_disk_is_named_before_anything_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=12_000_000))

    with pytest.raises(LocalError, match="only 12 MB are free on the disk of .* free at least"):
        stack.up(state_folder(tmp_path), ignore)


def test_a_python_without_the_packages_is_named(tmp_path: Path) -> None:
    result = run_command("--state", str(tmp_path), "up", options=("-S",))

    assert result.returncode == 1
    assert len(result.stderr.splitlines()) == 1
    assert "does not have the project's packages" in result.stderr
    assert "make setup" in result.stderr


def _service(code: str, tmp_path: Path, deadline_seconds: float) -> Service:
    def never() -> None:
        raise NoAnswer("nobody there")

    return Service(
        name="broken",
        command=(sys.executable, "-c", code),
        folder=tmp_path,
        port=1,
        check=never,
        deadline_seconds=deadline_seconds,
    )


@pytest.fixture
def empty(tmp_path: Path) -> StateFolder:
    state = state_folder(tmp_path)
    for folder in (state.log("").parent, state.record("").parent):
        folder.mkdir()
    return state


def test_a_service_that_dies_shows_why(empty: StateFolder) -> None:
    empty.log("broken").write_text("an old story\n")
    service = _service("raise SystemExit('the disk is on fire')", empty.path, deadline_seconds=30)

    with pytest.raises(LocalError, match="broken stopped by itself.*\n  the disk is on fire") as it:
        supervisor.start_all(empty, [service], ignore)

    assert "an old story" not in str(it.value)
    assert "an old story" in empty.log("broken").read_text()


def test_a_service_that_never_answers_is_stopped(empty: StateFolder) -> None:
    service = _service("import time; time.sleep(60)", empty.path, deadline_seconds=0.5)
    begin = time.monotonic()

    with pytest.raises(LocalError, match=r"broken did not answer within 0 s \(nobody there\)"):
        supervisor.start_all(empty, [service], ignore)

    assert time.monotonic() - begin < 10
    assert supervisor.running(empty, "broken") is None
