"""What a run of the warm Airflow process is called."""

from __future__ import annotations

from datetime import UTC, datetime

from local.airflow.worker import run_name

DAY = datetime(2026, 2, 1, tzinfo=UTC)
NOON, EVENING = datetime(2026, 11, 28, 12, tzinfo=UTC), datetime(2026, 11, 28, 18, tzinfo=UTC)


def test_a_daily_date_that_runs_again_is_the_same_run() -> None:
    assert run_name("rcm_daily", DAY, NOON) == "rcm_daily__2026-02-01"
    assert run_name("rcm_daily", DAY, NOON) == run_name("rcm_daily", DAY, EVENING)


def test_two_comparisons_of_a_day_are_two_runs() -> None:
    first, second = (run_name("rcm_reconcile_keys", DAY, at) for at in (NOON, EVENING))
    assert first != second
    assert first.startswith("rcm_reconcile_keys__2026-02-01")
