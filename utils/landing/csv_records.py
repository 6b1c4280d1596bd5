"""Reads a delivered CSV file record by record and accounts for every line of it.

Why Python's `csv` in strict mode: tried on the same damaged files, DuckDB's reader (with rejects
stored) lost the rows after an unclosed quote without a reject and stopped at mixed line ends, and
Arrow's glued a damaged row to its neighbour. `csv` reports each damage, goes on behind it, takes
every line end, and says which lines a record took, so that the lines can be balanced.
"""

from __future__ import annotations

import codecs
import csv
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from utils.errors import FileRefused

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import TextIO

MAX_FIELD = 1 << 20
MAX_LINE = 4 << 20
MAX_RECORD = 16 << 20
MAX_REJECTS = 100_000
_CHUNK = 1 << 20
_LINE_ENDS = "\r\n"
_TOO_LARGE = "field larger than field limit"
_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_ARCHIVE_MARKS = {
    b"PK\x03\x04": "zip",
    b"PK\x05\x06": "zip",
    b"BZh": "bzip2",
    b"\xfd7zXZ": "xz",
    b"(\xb5/\xfd": "zstd",
    b"7z\xbc\xaf": "7z",
}


class Reject(NamedTuple):
    """A line that could not be landed; its content stays in the archived file.

    The reasons: `column_count` (more or fewer fields than the header), `quote` (one that is not
    closed, or is followed by text), `control_char` (a NUL character) and `field_too_large`
    (more than MAX_FIELD characters).
    """

    line: int
    reason: str


@dataclass(frozen=True)
class Probe:
    """What a first pass over the bytes found."""

    size_bytes: int
    lines: int


@dataclass
class _Lines:
    """The lines of a text, counted; a line or record beyond the caps is a `csv.Error`.

    The reader drops what it has of a record on an error, and goes on with the next line.
    """

    text: TextIO
    count: int = 0
    characters: int = 0
    has_nul: bool = False

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self.text.readline(MAX_LINE)
        if not line:
            raise StopIteration
        self.count += 1
        self.characters += len(line)
        if "\0" in line:
            self.has_nul = True
        if len(line) == MAX_LINE and line[-1] not in _LINE_ENDS:
            self._skip_rest()
            raise csv.Error(_TOO_LARGE)
        if self.characters > MAX_RECORD:
            raise csv.Error(_TOO_LARGE)
        return line

    def forget(self) -> None:
        """Begins a new record."""
        self.characters, self.has_nul = 0, False

    def skip_all(self) -> None:
        """Counts the remaining lines without keeping them."""
        while True:
            self.forget()
            try:
                next(self)
            except csv.Error:
                continue
            except StopIteration:
                return

    def _skip_rest(self) -> None:
        while (rest := self.text.readline(MAX_LINE)) and rest[-1] not in _LINE_ENDS:
            pass


@dataclass
class CsvRecords:
    """A CSV file open for one pass: its header, its good records, and its rejects.

    Attributes:
        rejects: lines that were not landed so far, with reasons.
        characters: size of the record that was read last.
    """

    text: TextIO
    rejects: list[Reject] = field(default_factory=list)
    characters: int = 0

    def __post_init__(self) -> None:
        """Opens the strict reader; its field limit is a setting of the process."""
        csv.field_size_limit(MAX_FIELD)
        self._lines = _Lines(self.text)
        self._first: tuple[int, list[str]] | None = None
        self._reader = csv.reader(self._lines, strict=True)

    @property
    def lines(self) -> int:
        """Lines read so far."""
        return self._lines.count

    def header(self) -> list[str] | None:
        """The first record; None if it is damaged.

        Raises:
            FileRefused: it holds NUL characters, as UTF-16 without a mark does (`encoding`).
        """
        self._first = next(self._records(), None)
        reasons = {reject.reason for reject in self.rejects}
        if "control_char" in reasons:
            raise _not_utf8("the first line holds NUL characters")
        return None if reasons or self._first is None else self._first[1]

    def leading(self, count: int) -> Iterator[tuple[int, list[str]]]:
        """The next records up to a line, each with its line; none is a row, damaged or not."""
        behind_damage = [self._first] if self._first and self.rejects else []
        for line, fields in chain(behind_damage, self._records()):
            self.rejects.clear()
            yield line, fields
            if line >= count:
                return

    def rows(self, width: int) -> Iterator[tuple[int, list[str]]]:
        """The remaining records of `width` fields, each with the number of its first line.

        Raises:
            FileRefused: more than `MAX_REJECTS` lines are damaged.
        """
        for line, fields in self._records():
            if len(fields) == width:
                yield line, fields
            else:
                self.reject("column_count", line)

    def reject(self, reason: str, line: int) -> None:
        """Counts a line as not landed."""
        self._reject(reason, line, line)

    def _records(self) -> Iterator[tuple[int, list[str]]]:
        """Undamaged records; a line without any content is none."""
        lines, reader = self._lines, self._reader
        while True:
            first = lines.count + 1
            lines.forget()
            try:
                fields = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                self._skip_damage(_reason(error), first)
                continue
            if lines.has_nul:
                self._reject("control_char", first, first)
            elif fields:
                self.characters = lines.characters
                yield first, fields

    def _skip_damage(self, reason: str, first: int) -> None:
        """Rejects a damaged line; behind damage that spans lines, the rest of the file.

        Once a quote ran over a line end by mistake, nothing tells text from rows any more, and a
        row must never be made of text.
        """
        if self._lines.count > first:
            self._lines.skip_all()
        self._reject(reason, first, self._lines.count)

    def _reject(self, reason: str, first: int, last: int) -> None:
        """Rejects lines: damage leaves unknown how many records they were, so each counts."""
        if len(self.rejects) + last - first >= MAX_REJECTS:
            begin = self.rejects[0] if self.rejects else Reject(first, reason)
            raise FileRefused(
                f"More than {MAX_REJECTS} lines are damaged, the first by {begin.reason}",
                reason="too_many_rejects",
                where=f"line {begin.line}",
                remedy="Ask the sender for a repaired file",
            )
        self.rejects.extend(Reject(line, reason) for line in range(first, last + 1))


def probe(path: Path) -> Probe:
    """Counts the lines of a file and checks that it is UTF-8, in constant memory.

    Raises:
        FileRefused: it is empty (`empty_file`), an archive (`archive`) or not UTF-8 (`encoding`).
    """
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    size, lines, last = 0, 0, b""
    has_text = False
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            if size == 0:
                _refuse_by_mark(chunk)
            has_text = bool(_decoded(decoder, chunk, size).strip()) or has_text
            lines += _line_ends(last, chunk)
            size, last = size + len(chunk), chunk[-1:]
    _decoded(decoder, b"", size, final=True)
    if not has_text:
        raise FileRefused(
            "The file is empty", reason="empty_file", remedy="Ask the sender for the file again"
        )
    return Probe(size, lines + (last not in b"\r\n"))


def _refuse_by_mark(beginning: bytes) -> None:
    """An archive is never unpacked, so none can fill the disk or name a path."""
    for mark, kind in _ARCHIVE_MARKS.items():
        if beginning.startswith(mark):
            raise FileRefused(
                f"The file is {kind}, not CSV",
                reason="archive",
                remedy="Ask the sender for the CSV file itself, not compressed",
            )
    if beginning.startswith(_UTF16_MARKS):
        raise _not_utf8("it begins as UTF-16 does")


def _line_ends(before: bytes, chunk: bytes) -> int:
    """Line ends in a chunk; a CR LF that straddles two chunks counts once."""
    straddles = before == b"\r" and chunk.startswith(b"\n")
    return chunk.count(b"\n") + chunk.count(b"\r") - chunk.count(b"\r\n") - straddles


def _decoded(
    decoder: codecs.IncrementalDecoder, chunk: bytes, offset: int, *, final: bool = False
) -> str:
    try:
        return decoder.decode(chunk, final)
    except UnicodeDecodeError as error:
        raise _not_utf8(f"near byte {offset + error.start}") from None


def _not_utf8(detail: str) -> FileRefused:
    return FileRefused(
        f"The file is not UTF-8: {detail}",
        reason="encoding",
        remedy="Ask the sender to export it as UTF-8",
    )


def _reason(error: csv.Error) -> str:
    return "field_too_large" if str(error).startswith(_TOO_LARGE) else "quote"
