"""Columns that look as if they said that a row is deleted, although no contract says so."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from utils.landing.outcomes import Outcome

# `IsDeleted`, `void_flag`, `ACTIVE`, `RowStatus`; not `Avoided` or `ClaimStatusDate`.
_WORDS = "deleted?|void(ed)?|cancell?ed|removed|archived|obsolete|(in)?active|enabled|status"
_FLAG = re.compile(rf"(is|has|row|record)?_?({_WORDS})_?(flag|indicator|ind|yn)?", re.IGNORECASE)


def void_flags(columns: Iterable[str]) -> list[str]:
    """Those of a source's unmapped columns that may say that a row is deleted."""
    return [name for name in columns if _FLAG.fullmatch(name.replace(" ", "_"))]


def undeclared_flags(outcomes: Sequence[Outcome]) -> Iterator[dict[str, object]]:
    """A warning for every column that may say that rows are deleted and that nobody declared."""
    found = {
        (outcome.load.entity, outcome.load.source_system, column)
        for outcome in outcomes
        if outcome.landed
        for column in void_flags(outcome.landed.extra_columns)
    }
    for entity, system, column in sorted(found):
        yield {
            "entity": entity,
            "source_system": system,
            "rule": f"deletion_undeclared({column})",
            "severity": "warn",
            "rows_checked": 1,
            "rows_failed": 1,
        }
