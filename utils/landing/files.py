"""Lands delivered CSV files: finds them, archives them untouched, and writes bronze loads.

Every line of a file is landed, rejected with a reason, or blank; a file whose lines do not balance
is refused as a whole.
"""

from __future__ import annotations

import re
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pyarrow as pa

from utils.contracts.file_patterns import literal_prefix, name_regex
from utils.errors import FileRefused, ObjectChanged
from utils.gcp import storage
from utils.gcp.storage import StoredObject
from utils.landing.bronze import Landed, LoadStamp, write_load
from utils.landing.csv_batches import batches_of
from utils.landing.csv_header import HeaderMatch, read_header
from utils.landing.csv_records import CsvRecords, Probe, Reject, probe
from utils.landing.csv_totals import Totals
from utils.landing.gzip_files import plain

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from datetime import datetime

    from utils.contracts.source_file import ExtraColumns
from utils.landing.drift import WantedColumn

REFUSALS = {
    "empty_file": "The file has no content.",
    "archive": "The file is an archive, or damaged gzip; nothing but gzip is unpacked here.",
    "encoding": "The file is not UTF-8.",
    "header_mismatch": "The first line names none of the contract's columns.",
    "header_ambiguous": "A column name occurs twice in the first line.",
    "missing_column": "A required column is missing.",
    "extra_column": "The contract refuses columns that it does not name.",
    "totals": "The file's line of totals does not fit its rows, or is missing.",
    "too_many_rejects": "Too many lines are damaged.",
    "line_count": "Lines were lost while reading.",
    "unknown_source_system": "The folder names no known hospital.",
    "unexpected_name": "The name does not fit the pattern of this source's files.",
}
MIN_REJECTS = 100


@dataclass(frozen=True)
class Discovered:
    """An object of the landing bucket and what is to be done with it.

    Attributes:
        source_system: whose rows it holds; None if its place does not say.
        sha256: of its content; None if it was refused unread.
        status: `new`, `duplicate` (this system's content was loaded before, or comes earlier in
            this list), or `refused`.
        reason: code from `REFUSALS` if refused.
        is_again: whether the content was loaded before, and other content after it.
    """

    file: StoredObject
    source_system: str | None
    sha256: str | None
    status: Literal["new", "duplicate", "refused"]
    reason: str | None = None
    is_again: bool = False


@dataclass(frozen=True)
class FileRequest:
    """Which file to land, as what.

    Attributes:
        file: the generation that was discovered.
        sha256: of its content when it was discovered.
        columns: the contract's columns under the source's names, the watermark among them.
        load_id: deterministic name of the load.
        target_uri: the object to write, `gs://…/part-0.parquet`.
        archive_uri: where the untouched file is kept.
        extracted_at: when it was read, aware.
        money: columns to total.
        max_reject_rate: share of damaged lines above which the file is refused, if there are more
            than `MIN_REJECTS` of them.
        extra_columns: what becomes of a file with columns beyond `columns`.
        has_title: whether lines may stand above the one that names the columns.
        total_row: what the line of totals begins with; None if the file has none.
    """

    file: StoredObject
    sha256: str
    columns: tuple[WantedColumn, ...]
    load_id: str
    target_uri: str
    archive_uri: str
    extracted_at: datetime
    money: tuple[str, ...] = ()
    max_reject_rate: float = 0.1
    extra_columns: ExtraColumns = "ignore"
    has_title: bool = False
    total_row: str | None = None


@dataclass(frozen=True)
class LandedFile(Landed):
    """One file in bronze; `_row_id` of a row is the number of its line in the archived file.

    Attributes:
        file: the generation that was landed.
        archive_uri: where the file's bytes are kept.
        rejects: damaged lines, by line number; `rows_read` is rows and rejects together.
    """

    file: StoredObject = field(kw_only=True)
    archive_uri: str = field(kw_only=True)
    rejects: tuple[Reject, ...] = ()

    @property
    def rows_read(self) -> int:
        """Rows landed and lines rejected."""
        return self.rows + len(self.rejects)


def discover(
    bucket: str,
    pattern: str,
    source_systems: Collection[str],
    *,
    loaded: Mapping[str, Sequence[str]],
    restates: bool = False,
    seen: Collection[tuple[str, int]] = frozenset(),
    is_ours: Callable[[str], bool] = lambda name: True,
) -> list[Discovered]:
    """Lists what has arrived, oldest first.

    Args:
        bucket: the landing bucket.
        pattern: object names, `*` within one folder; `{source_system}` is the hospital's folder.
        source_systems: the hospitals that are known.
        loaded: per source system the SHA-256 of contents that were loaded before, in order.
        restates: whether what arrives last is in force, because its rows say no time of their own:
            then old content after other content is no duplicate but puts the old back.
        seen: (uri, generation) of objects that were dealt with before; they are left out unread,
            so that a daily run costs what arrived, not what lies there.
        is_ours: whether an object is not another family's to land or to refuse.

    Raises:
        ObjectChanged: an object was replaced while it was read.
    """
    known = {system: list(loaded.get(system, ())) for system in source_systems}
    arrived = [
        item
        for item in storage.list_objects(bucket, literal_prefix(pattern))
        if (item.uri, item.generation) not in seen and is_ours(storage.split_uri(item.uri)[1])
    ]
    arrived.sort(key=lambda item: (item.updated_at, item.uri))
    return [_classify(item, name_regex(pattern), known, restates) for item in arrived]


def land_file(request: FileRequest) -> LandedFile:
    """Archives one file and writes its rows to bronze as strings.

    Raises:
        FileRefused: the file is held as a whole, for a reason of `REFUSALS`; it is archived and
            nothing of it is in bronze.
        ObjectChanged: the file was replaced since it was discovered.
    """
    with tempfile.TemporaryDirectory(prefix="landing-") as folder:
        path = Path(folder) / "delivered"
        storage.download(request.file, path)
        if storage.sha256_of(path) != request.sha256:
            raise ObjectChanged(
                "The file is not the one that was discovered",
                where=request.file.uri,
                remedy="Run the task again",
            )
        storage.copy(request.file, request.archive_uri)
        try:
            return _land(request, plain(path))
        except FileRefused as refusal:
            raise _placed(refusal, request.file) from None


def _land(request: FileRequest, path: Path) -> LandedFile:
    found = probe(path)
    with path.open(encoding="utf-8-sig", newline="") as text:
        records = CsvRecords(text)
        header = read_header(
            records, request.columns, request.extra_columns, has_title=request.has_title
        )
        stamp = LoadStamp(request.load_id, request.extracted_at, request.file.uri)
        schema = pa.schema([(name, pa.string()) for name in header.positions])
        totals = _totals(request, header)
        batches = _checked(batches_of(records, header, schema, totals), records, found, request)
        written = write_load(request.target_uri, stamp, schema, batches, request.money)
    return LandedFile(
        load_id=request.load_id,
        uri=written.uri,
        rows=written.rows,
        size_bytes=written.size_bytes,
        sha256=written.sha256,
        columns=tuple(header.positions),
        missing_columns=header.missing,
        extra_columns=header.extra,
        control_totals=written.control_totals,
        fields=written.fields,
        file=request.file,
        archive_uri=request.archive_uri,
        rejects=tuple(records.rejects),
    )


def _totals(request: FileRequest, header: HeaderMatch) -> Totals | None:
    if request.total_row is None:
        return None
    money = {name: header.positions[name] for name in request.money if name in header.positions}
    return Totals(request.total_row, money)


def _checked(
    batches: Iterator[tuple[pa.RecordBatch, pa.Array]],
    records: CsvRecords,
    found: Probe,
    request: FileRequest,
) -> Iterator[tuple[pa.RecordBatch, pa.Array]]:
    """Passes the batches on and refuses the file after the last, before anything is uploaded.

    The lines that the records took are compared with those that the first pass counted in the
    bytes, without knowing CSV.
    """
    rows = 0
    for batch, row_ids in batches:
        rows += batch.num_rows
        yield batch, row_ids
    if records.lines != found.lines:
        raise FileRefused(
            f"The file has {found.lines} lines but {records.lines} were read",
            reason="line_count",
            remedy="Report this file to the pipeline's developers",
        )
    rejected = len(records.rejects)
    if rejected > MIN_REJECTS and rejected > request.max_reject_rate * (rows + rejected):
        raise FileRefused(
            f"{rejected} of {rows + rejected} lines are damaged, the first by "
            f"{records.rejects[0].reason}",
            reason="too_many_rejects",
            where=f"line {records.rejects[0].line}",
            remedy="Ask the sender for a repaired file",
        )


def _classify(
    item: StoredObject, regex: re.Pattern[str], known: Mapping[str, list[str]], restates: bool
) -> Discovered:
    place = regex.fullmatch(storage.split_uri(item.uri)[1])
    if place is None:
        return Discovered(item, None, None, "refused", "unexpected_name")
    system = place.groupdict().get("source_system") or next(iter(known))
    if system not in known:
        return Discovered(item, None, None, "refused", "unknown_source_system")
    sha256 = storage.sha256_of_object(item)
    is_known = sha256 in known[system]
    if is_known and not (restates and known[system][-1] != sha256):
        return Discovered(item, system, sha256, "duplicate")
    known[system].append(sha256)
    return Discovered(item, system, sha256, "new", is_again=is_known)


def _placed(refusal: FileRefused, file: StoredObject) -> FileRefused:
    where = f"{file.uri}, {refusal.where}" if refusal.where else file.uri
    return FileRefused(refusal.what, reason=refusal.reason, where=where, remedy=refusal.remedy)
