from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from tests.landing_support import LAKE, Hospital, bronze
from utils.errors import ConfigError, SourceError, SourceUnavailable
from utils.gcp import storage
from utils.landing.bronze import TECHNICAL
from utils.landing.drift import WantedColumn
from utils.landing.mysql import TableRequest, land_table
from utils.landing.mysql_query import CHECKSUM, Window
from utils.landing.mysql_server import source_clock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Stack

ZONE = ZoneInfo("America/New_York")
SECRET = "canary-secret"


@pytest.fixture
def hospital(stack_environment: Stack) -> Hospital:
    storage.client.cache_clear()
    return Hospital(stack_environment.variables["AIRFLOW_CONN_HOSPITAL_A_DB"])


@pytest.fixture
def request_(hospital: Hospital) -> Iterator[TableRequest]:
    """A request for an empty table `t…(ID, Amount, ModifiedDate, Note)`."""
    table = f"t{uuid4().hex[:12]}"
    hospital.run(
        f"CREATE TABLE {table} (ID VARCHAR(20), Amount DECIMAL(18,2), Note VARCHAR(40),"
        " DOB DATE, ModifiedDate DATETIME, KEY (ModifiedDate))"
    )
    now = datetime(2024, 6, 3, 4, tzinfo=UTC)
    yield TableRequest(
        uri=hospital.uri,
        source="hospital_a",
        table=table,
        columns=(WantedColumn("ID"), WantedColumn("Amount"), WantedColumn("DOB", required=False)),
        window=Window(None, now, now),
        zone=ZONE,
        load_id=f"hospital_a.{table}.20240602",
        target_uri=f"gs://{LAKE}/bronze/hospital_a/{table}/load_id=x/part-0.parquet",
        watermark="ModifiedDate",
        key=("ID",),
        money=("Amount",),
    )
    hospital.run(f"DROP TABLE {table}")


def insert(hospital: Hospital, table: str, *rows: tuple[object, ...]) -> None:
    for row in rows:
        hospital.run(
            f"INSERT INTO {table} (ID, Amount, ModifiedDate) VALUES (%s, %s, %s)", values=row
        )


def between(request: TableRequest, low: datetime, high: datetime, clock: datetime) -> TableRequest:
    return replace(request, window=Window(low, high, clock))


def landed_ids(request: TableRequest) -> list[str]:
    ids: list[str] = bronze(land_table(request).uri)["ID"].to_pylist()
    return ids


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
    assert table["Amount"].to_pylist() == [None, Decimal("-1.25"), Decimal("2.50")]
    assert table["ModifiedDate"].type.tz is None
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


def test_dates_that_no_calendar_has_become_null_and_are_counted(
    hospital: Hospital, request_: TableRequest
) -> None:
    values = ["0000-00-00", "2024-02-30", "2024-05-00", "2024-05-06", None]
    for dob in values:
        hospital.run(
            f"INSERT INTO {request_.table} (ID, DOB, ModifiedDate) VALUES ('x', %s, '2024-06-01')",
            values=(dob,),
        )

    landed = land_table(replace(request_, key=("DOB",)))

    assert landed.invalid_dates == {"DOB": 3}
    assert sorted(bronze(landed.uri)["DOB"].drop_null().to_pylist()) == [date(2024, 5, 6)]


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


@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param(
            {"columns": (WantedColumn("SSN"),)},
            r"A required column is missing \(source hospital_a, table t\w+, column SSN\)",
            id="A15-required-column",
        ),
        pytest.param(
            {"watermark": "Changed"},
            r"A required column is missing \(source hospital_a, table t\w+, column Changed\)",
            id="A15-watermark",
        ),
        pytest.param(
            {"columns": (WantedColumn("Notes"),)},
            "renamed Notes to Note",
            id="A15-renamed-column",
        ),
        pytest.param(
            {"table": "nowhere"},
            r"The table is missing or may not be read \(source hospital_a, table nowhere\)",
            id="table",
        ),
        pytest.param(
            {"extra_columns": "refuse"},
            r"does not name \(source hospital_a, table t\w+, column Note\)",
            id="A15-extra-column-refused",
        ),
        pytest.param({"watermark": "Note"}, "watermark is of type varchar", id="watermark-type"),
    ],
)
def test_broken_contract_is_named_and_nothing_is_written(
    request_: TableRequest, change: dict[str, Any], message: str
) -> None:
    request = replace(request_, **change)

    with pytest.raises(SourceError, match=message):
        land_table(request)
    assert storage.stat(request.target_uri) is None


@pytest.mark.parametrize(
    ("part", "other", "error", "message"),
    [
        pytest.param("password", SECRET, SourceError, "refused user rcm", id="password"),
        pytest.param("port", "1", SourceUnavailable, "does not answer", id="port"),
        pytest.param("host", "nowhere.invalid", SourceUnavailable, "does not answer", id="host"),
        pytest.param("database", "nothing", SourceError, "refused|no database", id="database"),
    ],
)
def test_source_out_of_reach_is_explained_quickly_and_without_its_password(
    hospital: Hospital, part: str, other: str, error: type[SourceError], message: str
) -> None:
    login, address = hospital.uri.removeprefix("mysql://").split("@")
    parts = {
        "user": login.split(":")[0],
        "password": login.split(":")[1],
        "host": address.split(":")[0],
        "port": address.split(":")[1].split("/")[0],
        "database": address.split("/")[1],
    } | {part: other}
    begin = time.monotonic()

    with pytest.raises(error, match=message) as raised:
        source_clock("mysql://{user}:{password}@{host}:{port}/{database}".format(**parts), "h")

    assert time.monotonic() - begin < 10
    assert parts["password"] not in str(raised.value)
    assert raised.value.__cause__ is None


def test_incomplete_address_is_not_repeated() -> None:
    with pytest.raises(ConfigError) as raised:
        source_clock(f"mysql://user:{SECRET}@/", "h")
    assert SECRET not in str(raised.value)


def test_clock_is_the_sources_in_utc(hospital: Hospital) -> None:
    difference = source_clock(hospital.uri, "hospital_a") - datetime.now(tz=UTC)

    assert abs(difference) < timedelta(minutes=1)


def test_source_that_breaks_off_leaves_no_object(
    hospital: Hospital, request_: TableRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("utils.landing.mysql.BATCH_ROWS", 10)
    table, view = request_.table, f"{request_.table}_v"
    insert(hospital, table, *((f"id-{n}", n, "2024-06-01") for n in range(100)))
    insert(hospital, table, (SECRET, 1, "2024-06-01"))
    hospital.run(
        f"CREATE VIEW {view} AS SELECT ID, Amount, ModifiedDate, IF(ID = '{SECRET}',"
        f" (SELECT b.ID FROM {table} b WHERE b.ID <> CONCAT(a.ID, '!')), 1) AS Broken"
        f" FROM {table} a"
    )
    request = replace(
        request_, table=view, watermark=None, key=(), columns=(WantedColumn("Broken"),)
    )

    with pytest.raises(SourceUnavailable, match="broke off while it was read: MySQL error 1242"):
        land_table(request)

    hospital.run(f"DROP VIEW {view}")
    assert storage.stat(request.target_uri) is None


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


DERIVED = """
    SELECT
      ID, ID + 0 AS Number, Amount, SUM(Amount) AS Total, Amount / 3 AS Third,
      CONCAT(ID, '-', Note) AS Words, DOB, TIMESTAMP(DOB) AS Moment, MAX(ModifiedDate) AS Changed,
      CAST(1 AS UNSIGNED) AS Flag, 1.5E0 AS Share
    FROM {table}
    GROUP BY ID
"""


def derived(request: TableRequest, **changes: Any) -> TableRequest:
    """The rows of a query over the request's table, under a name of their own."""
    return replace(
        request,
        table="per_id",
        select=DERIVED.format(table=request.table),
        watermark="Changed",
        money=("Total",),
        **changes,
    )


def test_a_query_lands_like_a_table_with_the_types_of_its_result(
    hospital: Hospital, request_: TableRequest
) -> None:
    statement = f"INSERT INTO {request_.table} VALUES (%s, %s, %s, %s, %s)"
    for row in (
        ("1", "0.10", "a", "2000-02-03", "2024-06-01 10:00:00"),
        ("1", "0.20", "a", "2000-02-03", "2024-06-02 10:00:00"),
        ("2", "7.00", None, "0000-00-00", "2024-06-01 11:00:00"),
    ):
        hospital.run(statement, values=row)
    names = ("ID", "Number", "Total", "Third", "Words", "DOB", "Moment", "Flag", "Share")
    request = derived(request_, columns=tuple(WantedColumn(name) for name in names))

    landed = land_table(request)

    rows = bronze(landed.uri).select([*names, "Changed", "_row_id"]).to_pylist()
    assert [row["ID"] for row in rows] == ["2", "1"], "in the order of the watermark"
    assert rows[1] == {
        "ID": "1",
        "Number": 1.0,
        "Total": "0.30",  # of 40 digits, which travel as text
        "Third": Decimal("0.033333"),
        "Words": "1-a",
        "DOB": date(2000, 2, 3),
        "Moment": datetime(2000, 2, 3),  # noqa: DTZ001
        "Flag": 1,
        "Share": 1.5,
        "Changed": datetime(2024, 6, 2, 10),  # noqa: DTZ001
        "_row_id": 2,
    }
    assert (rows[0]["Words"], rows[0]["DOB"]) == (None, None)
    assert landed.control_totals == {"Total": Decimal("7.30")}


def test_a_window_cuts_the_rows_of_a_query(hospital: Hospital, request_: TableRequest) -> None:
    insert(
        hospital,
        request_.table,
        ("early", "1.00", "2024-06-01 10:00:00"),
        ("late", "1.00", "2024-06-02 10:00:00"),
    )
    high = datetime(2024, 6, 3, 4, tzinfo=UTC)

    request = between(derived(request_), datetime(2024, 6, 2, 4, tzinfo=UTC), high, high)

    assert landed_ids(request) == ["late"]


def test_the_rows_of_a_query_have_checksums_and_are_found_by_key(
    hospital: Hospital, request_: TableRequest
) -> None:
    insert(
        hospital,
        request_.table,
        ("A", "1.00", "2024-06-01 10:00:00"),
        ("B", "1.00", "2024-06-02 10:00:00"),
    )

    every = bronze(land_table(derived(request_, is_checked=True)).uri)
    request = replace(derived(request_, is_checked=True), watermark=None, only=(("B",),))
    again = bronze(land_table(replace(request, target_uri=f"{request.target_uri}x")).uri)

    assert len(set(every[CHECKSUM].to_pylist())) == 2
    assert again["ID"].to_pylist() == ["B"]


def test_a_query_that_the_source_cannot_run_is_named(request_: TableRequest) -> None:
    request = replace(request_, table="per_id", select="SELECT ID, Nothing FROM nowhere")

    with pytest.raises(SourceError, match=r"`select` \(MySQL error 1146\) \(.*table per_id\)"):
        land_table(request)


def test_a_query_cannot_write(hospital: Hospital, request_: TableRequest) -> None:
    """Should one get past the check of the configuration: the session is read-only."""
    function = f"f{uuid4().hex[:12]}"
    hospital.run(
        f"CREATE FUNCTION {function}() RETURNS INT BEGIN "
        f"INSERT INTO {request_.table} (ID) VALUES ('written'); RETURN 1; END"
    )
    insert(hospital, request_.table, ("A", "1.00", "2024-06-01 10:00:00"))
    select = f"SELECT ID, Amount, DOB, ModifiedDate, {function}() AS Done FROM {request_.table}"
    wanted = (WantedColumn("ID"), WantedColumn("Done"))

    with pytest.raises(SourceError, match="1792"):
        land_table(replace(request_, select=select, columns=wanted))

    assert hospital.run(f"SELECT ID FROM {request_.table}") == [("A",)]
    hospital.run(f"DROP FUNCTION {function}")
