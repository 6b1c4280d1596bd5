from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from local.paths import ROOT
from local.setup import __main__ as setup
from local.setup import commands, environments, packages

SETUP = ROOT / "local" / "setup.sh"


def _program(folder: Path, name: str, script: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def _setup(path: str, home: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": path, "HOME": str(home), **variables}
    return subprocess.run(
        ["/bin/sh", str(SETUP), "--help"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_an_old_python_is_refused_in_one_line(tmp_path: Path) -> None:
    _program(tmp_path, "python3", 'case "$1" in --version) echo "Python 3.9.2";; *) exit 1;; esac')
    (tmp_path / "dirname").symlink_to("/usr/bin/dirname")

    result = _setup(str(tmp_path), tmp_path)

    assert result.returncode == 1
    assert result.stderr.startswith("error: Python 3.11, 3.12 or 3.13 is needed")
    assert "Python 3.9.2" in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_a_shim_that_fails_is_passed_over(tmp_path: Path) -> None:
    _program(tmp_path / "shims", "python3.11", "echo 'version is not installed' >&2; exit 127")
    _program(tmp_path / "real", "python3", f'exec {sys.executable} "$@"')

    result = _setup(f"{tmp_path}/shims:{tmp_path}/real:/usr/bin:/bin", tmp_path)

    assert result.returncode == 0
    assert "--java" in result.stdout


def test_a_python_of_pyenv_is_found(tmp_path: Path) -> None:
    versions = tmp_path / "pyenv" / "versions" / "3.12.9" / "bin"
    _program(versions, "python", f'exec {sys.executable} "$@"')
    _program(tmp_path / "bin", "dirname", 'exec /usr/bin/dirname "$@"')

    result = _setup(f"{tmp_path}/bin", tmp_path, PYENV_ROOT=str(tmp_path / "pyenv"))

    assert result.returncode == 0


def test_the_emulators_python_is_found_in_pyenv(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    versions = tmp_path / "versions"
    _program(versions / "3.13.0" / "bin", "python", "exit 1")
    works = _program(versions / "3.13.1" / "bin", "python", "echo /found/python")
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(commands, "runs", lambda python, code: python == str(works))

    assert environments.find_python("3.13") == "/found/python"


def test_an_emulators_python_that_is_missing_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    monkeypatch.setattr(commands, "runs", lambda python, code: False)
    monkeypatch.setattr(commands, "output", lambda command, check: "")

    with pytest.raises(commands.SetupError, match="Python 3.13 is needed and was not found"):
        environments.find_python("3.13")


def test_packages_are_asked_for_when_the_user_may_not_install_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)

    with pytest.raises(commands.SetupError, match="sudo apt-get install .* gcc pkg-config"):
        packages.install_packages(["gcc", "pkg-config"])


def test_java_is_needed_only_when_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "has", lambda program: program != "java")
    monkeypatch.delenv("JAVA_HOME", raising=False)

    assert "openjdk-17-jre-headless" not in packages.missing_packages(with_java=False)
    assert "openjdk-17-jre-headless" in packages.missing_packages(with_java=True)


def test_another_requirement_means_another_installation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(setup, "REQUIREMENTS", tmp_path)
    file = tmp_path / "dev.txt"
    file.write_text("ruff==1\n")
    before = setup.wanted_stamp()
    assert setup.wanted_stamp() == before

    file.write_text("ruff==2\n")

    assert setup.wanted_stamp()["content"] != before["content"]
    assert setup.wanted_stamp()["place"] == before["place"]


@pytest.fixture
def installations(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Collects for each installation whether it started from nothing."""
    done: list[bool] = []
    for name in ("uv", "main", "bigquery"):
        _program(tmp_path / name / "bin", "python", "")
    monkeypatch.setattr(setup, "VENVS", tmp_path)
    monkeypatch.setattr(setup, "STAMP", tmp_path / "stamp.json")
    monkeypatch.setattr(commands, "LOG", tmp_path / "log")
    monkeypatch.setattr(packages, "missing_packages", lambda with_java: [])
    monkeypatch.setattr(environments, "install_environments", done.append)
    return done


def test_what_is_installed_is_not_installed_again(
    installations: list[bool], capsys: pytest.CaptureFixture[str]
) -> None:
    setup.install(with_java=False)
    capsys.readouterr()

    setup.install(with_java=False)

    assert installations == [True]
    assert capsys.readouterr().out == ""


def test_a_changed_requirement_is_added_to_what_is_there(
    installations: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    setup.install(with_java=False)
    changed = {**setup.wanted_stamp(), "content": "another"}
    monkeypatch.setattr(setup, "wanted_stamp", lambda: changed)

    setup.install(with_java=False)

    assert installations == [True, False]


def test_a_moved_repository_is_installed_from_nothing(
    installations: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    setup.install(with_java=False)
    moved = {**setup.wanted_stamp(), "place": "elsewhere"}
    monkeypatch.setattr(setup, "wanted_stamp", lambda: moved)

    setup.install(with_java=False)

    assert installations == [True, True]


def test_an_interrupted_installation_starts_from_nothing(
    installations: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(is_new: bool) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(environments, "install_environments", interrupt)
        with pytest.raises(KeyboardInterrupt):
            setup.install(with_java=False)

    setup.install(with_java=False)

    assert installations == [True]
