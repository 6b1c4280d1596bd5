"""Matches the first line of a delivered file with the contract's columns, by name."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from utils.errors import FileRefused
from utils.landing.drift import drift

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from utils.contracts.source_file import ExtraColumns
    from utils.landing.csv_records import CsvRecords
from utils.landing.drift import WantedColumn

_INVISIBLE = "\ufeff\u200b\u200c\u200d\u2060"
_LONGEST_TITLE = 30
_OTHER_DELIMITERS = ";|\t"


@dataclass(frozen=True)
class HeaderMatch:
    """Where the contract's columns are in a file.

    Attributes:
        positions: field number by contract name, in the contract's order.
        missing: optional columns that the file does not have.
        extra: names in the file that the contract does not have.
        width: number of fields of every line.
    """

    positions: Mapping[str, int]
    missing: tuple[str, ...]
    extra: tuple[str, ...]
    width: int


def read_header(
    records: CsvRecords,
    wanted: Sequence[WantedColumn],
    extra_columns: ExtraColumns = "ignore",
    *,
    has_title: bool = False,
) -> HeaderMatch:
    """Reads a file up to the line that names its columns and matches that.

    With a title it is the first that names every required column, among the first lines.

    Raises:
        FileRefused: see `match_header`; lines stand above the names of the columns, and the
            contract does not know of a title (`header_mismatch`).
    """
    first = records.header()
    try:
        return match_header(first, wanted, extra_columns)
    except FileRefused as refusal:
        if refusal.reason != "header_mismatch":
            raise
        below = ((line, names) for line, names in records.leading(_LONGEST_TITLE))
        found = next(((at, names) for at, names in below if _names_columns(names, wanted)), None)
        if found is None:
            raise
    line, names = found
    if not has_title:
        raise FileRefused(
            "Other lines stand above the one that names the columns",
            reason="header_mismatch",
            where=f"line {line}",
            remedy="Write `has_title: true` in the family's declaration, or ask the sender for a "
            "file without them",
        )
    return match_header(names, wanted, extra_columns, line)


def _names_columns(names: Sequence[str], wanted: Sequence[WantedColumn]) -> bool:
    found = set(map(_plain, names))
    return all(_plain(item.name) in found for item in wanted if item.required) and any(
        _plain(item.name) in found for item in wanted
    )


def match_header(
    header: Sequence[str] | None,
    wanted: Sequence[WantedColumn],
    extra_columns: ExtraColumns = "ignore",
    line: int = 1,
) -> HeaderMatch:
    """Finds the wanted columns by name; case and surrounding blanks do not matter.

    Raises:
        FileRefused: a name occurs twice (`header_ambiguous`), none of the wanted columns is there
            (`header_mismatch`), a required one is not (`missing_column`), or one is there that
            the contract neither names nor ignores (`extra_column`).
    """
    names = [_plain(name) for name in header or []]
    _refuse_doubles(names)
    found = {name: position for position, name in enumerate(names)}
    present = {item.name: found[_plain(item.name)] for item in wanted if _plain(item.name) in found}
    if not present:
        raise _no_header(names, wanted)
    spelled = {_plain(name): name.strip() or "(blank)" for name in header or []}
    difference = drift(spelled, wanted)
    if complaint := difference.complaint(extra_columns):
        raise FileRefused(
            complaint.what,
            reason=complaint.reason,
            where=f"line {line}, {complaint.where}",
            remedy=complaint.remedy,
        )
    return HeaderMatch(
        positions=present,
        missing=difference.missing,
        extra=difference.extra,
        width=len(names),
    )


def _plain(name: str) -> str:
    return name.strip().strip(_INVISIBLE).strip().lower()


def _refuse_doubles(names: Sequence[str]) -> None:
    doubles = [name for name, count in Counter(names).items() if name and count > 1]
    if doubles:
        raise FileRefused(
            f"{len(doubles)} column name(s) occur more than once in the line that names them",
            reason="header_ambiguous",
            remedy="Ask the sender to name every column once",
        )


def _no_header(names: Sequence[str], wanted: Sequence[WantedColumn]) -> FileRefused:
    contract = {_plain(item.name) for item in wanted}
    for delimiter in _OTHER_DELIMITERS:
        parts = {_plain(part) for name in names for part in name.split(delimiter)}
        if parts & contract:
            return FileRefused(
                f"The columns are separated by {delimiter!r} instead of commas",
                reason="header_mismatch",
                remedy="Ask the sender for a comma-separated file",
            )
    return FileRefused(
        "The first line names none of the contract's columns",
        reason="header_mismatch",
        remedy=f"Ask the sender for a file whose first line begins {wanted[0].name},…",
    )
