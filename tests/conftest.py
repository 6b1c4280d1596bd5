"""Fixtures that all tests share."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from local.paths import StateFolder, state_folder
from local.stack import lifecycle
from local.stack.client import client_process_environment
from tests.configs_support import lay_configs


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options of the project's own."""
    parser.addoption(
        "--sequences",
        type=int,
        default=2000,
        help="how many event sequences the proof of history tries",
    )


def pytest_configure() -> None:
    """Gives the tests sources of their own, before anything of utils is imported."""
    os.environ.setdefault("RCM_ENVIRONMENT", "local")
    os.environ["RCM_CONFIGS"] = str(lay_configs(Path(tempfile.mkdtemp(prefix="rcm-configs-"))))


def pytest_unconfigure() -> None:
    shutil.rmtree(os.environ["RCM_CONFIGS"])


@dataclass(frozen=True)
class Stack:
    """A running stack that the tests have for themselves.

    `variables` is the environment for a process that a test starts as a client of the stack.
    """

    state: StateFolder
    variables: dict[str, str]


@pytest.fixture(scope="session", autouse=True)
def clean_up_when_terminated() -> Iterator[None]:
    """Turns a polite kill into an interrupt, so that fixtures still stop what they started."""
    previous = signal.signal(signal.SIGTERM, signal.default_int_handler)
    yield
    signal.signal(signal.SIGTERM, previous)


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """All services, started once for the whole test run and stopped even if it fails."""
    state = state_folder(tmp_path_factory.mktemp("stack"))
    try:
        variables = lifecycle.up(state, report=lambda ready: None)
        yield Stack(state, client_process_environment(variables))
    finally:
        lifecycle.down(state)


@pytest.fixture
def stack_environment(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Stack:
    """Makes the test itself a client of the running stack."""
    for name, value in stack.variables.items():
        monkeypatch.setenv(name, value)
    return stack
