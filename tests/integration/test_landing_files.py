"""What becomes of a delivered file: bronze and the archive, or a refusal."""

from __future__ import annotations

import gzip
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from tests.landing_support import HEADER, LAKE, LANDING, bronze, put
from utils.errors import FileRefused, ObjectChanged
from utils.gcp import storage
from utils.landing.csv_records import Reject
from utils.landing.drift import WantedColumn
from utils.landing.files import FileRequest, land_file

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2024, 6, 3, tzinfo=UTC)


def request_for(file: storage.StoredObject) -> FileRequest:
    sha256 = storage.sha256_of_object(file)
    folder = storage.split_uri(file.uri)[1].split("/")[0]
    return FileRequest(
        file=file,
        sha256=sha256,
        columns=(
            WantedColumn("ClaimID"),
            WantedColumn("PaidAmount"),
            WantedColumn("Copay", required=False),
            WantedColumn("ModifiedDate"),
        ),
        load_id=f"payer_claims.claims.{sha256[:16]}",
        target_uri=f"gs://{LAKE}/{folder}/bronze/part-0.parquet",
        archive_uri=f"gs://{LAKE}/{folder}/archive/{sha256}/{file.filename}",
        extracted_at=NOW,
        money=("PaidAmount",),
    )


def test_file_is_landed_by_name_as_strings(place: str, tmp_path: Path) -> None:
    content = b"modifieddate,Note,ClaimID , PaidAmount\n2024-01-02,x,C1,010.50\n,,C2,$5\n"
    file = put(f"{place}/june.csv", content, tmp_path)

    landed = land_file(request_for(file))

    table = bronze(landed.uri)
    assert table.select(["ClaimID", "PaidAmount", "ModifiedDate"]).to_pylist() == [
        {"ClaimID": "C1", "PaidAmount": "010.50", "ModifiedDate": "2024-01-02"},
        {"ClaimID": "C2", "PaidAmount": "$5", "ModifiedDate": ""},
    ]
    assert table["_row_id"].to_pylist() == [2, 3]
    assert table["_source_file"].unique().to_pylist() == [file.uri]
    assert landed.columns == ("ClaimID", "PaidAmount", "ModifiedDate")
    assert landed.missing_columns == ("Copay",)
    assert landed.extra_columns == ("Note",)
    assert landed.control_totals == {"PaidAmount": Decimal("10.50")}


def test_file_is_archived_untouched(place: str, tmp_path: Path) -> None:
    content = b"\xef\xbb\xbf" + HEADER + b"C1,1,2024-01-01\r\n"
    request = request_for(put(f"{place}/june [1] \xd1\x8f.csv", content, tmp_path))

    landed = land_file(request)

    kept = storage.stat(landed.archive_uri)
    assert kept is not None
    storage.download(kept, tmp_path / "kept")
    assert (tmp_path / "kept").read_bytes() == content


def test_gzip_is_read_for_what_it_holds_and_archived_as_it_came(place: str, tmp_path: Path) -> None:
    content = gzip.compress(HEADER + b"C1,1.50,2024-01-01\n")
    request = request_for(put(f"{place}/june.csv.gz", content, tmp_path))

    landed = land_file(request)

    assert bronze(landed.uri)["ClaimID"].to_pylist() == ["C1"]
    assert landed.control_totals == {"PaidAmount": Decimal("1.50")}
    archived = storage.stat(landed.archive_uri)
    assert archived is not None
    storage.download(archived, tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == content


def test_total_that_is_declared_is_compared_and_is_no_row(place: str, tmp_path: Path) -> None:
    content = b"Claims paid\n\n" + HEADER + b"C1,1.50,2024-01-01\nC2,2,2024-01-01\nTOTAL,3.50,\n"
    request = request_for(put(f"{place}/june.csv", content, tmp_path))

    landed = land_file(replace(request, has_title=True, total_row="Total"))

    table = bronze(landed.uri)
    assert table.select(["ClaimID", "_row_id"]).to_pylist() == [
        {"ClaimID": "C1", "_row_id": 4},
        {"ClaimID": "C2", "_row_id": 5},
    ]
    assert (landed.rejects, landed.control_totals) == ((), {"PaidAmount": Decimal("3.50")})


def test_damaged_lines_are_rejected_by_number(place: str, tmp_path: Path) -> None:
    """B04, B10: the sound line before them is landed."""
    content = HEADER + b'C1,1,2024-01-01\nC2,2\nC3,"3,2024-01-01\n'
    landed = land_file(request_for(put(f"{place}/june.csv", content, tmp_path)))

    assert landed.rejects == (Reject(3, "column_count"), Reject(4, "quote"))
    assert (landed.rows, landed.rows_read) == (1, 3)


def test_file_with_a_header_only_lands_no_rows(place: str, tmp_path: Path) -> None:
    """B11."""
    landed = land_file(request_for(put(f"{place}/june.csv", HEADER, tmp_path)))

    assert (landed.rows, landed.rejects) == (0, ())
    assert bronze(landed.uri).num_rows == 0


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param(b"", "empty_file", id="B12"),
        pytest.param(HEADER + b"C\xe9,1,2024-01-01\n", "encoding", id="B02"),
        pytest.param(gzip.compress(HEADER)[:-9], "archive", id="B17-gzip-that-was-cut"),
        pytest.param(HEADER.replace(b",", b";"), "header_mismatch", id="B05"),
        pytest.param(b"ClaimID,PaidAmount\n", "missing_column", id="B07"),
        pytest.param(b"ClaimID,ClaimID,PaidAmount\n", "header_ambiguous", id="B09"),
        pytest.param(b"C1,1,2024-01-01\n", "header_mismatch", id="B13"),
        pytest.param(
            HEADER + b"C1,1,2024-01-01\n" * 500 + b"C2\n" * 101, "too_many_rejects", id="B36"
        ),
    ],
)
def test_refused_file_is_archived_and_leaves_nothing_in_bronze(
    place: str, tmp_path: Path, content: bytes, reason: str
) -> None:
    request = request_for(put(f"{place}/june.csv", content, tmp_path))

    with pytest.raises(FileRefused, match="june.csv") as refusal:
        land_file(request)

    assert refusal.value.reason == reason
    assert storage.stat(request.archive_uri) is not None
    assert storage.stat(request.target_uri) is None


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(
            HEADER.replace(b"PaidAmount", b"Paid_Amount"),
            "A required column is missing (gs://{uri}, line 1, column PaidAmount). Ask the sender "
            "whether they renamed PaidAmount to Paid_Amount; correct it there or in "
            "configs/sources.",
            id="B07-renamed",
        ),
        pytest.param(
            HEADER.replace(b"ClaimID", b"ClaimID,Note"),
            "The contract refuses columns that it does not name (gs://{uri}, line 1, column Note). "
            "Map them in configs/sources, write `extra_columns: ignore`, or have them left out.",
            id="B08-extra",
        ),
        pytest.param(
            HEADER + b"C1,1,2024-01-01\n" + b"C2\n" * 101,
            "101 of 102 lines are damaged, the first by column_count (gs://{uri}, line 3). Ask the "
            "sender for a repaired file.",
            id="B36-damage",
        ),
    ],
)
def test_refusal_says_what_where_and_what_to_do(
    place: str, tmp_path: Path, content: bytes, message: str
) -> None:
    request = request_for(put(f"{place}/june.csv", content, tmp_path))

    with pytest.raises(FileRefused) as refusal:
        land_file(replace(request, extra_columns="refuse"))
    assert str(refusal.value) == message.format(uri=f"{LANDING}/{place}/june.csv")


def test_many_rows_come_in_batches(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("utils.landing.csv_batches.BATCH_ROWS", 1000)
    monkeypatch.setattr("utils.landing.csv_batches.BATCH_CHARACTERS", 10_000)
    rows = b"".join(b"C%d,%d.10,2024-01-01\n" % (n, n) for n in range(2500))

    landed = land_file(request_for(put(f"{place}/june.csv", HEADER + rows, tmp_path)))

    assert landed.rows == 2500
    assert landed.control_totals == {"PaidAmount": Decimal("3124000.00")}
    assert bronze(landed.uri)["_row_id"].to_pylist() == list(range(2, 2502))


def test_file_replaced_after_discovery_is_not_landed(place: str, tmp_path: Path) -> None:
    """B18, B23: a file that still grows is another generation with every upload."""
    request = request_for(put(f"{place}/june.csv", HEADER + b"C1,1,2024-01-01\n", tmp_path))
    put(f"{place}/june.csv", HEADER + b"C1,2,2024-01-01\n", tmp_path)

    with pytest.raises(ObjectChanged, match="june.csv"):
        land_file(request)
    assert storage.stat(request.target_uri) is None


def test_landing_twice_gives_the_same_object(place: str, tmp_path: Path) -> None:
    request = request_for(put(f"{place}/june.csv", HEADER + b"C1,1,2024-01-01\n", tmp_path))

    assert land_file(request) == land_file(request)
