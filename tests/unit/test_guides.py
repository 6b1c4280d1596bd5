"""What the guides name exists: files, links with their anchors, tests that a command selects."""

from __future__ import annotations

import re
import shlex
import tomllib
from pathlib import Path

import pytest

from local.paths import ROOT

GUIDES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")),
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "docs" / "adr").glob("*.md")),
]
CHANGES = ROOT / "docs" / "how-to.md"
MADE_BY_A_COMMAND = ("kpi_paid_share", "hospital_c", "new-source", "new-kpi")
_ROOMS = "configs|dags|docs|local|simulator|spark_jobs|sql|tests|tools|utils"
_FILE = re.compile(rf"`((?:{_ROOMS})/[^` ]+)`")
_LINK = re.compile(r"\]\(([^)#:]*)(?:#([^)]+))?\)")
_TESTS = re.compile(r"`make test (ARGS=\"[^`]+\")`")


def anchors(page: Path) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", GUIDES, ids=lambda page: page.name)
def test_named_files_and_links_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    named = {name for name in _FILE.findall(text) if not re.search(r"[<*{…]", name)}
    lost = {
        name
        for name in named
        if not any((folder / name.partition("::")[0]).exists() for folder in (ROOT, ROOT / "tests"))
        and not any(made in name for made in MADE_BY_A_COMMAND)
    }
    for place, anchor in _LINK.findall(text):
        target = (page.parent / place).resolve() if place else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            lost.add(f"{place}#{anchor}")

    assert lost == set()


def test_every_change_has_a_section_and_a_proof() -> None:
    text = CHANGES.read_text(encoding="utf-8")
    rows = re.findall(r"^\| \[(.+?)\]\(#.+?\) \| .+ \| (.+) \|$", text, re.MULTILINE)

    assert {title.capitalize() for title, _ in rows} == {
        title.capitalize() for title in re.findall(r"^## (.+)$", text, re.MULTILINE)
    }
    assert [title for title, proof in rows if "`" not in proof] == []


def test_every_proof_names_tests_that_exist() -> None:
    proofs = [shlex.split(found)[0] for found in _TESTS.findall(CHANGES.read_text())]

    assert len(proofs) >= 8
    paths = [proof.removeprefix("ARGS=").split()[0] for proof in proofs]
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_rooms_are_those_that_lint_checks() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    layers = next(each["layers"] for each in contracts["contracts"] if each["type"] == "layers")
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    table = page.partition("| Wing | What it does |\n|---|---|\n")[2].partition("\n\n")[0]

    shown = [set(re.findall(r"`(\w+)`", row.split("|")[1])) for row in table.splitlines()]
    assert shown == [set(layer.split(" | ")) for layer in layers]
    picture = (ROOT / "docs" / "rooms.svg").read_text(encoding="utf-8")
    assert [wing for row in shown for wing in row if wing not in picture] == []
