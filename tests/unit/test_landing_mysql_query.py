from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from utils.errors import ConfigError, SourceError
from utils.landing.mysql_query import (
    Window,
    keys_condition,
    select_sql,
    settled_before,
    window_condition,
)
from utils.landing.mysql_types import SourceColumn, quote, require_spelling

NEW_YORK = ZoneInfo("America/New_York")
MODIFIED = SourceColumn("ModifiedDate", "datetime", "datetime")
NOON = datetime(2024, 6, 1, 16, tzinfo=UTC)


def utc(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=UTC)


def condition(
    low: datetime | None,
    high: datetime,
    *,
    overlap: timedelta = timedelta(0),
    column: SourceColumn = MODIFIED,
    clock: datetime | None = None,
) -> str:
    return window_condition(column, Window(low, high, clock or high, overlap), NEW_YORK)


def test_window_is_half_open_in_the_sources_local_time() -> None:
    sql = condition(utc(2024, 6, 1, 4), utc(2024, 6, 2, 4), clock=utc(2024, 6, 5, 4))

    assert sql == (
        "(`ModifiedDate` >= TIMESTAMP'2024-06-01 00:00:00.000000'"
        " AND `ModifiedDate` < TIMESTAMP'2024-06-02 00:00:00.000000')"
        " OR `ModifiedDate` IS NULL OR `ModifiedDate` < TIMESTAMP'0001-01-01 00:00:00.000000'"
        " OR `ModifiedDate` >= TIMESTAMP'2024-06-05 00:00:00.000000'"
    )


def test_first_window_has_no_lower_bound() -> None:
    sql = condition(None, NOON)

    assert sql.startswith("`ModifiedDate` < TIMESTAMP'2024-06-01 12:00:00.000000' OR")


def test_overlap_reaches_back_behind_the_last_bound() -> None:
    sql = condition(utc(2024, 6, 1, 4), NOON, overlap=timedelta(hours=36))

    assert ">= TIMESTAMP'2024-05-30 12:00:00.000000'" in sql


@pytest.mark.parametrize(
    ("low", "high", "written"),
    [
        # Clocks go from 01:59:59 EDT back to 01:00:00 EST at 06:00 UTC.
        pytest.param(utc(2024, 11, 3, 5, 30), utc(2024, 11, 3, 6, 30), "01:45:00", id="first-145"),
        pytest.param(utc(2024, 11, 3, 5, 30), utc(2024, 11, 3, 6, 30), "01:15:00", id="again-115"),
        pytest.param(utc(2024, 11, 3, 6, 30), utc(2024, 11, 3, 7, 30), "01:45:00", id="again-145"),
        pytest.param(utc(2024, 11, 3, 4, 0), utc(2024, 11, 3, 6, 10), "01:59:59", id="first-159"),
    ],
)
def test_no_row_of_the_hour_that_is_written_twice_is_lost(
    low: datetime, high: datetime, written: str
) -> None:
    sql = condition(low, high, clock=utc(2025, 1, 1))
    lower, upper = (part[:26] for part in sql.split("TIMESTAMP'")[1:3])

    assert lower <= f"2024-11-03 {written}" < upper


def test_windows_in_spring_leave_no_gap() -> None:
    before = condition(utc(2024, 3, 10, 5), utc(2024, 3, 10, 7, 30), clock=utc(2025, 1, 1))
    after = condition(utc(2024, 3, 10, 7, 30), utc(2024, 3, 10, 9), clock=utc(2025, 1, 1))

    assert "`ModifiedDate` < TIMESTAMP'2024-03-10 03:30:00.000000'" in before
    assert "`ModifiedDate` >= TIMESTAMP'2024-03-10 03:30:00.000000'" in after


def test_date_watermark_reads_its_whole_day_again() -> None:
    column = SourceColumn("Updated_Date", "date", "date")
    sql = condition(utc(2024, 6, 1, 19), utc(2024, 6, 2, 4), column=column)

    assert "`Updated_Date` >= TIMESTAMP'2024-06-01 00:00:00.000000'" in sql


def test_timestamp_watermark_is_compared_in_utc() -> None:
    column = SourceColumn("updated_at", "timestamp", "timestamp")
    sql = condition(None, NOON, column=column)

    assert "`updated_at` < TIMESTAMP'2024-06-01 16:00:00.000000'" in sql


def test_watermark_must_be_a_date_or_time() -> None:
    with pytest.raises(SourceError, match=r"varchar \(column ModifiedDate\)"):
        condition(None, NOON, column=SourceColumn("ModifiedDate", "varchar", "varchar(20)"))


def test_bounds_must_be_aware() -> None:
    with pytest.raises(ConfigError, match="time zone"):
        Window(None, datetime(2024, 1, 1), NOON)  # noqa: DTZ001


@pytest.mark.parametrize("name", ["", "a" * 65, "a\n", " a", "a\x00b", "\u200b"])
def test_names_that_no_column_can_have_are_refused(name: str) -> None:
    with pytest.raises(ConfigError, match="can have this name"):
        quote(name)


@pytest.mark.parametrize(
    ("name", "quoted"),
    [
        ("a`b", "`a``b`"),
        ("a`; DROP TABLE x; --", "`a``; DROP TABLE x; --`"),
        ("Paid Amt ($)", "`Paid Amt ($)`"),
        ("1a", "`1a`"),
        ("Año", "`Año`"),
    ],
)
def test_a_name_is_quoted_whatever_it_holds(name: str, quoted: str) -> None:
    assert quote(name) == quoted


@pytest.mark.parametrize("kind", ["geometry", "point", "vector", "number 99 of the MySQL protocol"])
def test_type_that_cannot_be_landed_is_named(kind: str) -> None:
    with pytest.raises(SourceError, match=rf"type {kind} cannot be landed \(table t, column place"):
        require_spelling(SourceColumn("place", kind, kind), "table t")


def test_rows_come_in_the_order_of_values_not_of_their_spelling() -> None:
    columns = [SourceColumn("id", "int", "int"), MODIFIED]

    sql = select_sql("patients", columns, ["ID", "Changed"], "", ["ModifiedDate", "id"])

    assert sql.endswith(" FROM `patients` ORDER BY `patients`.`ModifiedDate`, `patients`.`id`")


def test_keys_travel_as_hexadecimal_or_whole_numbers() -> None:
    columns = [SourceColumn("ID", "varchar", "varchar(9)"), SourceColumn("No", "int", "int")]

    sql = keys_condition(columns, [("a'; DROP", "7"), ("é", "-1")])

    assert sql == "(`ID`, `No`) IN ((_utf8mb4 X'61273b2044524f50', 7), (_utf8mb4 X'c3a9', -1))"
    with pytest.raises(ValueError, match="invalid literal"):
        keys_condition(columns[1:], [("1 OR 1",)])


def test_keys_of_bytes_are_their_hexadecimal_spelling() -> None:
    columns = [SourceColumn("ID", "binary", "binary(2)")]

    assert keys_condition(columns, [("00ff",)]) == "(`ID`) IN ((X'00ff'))"
    with pytest.raises(ValueError, match="hexadecimal"):
        keys_condition(columns, [("x' OR 1",)])


def test_no_keys_are_no_rows() -> None:
    assert keys_condition([MODIFIED], []) == "FALSE"


@pytest.mark.parametrize(
    ("zone", "hour"),
    [
        pytest.param(NEW_YORK, 12, id="behind-utc"),
        pytest.param(ZoneInfo("Asia/Tokyo"), 16, id="ahead-of-utc"),
    ],
)
def test_what_is_settled_was_written_before_the_bound_in_zone_and_utc(
    zone: ZoneInfo, hour: int
) -> None:
    assert settled_before(NOON, zone).hour == hour
