"""A hospital's table lands with its rows, types and windows."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from tests.landing_support import Hospital, bronze
from tests.tables_support import between, insert, landed_ids
from utils.landing.bronze import TECHNICAL
from utils.landing.drift import WantedColumn
from utils.landing.mysql import TableRequest, land_table
from utils.landing.mysql_query import CHECKSUM
from utils.landing.mysql_server import source_clock


def test_load_has_source_columns_in_order_and_technical_columns(
    hospital: Hospital, request_: TableRequest
) -> None:
    insert(
        hospital,
        request_.table,
        ("B", "2.50", "2024-06-01 10:00:00"),
        ("A", "-1.25", "2024-06-01 10:00:00"),
        ("C", None, "2024-05-31 09:00:00"),
    )

    landed = land_table(request_)

    table = bronze(landed.uri)
    assert table["ID"].to_pylist() == ["C", "A", "B"]
    assert table["_row_id"].to_pylist() == [1, 2, 3]
    assert table["_load_id"].unique().to_pylist() == [request_.load_id]
    assert table["_extracted_at"].unique().to_pylist() == [request_.window.clock]
    assert table["_source_file"].null_count == 3
    assert table["Amount"].to_pylist() == [None, "-1.25", "2.50"]
    assert table["ModifiedDate"].to_pylist()[0] == "2024-05-31 09:00:00"
    assert (landed.rows, landed.control_totals) == (3, {"Amount": Decimal("1.25")})
    assert landed.columns == ("ID", "Amount", "DOB", "ModifiedDate")
    assert landed.extra_columns == ("Note",)


def test_empty_window_lands_an_empty_object(request_: TableRequest) -> None:
    landed = land_table(request_)

    assert landed.rows == 0
    assert bronze(landed.uri).column_names[:2] == ["ID", "Amount"]


def test_window_takes_low_and_leaves_high(hospital: Hospital, request_: TableRequest) -> None:
    insert(
        hospital,
        request_.table,
        ("before", 1, "2024-05-31 23:59:59"),
        ("at-low", 1, "2024-06-01 00:00:00"),
        ("at-high", 1, "2024-06-02 00:00:00"),
    )
    day = between(
        request_,
        datetime(2024, 6, 1, 4, tzinfo=UTC),
        datetime(2024, 6, 2, 4, tzinfo=UTC),
        datetime(2024, 6, 9, tzinfo=UTC),
    )

    assert landed_ids(day) == ["at-low"]


def test_rows_without_a_usable_watermark_and_from_the_future_are_in_every_window(
    hospital: Hospital, request_: TableRequest
) -> None:
    insert(
        hospital,
        request_.table,
        ("null", 1, None),
        ("zero", 1, "0000-00-00"),
        ("future", 1, "2999-01-01"),
        ("not-yet", 1, "2024-06-05"),
    )
    day = between(
        request_,
        datetime(2024, 6, 1, 4, tzinfo=UTC),
        datetime(2024, 6, 2, 4, tzinfo=UTC),
        datetime(2024, 6, 9, tzinfo=UTC),
    )

    assert sorted(landed_ids(day)) == ["future", "null", "zero"]


def test_text_keeps_its_characters(hospital: Hospital, request_: TableRequest) -> None:
    names = ["😀", "O'Brien", "Łukasz", "naïve \\ % ", "\u202egnp"]
    insert(hospital, request_.table, *((name, 1, "2024-06-01") for name in names))

    assert sorted(landed_ids(request_)) == sorted(names)


def test_missing_optional_column_is_reported(request_: TableRequest) -> None:
    """A15, B07: its values are NULL in silver; the load says so."""
    request = replace(request_, columns=(*request_.columns, WantedColumn("Email", required=False)))

    landed = land_table(request)

    assert landed.missing_columns == ("Email",)
    assert "Email" not in landed.columns


def test_clock_is_the_sources_in_utc(hospital: Hospital) -> None:
    difference = source_clock(hospital.uri, "hospital_a") - datetime.now(tz=UTC)

    assert abs(difference) < timedelta(minutes=1)


def test_repeated_load_replaces_itself(hospital: Hospital, request_: TableRequest) -> None:
    insert(hospital, request_.table, ("A", 1, "2024-06-01"))
    first = land_table(request_)
    again = land_table(request_)
    insert(hospital, request_.table, ("B", 1, "2024-06-01"))
    later = land_table(request_)

    assert (again.sha256, again.rows) == (first.sha256, 1)
    assert bronze(later.uri)["ID"].to_pylist() == ["A", "B"]


def test_only_rows_with_the_given_keys_are_read(hospital: Hospital, request_: TableRequest) -> None:
    rows = [(name, 1, "2024-06-01") for name in ("A", "B'", "Ł", "C")]
    insert(hospital, request_.table, *rows)
    some = replace(request_, watermark=None, only=(("B'",), ("Ł",), ("absent",)))

    assert sorted(landed_ids(some)) == ["B'", "Ł"]


def checksums(hospital: Hospital, request: TableRequest, *rows: tuple[object, ...]) -> list[int]:
    """The checksum of each row of a table of two texts, a number, a day and bytes."""
    hospital.run(
        f"CREATE OR REPLACE TABLE {request.table} (ID INT PRIMARY KEY, A VARCHAR(20) "
        "CHARACTER SET latin1, B VARCHAR(20) CHARACTER SET utf8mb4, Amount DECIMAL(18,2), "
        "DOB DATE, Photo BLOB, ModifiedDate DATETIME)"
    )
    for number, row in enumerate(rows):
        places = ", ".join(["%s"] * len(row))
        hospital.run(
            f"INSERT INTO {request.table} VALUES ({number}, {places}, '2024-06-01')", values=row
        )
    names = ("A", "B", "Amount", "DOB", "Photo")
    wanted = tuple(WantedColumn(name, required=False) for name in names)
    checked = replace(request, columns=wanted, is_checked=True, carried=("ID",), money=())
    landed = bronze(land_table(checked).uri)
    assert set(landed.column_names) == {"ID", CHECKSUM, *(field.name for field in TECHNICAL)}
    return [row[CHECKSUM] for row in sorted(landed.to_pylist(), key=lambda row: row["ID"])]


def test_checksum_tells_any_two_rows_apart(hospital: Hospital, request_: TableRequest) -> None:
    """A09: ("a", "bc") is not ("ab", "c"), and NULL is neither empty nor a place further."""
    rows = [
        ("a", "bc", "1.00", "2000-01-02", b"x"),
        ("ab", "c", "1.00", "2000-01-02", b"x"),
        ("a", "bc", "1.01", "2000-01-02", b"x"),
        ("a", "bc", "1.00", "2000-01-03", b"x"),
        ("a", "bc", "1.00", "2000-01-02", b"\xff"),
        ("a", "bc", "1.00", None, b"x"),
        ("a", None, None, None, None),
        (None, "a", None, None, None),
        ("", "a", None, None, None),
        ("é", "é", None, None, None),
        ("A", "BC", "1.00", "2000-01-02", b"x"),
    ]
    found = checksums(hospital, request_, *rows)

    assert None not in found
    assert len(set(found)) == len(rows)
    assert checksums(hospital, request_, *rows) == found
