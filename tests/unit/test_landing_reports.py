"""Files that are reports: a title above, totals below, packed as gzip."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from utils.errors import FileRefused
from utils.landing import gzip_files
from utils.landing.csv_batches import batches_of
from utils.landing.csv_header import read_header
from utils.landing.csv_records import CsvRecords, Reject
from utils.landing.csv_totals import Totals
from utils.landing.drift import WantedColumn
from utils.landing.gzip_files import plain

if TYPE_CHECKING:
    from pathlib import Path

WANTED = (WantedColumn("ClaimID"), WantedColumn("Paid"), WantedColumn("Note", required=False))
HEAD = "ClaimID,Paid,Note\n"
TITLE = "Claims by payer,,\nRun: 03/04/2024,,\n\n"


def read(
    path: Path, text: str, *, has_title: bool = False, total_row: str | None = None
) -> tuple[list[tuple[int, str]], list[Reject]]:
    """Rows, as line and claim, and rejected lines of a file."""
    path.write_text(text, encoding="utf-8")
    with path.open(encoding="utf-8-sig", newline="") as opened:
        records = CsvRecords(opened)
        header = read_header(records, WANTED, has_title=has_title)
        schema = pa.schema([(name, pa.string()) for name in header.positions])
        totals = Totals(total_row, {"Paid": header.positions["Paid"]}) if total_row else None
        rows = [
            pair
            for batch, lines in batches_of(records, header, schema, totals)
            for pair in zip(lines.to_pylist(), batch["ClaimID"].to_pylist(), strict=True)
        ]
    return rows, records.rejects


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "f.csv"


@pytest.mark.parametrize(
    "title",
    [
        pytest.param(TITLE, id="same-width"),
        pytest.param("Claims by payer\n", id="one-field"),
        pytest.param('"Claims "by" payer"\n', id="damaged-quotes"),
        pytest.param("Claims\n" * 29, id="long"),
        pytest.param("", id="none"),
    ],
)
def test_a_declared_title_is_passed_over(path: Path, title: str) -> None:
    rows, rejects = read(path, f"{title}{HEAD}C1,1.00,\n", has_title=True)

    assert rows == [(title.count("\n") + 2, "C1")]
    assert rejects == []


def test_a_title_that_is_not_declared_is_refused_with_its_declaration(path: Path) -> None:
    with pytest.raises(FileRefused, match=r"line 4.*`has_title: true`") as refusal:
        read(path, f"{TITLE}{HEAD}C1,1.00,\n")
    assert refusal.value.reason == "header_mismatch"


def test_a_file_that_nowhere_names_the_columns_is_refused_as_before(path: Path) -> None:
    with pytest.raises(FileRefused, match="none of the contract's columns"):
        read(path, "a,b\n" * 50, has_title=True)


@pytest.mark.parametrize("word", ["TOTAL", "Total:", "grand total", "Subtotal", "Report Totals"])
def test_a_total_that_is_not_declared_is_a_rejected_line_without_dollars(
    path: Path, word: str
) -> None:
    rows, rejects = read(path, f"{HEAD}C1,1.00,\n{word},1.00,\nC2,2.00,\n")

    assert rows == [(2, "C1"), (4, "C2")]
    assert rejects == [Reject(3, "total_row")]


@pytest.mark.parametrize("claim", ["TOTAL-1", "Totally", "T", "Sum"])
def test_a_claim_that_is_called_like_a_total_is_a_row(path: Path, claim: str) -> None:
    assert read(path, f"{HEAD}{claim},1.00,\n") == ([(2, claim)], [])


@pytest.mark.parametrize("total", ["Sum,3.00,", " sum ,3,", ",3.00,SUM", "SUM,,"])
def test_a_declared_total_is_no_row(path: Path, total: str) -> None:
    word = "SUM" if total[0] != "," else "3.00"

    rows, rejects = read(path, f"{HEAD}C1,1.00,\nC2,2.00,\n{total}\n", total_row=word)

    assert (rows, rejects) == ([(2, "C1"), (3, "C2")], [])


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("C1,1.00,\nSUM,3.00,\n", r"total of 3.00 and its rows add up to 1.00 .*line 3"),
        ("C1,1.00,\n", "there are none"),
        ("SUM,0,\nC1,1.00,\nSUM,1.00,\n", "there are 2, 4"),
        ("C1,1.00,\nSUM,$1.00,\n", "no plain number.*1234.50"),
    ],
    ids=["cut-file", "no-total", "two-totals", "spelling"],
)  # fmt: skip
def test_a_file_that_does_not_add_up_is_refused(path: Path, lines: str, message: str) -> None:
    with pytest.raises(FileRefused, match=message) as refusal:
        read(path, f"{HEAD}{lines}", total_row="Sum")
    assert refusal.value.reason == "totals"


def test_gzip_is_known_by_its_bytes(path: Path) -> None:
    path.write_bytes(gzip.compress(b"a,b\n") + gzip.compress(b"1,2\n"))

    assert plain(path).read_bytes() == b"a,b\n1,2\n"


def test_what_is_not_packed_is_left_as_it_is(path: Path) -> None:
    path.write_bytes(b"a,b\n")

    assert plain(path) == path


@pytest.mark.parametrize("cut", [1, 9, 20])
def test_damaged_gzip_is_refused(path: Path, cut: int) -> None:
    path.write_bytes(gzip.compress(b"a,b\n" * 99)[:-cut])

    with pytest.raises(FileRefused, match="damaged or cut off"):
        plain(path)


def test_gzip_unpacks_no_more_than_its_bound(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gzip_files, "MAX_UNPACKED", 1 << 20)
    path.write_bytes(gzip.compress(bytes(3 << 20)))

    with pytest.raises(FileRefused, match="more than 1 MiB"):
        plain(path)
