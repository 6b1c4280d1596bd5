"""The rows of a SELECT that a source declares land like those of a table."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from tests.landing_support import Hospital, bronze
from tests.tables_support import between, insert, landed_ids
from utils.errors import SourceError
from utils.landing.drift import WantedColumn
from utils.landing.mysql import TableRequest, land_table
from utils.landing.mysql_query import CHECKSUM

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
        "Number": "1",
        "Total": "0.30",
        "Third": "0.033333",
        "Words": "1-a",
        "DOB": "2000-02-03",
        "Moment": "2000-02-03 00:00:00",
        "Flag": "1",
        "Share": "1.5",
        "Changed": "2024-06-02 10:00:00",
        "_row_id": 2,
    }
    assert (rows[0]["Words"], rows[0]["DOB"]) == (None, "0000-00-00")
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
