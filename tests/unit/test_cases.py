"""The catalogue of cases names tests that exist."""

from __future__ import annotations

import re

from local.paths import ROOT

TESTS = ROOT / "tests"
CITED = re.compile(r"`((?:unit|integration|sql|e2e)/[\w/]+\.py)(?:::(\w+))?`")


def test_every_cited_test_exists() -> None:
    cited = CITED.findall((ROOT / "docs" / "cases.md").read_text(encoding="utf-8"))
    assert len(cited) > 50
    missing = [
        f"{file}::{name}"
        for file, name in cited
        if not (TESTS / file).exists() or f"def {name or 'test_'}" not in (TESTS / file).read_text()
    ]
    assert missing == []
