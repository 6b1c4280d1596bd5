"""Every type of a hospital's columns lands in one spelling, or its load is refused by name."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from tests.landing_support import Hospital, bronze
from tests.mysql_readings import MYSQL
from utils.errors import SourceError
from utils.gcp import storage
from utils.landing.drift import WantedColumn
from utils.landing.mysql import TableRequest, land_table


@pytest.mark.parametrize(
    ("kind", "stored", "landed"),
    dict.fromkeys((kind, stored, landed) for kind, stored, landed, *_ in MYSQL),
)
@pytest.mark.parametrize("is_query", [False, True], ids=["table", "select"])
def test_a_type_lands_in_its_one_spelling(
    hospital: Hospital,
    request_: TableRequest,
    kind: str,
    stored: str,
    landed: str | None,
    is_query: bool,
) -> None:
    hospital.run(
        f"CREATE OR REPLACE TABLE {request_.table} (ID INT PRIMARY KEY, Value {kind})",
        f"INSERT INTO {request_.table} VALUES (1, {stored})",
    )
    request = replace(
        request_, columns=(WantedColumn("Value"),), watermark=None, key=("ID",), money=()
    )
    if is_query:
        select = f"SELECT ID, Value FROM {request_.table} WHERE ID > 0"
        request = replace(request, table="derived", select=select)

    result = land_table(request)

    assert bronze(result.uri)["Value"].to_pylist() == [landed]
    assert dict(result.fields)["Value"] == "STRING"


@pytest.mark.parametrize(
    ("before", "after", "spelled"),
    [
        ("INT", "VARCHAR(20)", "42"),
        ("DECIMAL(6,2)", "DECIMAL(18,2)", "42.00"),
        ("INT", "BIGINT UNSIGNED", "42"),
        ("VARCHAR(20) CHARACTER SET latin1", "TEXT CHARACTER SET utf8mb4", "42"),
    ],
)
def test_a_retyped_column_lands_as_the_column_that_it_was(
    hospital: Hospital, request_: TableRequest, before: str, after: str, spelled: str
) -> None:
    """Field case 08: bronze and silver go on when a hospital widens a column."""
    request = replace(request_, columns=(WantedColumn("Value"),), watermark=None, money=())
    hospital.run(
        f"CREATE OR REPLACE TABLE {request.table} (ID INT PRIMARY KEY, Value {before})",
        f"INSERT INTO {request.table} VALUES (1, 42)",
    )
    first = land_table(request)
    hospital.run(f"ALTER TABLE {request.table} MODIFY Value {after}")

    second = land_table(request)

    assert second.fields == first.fields
    assert bronze(second.uri)["Value"].to_pylist() == [spelled]


def test_generated_and_invisible_columns_land_like_others(
    hospital: Hospital, request_: TableRequest
) -> None:
    hospital.run(
        f"CREATE OR REPLACE TABLE {request_.table} (ID INT PRIMARY KEY,"
        " Full VARCHAR(20) AS (CONCAT('P', ID)) VIRTUAL, Hidden INT INVISIBLE DEFAULT 7)",
        f"INSERT INTO {request_.table} (ID) VALUES (1)",
    )
    wanted = (WantedColumn("Full"), WantedColumn("Hidden"))

    landed = land_table(replace(request_, columns=wanted, watermark=None, money=()))

    rows = bronze(landed.uri).select(["Full", "Hidden"]).to_pylist()
    assert rows == [{"Full": "P1", "Hidden": "7"}]


def test_bytes_that_are_no_text_refuse_the_load_by_name(
    hospital: Hospital, request_: TableRequest
) -> None:
    """The server would show both keys as `P?`, and two people would become one."""
    hospital.run(
        f"CREATE OR REPLACE TABLE {request_.table} (ID VARBINARY(9), Note INT)",
        f"INSERT INTO {request_.table} VALUES (X'50FF', 1), (X'50FE', 2)",
        f"ALTER TABLE {request_.table} MODIFY ID VARCHAR(9) CHARACTER SET ascii",
    )

    with pytest.raises(SourceError, match=r"no text of the character set ascii .*column ID"):
        land_table(replace(request_, columns=(), watermark=None, money=()))
    assert storage.stat(request_.target_uri) is None


def test_a_place_is_refused_by_name(hospital: Hospital, request_: TableRequest) -> None:
    hospital.run(f"CREATE OR REPLACE TABLE {request_.table} (ID INT, Place POINT)")

    with pytest.raises(SourceError, match=r"type point cannot be landed .*column Place.*ST_AsText"):
        land_table(replace(request_, columns=(WantedColumn("Place"),), watermark=None, money=()))


def test_names_of_columns_are_letters_and_digits_in_bronze(
    hospital: Hospital, request_: TableRequest
) -> None:
    hospital.run(
        f"CREATE OR REPLACE TABLE {request_.table} (ID INT, `Paid Amt ($)` INT, `2nd` INT)",
        f"INSERT INTO {request_.table} VALUES (1, 2, 3)",
    )
    wanted = (WantedColumn("Paid Amt ($)"), WantedColumn("2nd"))

    landed = land_table(replace(request_, columns=wanted, watermark=None, money=("Paid Amt ($)",)))

    assert bronze(landed.uri).select(["Paid_Amt____", "c_2nd"]).to_pylist() == [
        {"Paid_Amt____": "2", "c_2nd": "3"}
    ]
    assert landed.control_totals == {"Paid Amt ($)": Decimal("2.00")}
