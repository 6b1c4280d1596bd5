from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest

from utils.errors import ConfigError, SourceError
from utils.landing.mysql_query import (
    SourceColumn,
    Window,
    arrow_type,
    expression,
    keys_condition,
    quote,
    select_sql,
    settled_before,
    window_condition,
)

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


@pytest.mark.parametrize(
    "name", ["a`b", "a;DROP TABLE x", "", "a.b", "1a", "a" * 65, "{{ x }}", "a\n"]
)
def test_names_outside_the_allow_list_are_refused(name: str) -> None:
    with pytest.raises(ConfigError, match="not allowed"):
        quote(name)


@pytest.mark.parametrize(
    ("column", "kind"),
    [
        (SourceColumn("c", "tinyint", "tinyint(1)"), pa.int64()),
        (SourceColumn("c", "int", "int(10) unsigned"), pa.int64()),
        (SourceColumn("c", "bigint", "bigint(20)"), pa.int64()),
        (SourceColumn("c", "bigint", "bigint(20) unsigned"), pa.decimal128(20, 0)),
        (SourceColumn("c", "decimal", "decimal(18,2)", 18, 2), pa.decimal128(18, 2)),
        (SourceColumn("c", "decimal", "decimal(65,30)", 65, 30), pa.string()),
        (SourceColumn("c", "date", "date"), pa.date32()),
        (SourceColumn("c", "datetime", "datetime(6)"), pa.timestamp("us")),
        (SourceColumn("c", "timestamp", "timestamp"), pa.timestamp("us", tz="UTC")),
        (SourceColumn("c", "time", "time"), pa.string()),
        (SourceColumn("c", "enum", "enum('a')"), pa.string()),
        (SourceColumn("c", "blob", "blob"), pa.binary()),
    ],
    ids=lambda value: value.column_type if isinstance(value, SourceColumn) else "",
)
def test_bronze_type_of_a_source_type(column: SourceColumn, kind: pa.DataType) -> None:
    assert arrow_type(column) == kind


def test_type_that_cannot_be_landed_is_named() -> None:
    with pytest.raises(SourceError, match=r"type geometry cannot be landed \(column place\)"):
        arrow_type(SourceColumn("place", "geometry", "geometry"))


@pytest.mark.parametrize(
    ("digits", "scale", "sql"),
    [(18, 2, "`c`"), (28, 10, "`c`"), (29, 10, "CAST(`c` AS CHAR)"), (20, 11, "CAST(`c` AS CHAR)")],
)
def test_decimals_wider_than_the_carrier_travel_as_text(digits: int, scale: int, sql: str) -> None:
    assert expression(SourceColumn("c", "decimal", "", digits, scale)) == sql


def test_statement_flags_dates_that_no_calendar_has() -> None:
    columns = [SourceColumn("id", "varchar", ""), SourceColumn("DOB", "date", ""), MODIFIED]

    sql = select_sql("patients", columns, ["ID", "DOB", "ModifiedDate"], "", ["ModifiedDate", "id"])

    assert "`id` AS `ID`" in sql
    assert "IF(YEAR(`DOB`) > 0, `DOB` + INTERVAL 0 DAY, NULL) AS `DOB`" in sql
    assert "`DOB` IS NOT NULL AND IF(YEAR(`DOB`) > 0, `DOB` + INTERVAL 0 DAY, NULL)" in sql
    assert sql.endswith(" * 2 AS _invalid_dates FROM `patients` ORDER BY `ModifiedDate`, `id`")


def test_keys_travel_as_hexadecimal_or_whole_numbers() -> None:
    columns = [SourceColumn("ID", "varchar", "varchar(9)"), SourceColumn("No", "int", "int")]

    sql = keys_condition(columns, [("a'; DROP", "7"), ("é", "-1")])

    assert sql == "(`ID`, `No`) IN ((_utf8mb4 X'61273b2044524f50', 7), (_utf8mb4 X'c3a9', -1))"
    with pytest.raises(ValueError, match="invalid literal"):
        keys_condition(columns[1:], [("1 OR 1",)])


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
