"""Which business date a run has, and whether that date may run.

A business date is a day that is over where the hospitals are. `rcm_daily` runs for the day on which
its data interval begins: the run that starts on the 1st at 06:00 UTC is that of the 31st.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from utils.contracts.hospital_days import full_from, last_full_day
from utils.errors import PipelineError
from utils.settings import settings

if TYPE_CHECKING:
    from datetime import date, datetime

DAILY = "rcm_daily"


def business_date(run: Any) -> date:
    """The business date of a run of Airflow.

    A daily run has the day of its logical date, or without one, the last day that is over. What
    another DAG does is about now: it has the last day that was over when it was asked for, or the
    day of an earlier logical date.
    """
    if run.logical_date is None:
        return last_full_day(run.run_after)
    day: date = run.logical_date.date()
    return day if run.dag_id == DAILY else min(day, last_full_day(run.run_after))


def require_full(day: date, where: str, now: datetime) -> None:
    """Makes sure that a date is over in every hospital, and that the sources reach it.

    Gold moves on to the date of a daily run and never back: a day that is not over would be called
    complete, its month closed, and a mistyped year would leave gold there.

    Raises:
        PipelineError: the date is not over, or the sources end before it.
    """
    over, zone = full_from(day)
    if over > now:
        raise PipelineError(
            f"The business date {day} is not over in {zone} before {over:%Y-%m-%d %H:%M} UTC",
            where=where,
            remedy=f"The last date that may run now is {last_full_day(now)}. Delete this run in "
            f"Airflow and trigger that date; if the schedule made this run, let `schedule` in "
            f"dags/rcm_daily.py fire at {over:%H:%M} UTC or later",
        )
    end = settings().sources_end
    if end is not None and day > end:
        raise PipelineError(
            f"The sources of this environment end with {end}: gold would age to {day} without data",
            where=where,
            remedy="Delete this run in Airflow and pause rcm_daily. To go on all the same, set "
            "RCM_SOURCES_END to a later date",
        )
