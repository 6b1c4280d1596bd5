"""What tests of a MySQL source do with a table and its landed rows."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from tests.landing_support import Hospital, bronze
from utils.landing.mysql import TableRequest, land_table
from utils.landing.mysql_query import Window


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
