"""Parts of the BigQuery emulator are replaced only in the release that was read."""

from __future__ import annotations

import sys
from importlib.metadata import version
from types import ModuleType

import pytest

from local.bigquery.replace import Release, Replacement, install
from local.errors import LocalError

INSTALLED = Release("pytest", version("pytest"))


@pytest.fixture
def emulator(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    module = ModuleType("some_emulator")
    module.columns = module.objects = "its own"  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "some_emulator", module)
    return module


def _of(target: str, release: Release = INSTALLED) -> Replacement:
    return Replacement(target, "ours", "It was slow", release)


def test_every_target_is_replaced(emulator: ModuleType) -> None:
    install([_of("some_emulator.columns"), _of("some_emulator.objects")])
    assert (emulator.columns, emulator.objects) == ("ours", "ours")


@pytest.mark.parametrize("target", ["some_emulator.gone", "no_such_module_here.columns"])
def test_a_target_that_is_gone_is_named_and_nothing_is_replaced(
    emulator: ModuleType, target: str
) -> None:
    with pytest.raises(LocalError, match=f"has no {target}"):
        install([_of("some_emulator.columns"), _of(target)])
    assert emulator.columns == "its own"


def test_another_release_is_named_and_nothing_is_replaced(emulator: ModuleType) -> None:
    other = Release("pytest", "0.0.1")
    with pytest.raises(LocalError, match=rf"pytest {INSTALLED.version} is installed.* 0\.0\.1"):
        install([_of("some_emulator.columns"), _of("some_emulator.objects", other)])
    assert emulator.columns == "its own"
