"""Compares the columns that a source has with those that its contract names.

One mechanism for tables and files: a missing required column stops the load before anything is
written, a missing optional one is NULL, an extra one is passed over or stops the load as the
contract says. What the contract allows is recorded with the load.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from utils.contracts.source_file import ExtraColumns


@dataclass(frozen=True)
class WantedColumn:
    """A column that the contract asks of a source; an optional one may be absent."""

    name: str
    required: bool = True


@dataclass(frozen=True)
class Complaint:
    """Why a source's columns do not meet the contract.

    Attributes:
        reason: code of why.
        columns: the names that it concerns.
    """

    reason: Literal["missing_column", "extra_column"]
    what: str
    columns: tuple[str, ...]
    remedy: str

    @property
    def where(self) -> str:
        """The place that a message names."""
        return f"column {', '.join(self.columns)}"


@dataclass(frozen=True)
class Drift:
    """How a source's columns differ from the contract's.

    Attributes:
        missing: contract columns that the source does not have.
        required: those of them without which nothing can be loaded.
        extra: columns that the source has and the contract does not name.
    """

    missing: tuple[str, ...]
    required: tuple[str, ...]
    extra: tuple[str, ...]

    def complaint(self, extra_columns: ExtraColumns) -> Complaint | None:
        """What stops the load under a policy for extra columns, or None."""
        if self.required:
            one = len(self.required) == 1
            return Complaint(
                "missing_column",
                "A required column is missing" if one else "Required columns are missing",
                self.required,
                _ask_for(near_names(self.required, self.extra)),
            )
        if self.extra and extra_columns == "refuse":
            return Complaint(
                "extra_column",
                "The contract refuses columns that it does not name",
                self.extra,
                "Map them in configs/sources, write `extra_columns: ignore`, or have them left out",
            )
        return None


def drift(found: Mapping[str, str], wanted: Sequence[WantedColumn]) -> Drift:
    """Compares names without regard to case; `found` has the source's by their lower-case name."""
    asked = {column.name.lower() for column in wanted}
    absent = [column for column in wanted if column.name.lower() not in found]
    return Drift(
        missing=tuple(column.name for column in absent),
        required=tuple(column.name for column in absent if column.required),
        extra=tuple(name for key, name in found.items() if key not in asked),
    )


def near_names(missing: Sequence[str], extra: Sequence[str]) -> dict[str, str]:
    """For each missing column the extra one that it was perhaps renamed to, if one is alike."""
    spelled = {name.lower(): name for name in extra}
    alike = {name: difflib.get_close_matches(name.lower(), spelled, n=1) for name in missing}
    return {name: spelled[found[0]] for name, found in alike.items() if found}


def _ask_for(renamed: Mapping[str, str]) -> str:
    if not renamed:
        return "Ask the sender whether it was renamed or removed; correct it there or the contract"
    pairs = ", ".join(f"{old} to {new}" for old, new in renamed.items())
    return f"Ask the sender whether they renamed {pairs}; correct it there or in configs/sources"
