"""The short form of the kill test: two business dates, eight faults."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.console import Console

from tools.chaos.__main__ import options, run

pytestmark = pytest.mark.long


def test_nothing_is_lost_or_doubled_whatever_is_killed(tmp_path: Path) -> None:
    result = run(options(["--seed", "3", "--count", "8", "--size", "4"]), tmp_path, Console())
    assert [(outcome.name, outcome.wrong) for outcome in result.wrong] == []
    assert len(result.injected) == 8
