"""Writes the table of required columns in `docs/new-hospital.md` from `configs/entities/`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from local.paths import ROOT
from utils.contracts.entities import entities

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = ROOT / "docs" / "new-hospital.md"
_BEGIN, _END = "<!-- written by make dictionary -->", "<!-- end -->"
_WRITTEN = re.compile(f"(?<={_BEGIN}\n).*?(?={_END})", re.DOTALL)


def page() -> str:
    """The page with the table as it is declared now."""
    table = "\n".join(_table())
    return _WRITTEN.sub(lambda _: f"\n{table}\n\n", PAGE.read_text(encoding="utf-8"))


def _table() -> Iterator[str]:
    yield "| Entity | A row is | Required | Optional |"
    yield "|---|---|---|---|"
    for name, entity in entities().items():
        required = [f"`{column}`" for column, c in entity.columns.items() if c.required]
        optional = sum(not column.required for column in entity.columns.values())
        link = f"[{name}](dictionary/silver/{name}.md)"
        yield f"| {link} | {entity.description} | {', '.join(required)} | {optional} more |"
