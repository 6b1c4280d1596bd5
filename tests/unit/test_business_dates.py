"""The business date of a run, and when a date may run. The hospitals: New York and Chicago."""

from __future__ import annotations

from datetime import UTC, date, datetime
from types import SimpleNamespace

import pytest

from utils.contracts.hospital_days import full_from, hospital_day, last_full_day
from utils.errors import PipelineError
from utils.orchestration import business_dates
from utils.orchestration.business_dates import business_date, require_full
from utils.settings import settings


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def run(dag_id: str, logical_date: str | None, run_after: str) -> SimpleNamespace:
    logical = at(logical_date) if logical_date else None
    return SimpleNamespace(dag_id=dag_id, logical_date=logical, run_after=at(run_after))


@pytest.mark.parametrize(
    ("dag_id", "logical_date", "run_after", "day"),
    [
        # The interval that begins on the 31st ends on the 1st, when the run starts.
        ("rcm_daily", "2026-01-31 06:00", "2026-02-01 06:00", date(2026, 1, 31)),
        ("rcm_daily", "2026-01-31 00:00", "2026-11-28 12:00", date(2026, 1, 31)),
        ("rcm_daily", None, "2026-02-01 06:00", date(2026, 1, 31)),
        ("rcm_daily", None, "2026-02-01 05:59", date(2026, 1, 30)),
        # What other DAGs do is about now, and now no later day than yesterday is over.
        ("rcm_reconcile_keys", "2026-02-01 10:00", "2026-02-01 10:00", date(2026, 1, 31)),
        ("rcm_rebuild_silver", "2026-01-20 00:00", "2026-02-01 10:00", date(2026, 1, 20)),
        ("rcm_rebuild_silver", "2042-01-01 00:00", "2026-02-01 10:00", date(2026, 1, 31)),
    ],
)
def test_business_date_of_a_run(
    dag_id: str, logical_date: str | None, run_after: str, day: date
) -> None:
    """B1: the scheduled run of the 1st is the one that closes January."""
    assert business_date(run(dag_id, logical_date, run_after)) == day


@pytest.mark.parametrize(
    ("day", "over"),
    [
        (date(2026, 1, 31), "2026-02-01 06:00"),
        (date(2026, 7, 31), "2026-08-01 05:00"),
        (date(2026, 3, 8), "2026-03-09 05:00"),  # clocks go forward on this day
        (date(2026, 11, 1), "2026-11-02 06:00"),  # and back on this one
    ],
)
def test_a_day_is_over_when_the_last_hospital_has_had_its_midnight(day: date, over: str) -> None:
    assert full_from(day) == (at(over), "America/Chicago")
    assert last_full_day(at(over)) == day


@pytest.mark.parametrize(
    ("day", "now"),
    [
        (date(2026, 1, 31), "2026-02-01 05:30"),
        (date(2026, 1, 31), "2026-01-31 20:00"),
        (date(2042, 1, 1), "2026-02-01 06:00"),
    ],
)
def test_date_that_is_not_over_is_refused_with_zone_and_earliest_instant(
    day: date, now: str
) -> None:
    over = full_from(day)[0]
    with pytest.raises(PipelineError, match=f"{day} is not over in America/Chicago") as refused:
        require_full(day, "run scheduled", at(now))

    assert f"before {over:%Y-%m-%d %H:%M} UTC" in str(refused.value)
    assert f"may run now is {last_full_day(at(now))}" in str(refused.value)


def test_date_that_is_over_may_run() -> None:
    require_full(date(2026, 1, 31), "run", at("2026-02-01 06:00"))


def test_date_beyond_sources_that_do_not_go_on_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Unpausing the schedule of a simulated world does not bring gold to today's date."""
    ended = settings().model_copy(update={"sources_end": date(2026, 2, 2)})
    monkeypatch.setattr(business_dates, "settings", lambda: ended)

    require_full(date(2026, 2, 2), "run", at("2026-11-28 12:00"))
    with pytest.raises(PipelineError, match="end with 2026-02-02.*pause rcm_daily"):
        require_full(date(2026, 11, 27), "run", at("2026-11-28 12:00"))


def test_instant_is_dated_in_the_zone_of_the_hospital_whose_row_it_is() -> None:
    sql = hospital_day("inserted_at", "source_system")

    assert sql.startswith("DATE(inserted_at, CASE source_system WHEN 'hospital_a' ")
    assert "WHEN 'hospital_a' THEN 'America/New_York'" in sql
    assert "WHEN 'hospital_b' THEN 'America/Chicago'" in sql


def test_environment_has_to_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RCM_ENVIRONMENT", "")
    settings.cache_clear()
    try:
        with pytest.raises(PipelineError, match="RCM_ENVIRONMENT is not set.*dev, local, prod"):
            settings()
        monkeypatch.setenv("RCM_ENVIRONMENT", "staging")
        with pytest.raises(PipelineError, match="no environment `staging`"):
            settings()
        monkeypatch.setenv("RCM_ENVIRONMENT", "dev")
        monkeypatch.setenv("RCM_SOURCES_END", "2026-02-02")
        assert settings().sources_end == date(2026, 2, 2)
    finally:
        settings.cache_clear()
