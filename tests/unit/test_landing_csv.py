from __future__ import annotations

import bz2
from typing import TYPE_CHECKING

import pytest

from utils.errors import FileRefused
from utils.landing import csv_records
from utils.landing.csv_header import match_header
from utils.landing.csv_records import CsvRecords, Reject, probe
from utils.landing.drift import WantedColumn, near_names

if TYPE_CHECKING:
    from pathlib import Path

HEAD = b"a,b,c\n"
BIG = b"x" * (csv_records.MAX_FIELD + 1)
Rows = list[tuple[int, list[str]]]


def read(path: Path, content: bytes) -> tuple[Rows, list[Reject]]:
    """Reads a file of three columns and checks that no line of it is lost."""
    path.write_bytes(content)
    found = probe(path)
    with path.open(encoding="utf-8-sig", newline="") as text:
        records = CsvRecords(text)
        assert records.header() == ["a", "b", "c"]
        rows = list(records.rows(3))
    assert records.lines == found.lines
    return rows, records.rejects


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        pytest.param(b"\xef\xbb\xbf" + HEAD + b"1,2,3\n", [(2, "1|2|3")], id="B01-bom"),
        pytest.param(
            HEAD + b'1,"x\r\ny",3\n4,5,6\n', [(2, "1|x\r\ny|3"), (4, "4|5|6")], id="B03-newline"
        ),
        pytest.param(HEAD, [], id="B11-header-only"),
        pytest.param(b"a,b,c", [], id="B11-header-without-line-end"),
        pytest.param(b"a,b,c\r1,2,3\r4,5,6\r", [(2, "1|2|3"), (3, "4|5|6")], id="B14-cr-only"),
        pytest.param(
            b"a,b,c\r\n1,2,3\n4,5,6\r7,8,9\r\n",
            [(2, "1|2|3"), (3, "4|5|6"), (4, "7|8|9")],
            id="B14-mixed-line-ends",
        ),
        pytest.param(HEAD + b"1,2,3", [(2, "1|2|3")], id="B14-no-final-line-end"),
        pytest.param(HEAD + b'1,"say ""hi""",3\n', [(2, '1|say "hi"|3')], id="B35-doubled-quote"),
        pytest.param(HEAD + b'1,5" tube,3\n', [(2, '1|5" tube|3')], id="B35-inch-sign"),
        pytest.param(HEAD + b"1,50%,a|b\n", [(2, "1|50%|a|b")], id="B05-other-delimiter-in-text"),
        pytest.param(HEAD + b"\n1,2,3\n\n", [(3, "1|2|3")], id="blank-lines-are-no-rows"),
        pytest.param(HEAD + b',,\n,"",\n', [(2, "||"), (3, "||")], id="empty-fields-stay-empty"),
        pytest.param(
            HEAD + "é,😀,\u2028\n".encode(), [(2, "é|😀|\u2028")], id="line-separator-is-text"
        ),
        pytest.param(HEAD + b"=cmd|'/C'!A0,2,3\n", [(2, "=cmd|'/C'!A0|2|3")], id="B34-formula"),
    ],
)
def test_sound_file_is_read_whole(
    tmp_path: Path, content: bytes, rows: list[tuple[int, str]]
) -> None:
    found, rejects = read(tmp_path / "f.csv", content)

    assert [(line, "|".join(fields)) for line, fields in found] == rows
    assert rejects == []


@pytest.mark.parametrize(
    ("content", "good", "rejects"),
    [
        pytest.param(b"1,2\n4,5,6\n", [3], [(2, "column_count")], id="B10-short-row"),
        pytest.param(b"1,2,3,4\n4,5,6\n", [3], [(2, "column_count")], id="B10-long-row"),
        pytest.param(b"1,2,3\n4,5", [2], [(3, "column_count")], id="B18-cut-last-line"),
        pytest.param(b'1,2,3\n4,"5', [2], [(3, "quote")], id="B18-cut-within-quotes"),
        pytest.param(b"1,2,3\nTRAILER,1\n", [2], [(3, "column_count")], id="B18-trailer-is-no-row"),
        pytest.param(
            b'1,2,3\n4,"5,6\n7,8,9\n10,11,12\n',
            [2],
            [(3, "quote"), (4, "quote"), (5, "quote")],
            id="B04-unclosed-quote-holds-the-tail",
        ),
        pytest.param(
            b'1,"2,3\n4,"5",6\n7,8,9\n',
            [],
            [(2, "quote"), (3, "quote"), (4, "quote")],
            id="B04-unclosed-quote-that-a-later-line-closes",
        ),
        pytest.param(b'1,"2"x,3\n4,5,6\n', [3], [(2, "quote")], id="B04-text-after-quote"),
        pytest.param(b"1,\x00,3\n4,5,6\n", [3], [(2, "control_char")], id="B15-nul"),
        pytest.param(
            b"1," + BIG + b",3\n4,5,6\n", [3], [(2, "field_too_large")], id="B16-huge-field"
        ),
        pytest.param(
            b"1," + BIG * 5 + b",3\n4,5,6\n", [3], [(2, "field_too_large")], id="B16-huge-line"
        ),
        pytest.param(
            b'1,"' + (b"y" * 1000 + b"\n") * 1100 + b'",3\n4,5,6\n',
            [],
            [(line, "field_too_large") for line in range(2, 1104)],
            id="B16-huge-quoted-field",
        ),
    ],
)
def test_damaged_line_is_rejected_and_the_rest_goes_on(
    tmp_path: Path, content: bytes, good: list[int], rejects: list[tuple[int, str]]
) -> None:
    found, rejected = read(tmp_path / "f.csv", HEAD + content)

    assert [line for line, _ in found] == good
    assert rejected == [Reject(*reject) for reject in rejects]


def test_record_over_the_cap_is_rejected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_records, "MAX_RECORD", 20)
    rows, rejects = read(tmp_path / "f.csv", HEAD + b'1,2,3\n"a\n","b\n","c\n","d\n","e\n","f"\n')

    assert rows == [(2, ["1", "2", "3"])]
    assert rejects == [Reject(line, "field_too_large") for line in range(3, 9)]


def test_no_row_is_made_of_text_behind_a_damaged_quote(tmp_path: Path) -> None:
    rows, rejects = read(tmp_path / "f.csv", HEAD + b'1,"one\nhe said "two\n4,5,6\n",3\n')

    assert rows == []
    assert len(rejects) == 4


def test_flood_of_damage_ends_the_reading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_records, "MAX_REJECTS", 10)

    with pytest.raises(FileRefused) as refusal:
        read(tmp_path / "f.csv", HEAD + b"1,2\n" * 11)
    assert refusal.value.reason == "too_many_rejects"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param(b"", "empty_file", id="B12-no-bytes"),
        pytest.param(b"\xef\xbb\xbf", "empty_file", id="B12-only-a-mark"),
        pytest.param(b"\r\n \r\n", "empty_file", id="B12-only-blanks"),
        pytest.param("a,b,c\n1,é,3\n".encode("latin-1"), "encoding", id="B02-latin-1"),
        pytest.param("a,b,c\n".encode("utf-16"), "encoding", id="B02-utf-16"),
        pytest.param("a,b,c\né".encode()[:-1], "encoding", id="B02-cut-character"),
        pytest.param(b"PK\x03\x04" + b"../up", "archive", id="B17-zip-that-names-a-path"),
        pytest.param(bz2.compress(bytes(1 << 20)), "archive", id="B17-bomb"),
    ],
)
def test_file_that_is_no_text_is_refused(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "f.csv"
    path.write_bytes(content)

    with pytest.raises(FileRefused) as refusal:
        probe(path)
    assert refusal.value.reason == reason


def test_utf16_without_a_mark_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    path.write_bytes("a,b,c\n1,2,3\n".encode("utf-16-le"))

    with path.open(encoding="utf-8-sig", newline="") as text, pytest.raises(FileRefused) as refusal:
        CsvRecords(text).header()
    assert refusal.value.reason == "encoding"


@pytest.mark.parametrize(
    "content", [b"a\nb\n", b"a\r\nb", b"a\rb\r", b"\n\n\n", b"a\r\n\r\nb\r\r\n", b"a"]
)
@pytest.mark.parametrize("chunk", [1, 2, 1000])
def test_lines_are_counted_across_pieces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes, chunk: int
) -> None:
    monkeypatch.setattr(csv_records, "_CHUNK", chunk)
    path = tmp_path / "f.csv"
    path.write_bytes(b"x" + content)

    with path.open(encoding="utf-8", newline="") as text:
        assert probe(path).lines == sum(1 for _ in text)


WANTED = [WantedColumn("ClaimID"), WantedColumn("PaidAmount"), WantedColumn("Copay", False)]


@pytest.mark.parametrize(
    ("header", "positions", "missing", "extra"),
    [
        pytest.param(["ClaimID", "PaidAmount", "Copay"], [0, 1, 2], (), (), id="as-agreed"),
        pytest.param(["Copay", "ClaimID", "PaidAmount"], [1, 2, 0], (), (), id="B06-reordered"),
        pytest.param(
            [" claimid", "PAIDAMOUNT ", "Copay"], [0, 1, 2], (), (), id="B06-case-and-blanks"
        ),
        pytest.param(["ClaimID", "PaidAmount"], [0, 1], ("Copay",), (), id="B07-optional-missing"),
        pytest.param(
            ["ClaimID", "PaidAmount", "Copay", "", " "], [0, 1, 2], (), ("(blank)",), id="B08-blank"
        ),
        pytest.param(
            ["X", "ClaimID", "PaidAmount", "Copay", ""],
            [1, 2, 3],
            (),
            ("X", "(blank)"),
            id="B08-extra",
        ),
    ],
)
def test_columns_are_found_by_name(
    header: list[str], positions: list[int], missing: tuple[str, ...], extra: tuple[str, ...]
) -> None:
    match = match_header(header, WANTED)

    assert list(match.positions.values()) == positions
    assert (match.missing, match.extra, match.width) == (missing, extra, len(header))


@pytest.mark.parametrize(
    ("header", "reason", "message"),
    [
        pytest.param(["ClaimID", "Copay"], "missing_column", "PaidAmount", id="B07"),
        pytest.param(["ClaimID;PaidAmount"], "header_mismatch", "';' instead of comma", id="B05"),
        pytest.param(["ClaimID|PaidAmount"], "header_mismatch", r"'\|' instead", id="B05-pipe"),
        pytest.param(["ClaimID", "claimid"], "header_ambiguous", "more than once", id="B09"),
        pytest.param(
            ["ClaimID", "Paid_Amt"], "missing_column", "PaidAmount to Paid_Amt", id="B07-renamed"
        ),
        pytest.param(["C1", "12.50"], "header_mismatch", "first line", id="B13-no-header"),
        pytest.param(None, "header_mismatch", "first line", id="damaged-header"),
    ],
)
def test_header_that_does_not_fit_is_refused(
    header: list[str] | None, reason: str, message: str
) -> None:
    with pytest.raises(FileRefused, match=message) as refusal:
        match_header(header, WANTED)
    assert refusal.value.reason == reason


def test_contract_may_refuse_extra_columns() -> None:
    """B08."""
    header = ["ClaimID", "PaidAmount", "Copay", "Note"]

    with pytest.raises(FileRefused, match="does not name .*column Note") as refusal:
        match_header(header, WANTED, "refuse")
    assert refusal.value.reason == "extra_column"


def test_contract_that_refuses_extra_columns_takes_the_named_ones() -> None:
    """B08."""
    assert match_header(["ClaimID", "PaidAmount"], WANTED, "refuse").missing == ("Copay",)


@pytest.mark.parametrize(
    ("missing", "extra", "near"),
    [
        pytest.param(["PaidAmount"], ["Paid_Amt"], {"PaidAmount": "Paid_Amt"}, id="B07-shortened"),
        pytest.param(
            ["DOB", "SSN"], ["BirthDate", "Ssn_No"], {"SSN": "Ssn_No"}, id="A15-one-of-two"
        ),
        pytest.param(["Copay"], ["Address"], {}, id="B07-nothing-alike"),
        pytest.param(["Copay"], [], {}, id="B07-no-candidate"),
    ],
)
def test_renamed_column_is_recognised_by_its_name(
    missing: list[str], extra: list[str], near: dict[str, str]
) -> None:
    assert near_names(missing, extra) == near


def test_refusal_does_not_repeat_what_stands_in_the_first_line() -> None:
    with pytest.raises(FileRefused) as refusal:
        match_header(["HOSP1-001026", "Jane Roe"], WANTED)
    assert "Roe" not in str(refusal.value)
