"""Fixtures of the landing tests: a hospital's database and a table in it, a folder for files."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from tests.landing_support import LAKE, Hospital
from utils.gcp import storage
from utils.landing.drift import WantedColumn
from utils.landing.mysql import TableRequest
from utils.landing.mysql_query import Window

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Stack


ZONE = ZoneInfo("America/New_York")


@pytest.fixture
def hospital(stack_environment: Stack) -> Hospital:
    storage.client.cache_clear()
    return Hospital(stack_environment.variables["AIRFLOW_CONN_HOSPITAL_A_DB"])


@pytest.fixture
def place(stack_environment: Stack) -> str:
    """A folder in the landing bucket that this test has for itself."""
    storage.client.cache_clear()
    return f"t{uuid4().hex[:12]}"


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
