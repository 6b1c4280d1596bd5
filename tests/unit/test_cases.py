"""The catalogue of cases is whole, counts right, and names tests that exist."""

from __future__ import annotations

import re

from local.paths import ROOT

TESTS = ROOT / "tests"
PAGE = (ROOT / "docs" / "cases.md").read_text(encoding="utf-8")
CATALOGUE = {"A": 20, "B": 36, "E": 23, "F": 10, "G": 11, "H": 13}
CASE = re.compile(r"\b([A-H])(\d\d)(?:–[A-H](\d\d))?")
CITED = re.compile(r"`((?:unit|integration|sql|e2e)/[\w/]+\.py)(?:::(\w+))?`")


def test_every_cited_test_exists() -> None:
    cited = CITED.findall(PAGE)
    assert len(cited) > 50
    missing = [
        f"{file}::{name}"
        for file, name in cited
        if not (TESTS / file).exists() or f"def {name or 'test_'}" not in (TESTS / file).read_text()
    ]
    assert missing == []


def cases() -> dict[str, bool]:
    """Every case of the tables, and whether a test shows it; a row of its own decides."""
    found: dict[str, bool] = {}
    for row in re.findall(r"^\| [A-H]\d.*$", PAGE, re.MULTILINE):
        name, _, _, tests = row.strip("|").split("|")
        for group, first, last in CASE.findall(name):
            numbers = range(int(first), int(last or first) + 1)
            shown = {f"{group}{number:02}": bool(CITED.search(tests)) for number in numbers}
            found.update(shown if len(numbers) == 1 else {**shown, **found})
    return found


def test_every_case_of_the_catalogue_has_a_row_and_the_counts_are_right() -> None:
    found = cases()
    whole = {f"{group}{n:02}" for group, count in CATALOGUE.items() for n in range(1, count + 1)}
    assert found.keys() == whole
    missing = sorted(case for case, is_shown in found.items() if not is_shown)
    said = re.search(
        r"Of (\d+) cases .*?, (\d+) are shown by tests.\s(\d+) are not:", PAGE, re.DOTALL
    )
    assert said
    assert tuple(map(int, said.groups())) == (len(found), len(found) - len(missing), len(missing))
    explained = re.search(r"are not: (.*?)\.\n\n", PAGE, re.DOTALL)
    assert explained
    named = [
        f"{group}{number:02}"
        for group, first, last in CASE.findall(explained[1])
        for number in range(int(first), int(last or first) + 1)
    ]
    assert sorted(named) == missing
