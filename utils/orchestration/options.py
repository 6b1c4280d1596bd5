"""Options that all DAGs share: owner, retries, time limits and what happens when a task fails."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pendulum

from utils.orchestration.runs import record_failure
from utils.settings import settings

DAG_OPTIONS: dict[str, Any] = {
    "start_date": pendulum.datetime(2020, 1, 1, tz="UTC"),
    "catchup": False,
    # The lease lets one run at a time work. With a limit of one, a run that Airflow never starts,
    # as one whose date has not come, would hold up all others.
    "max_active_runs": 4,
    "default_args": {
        "owner": "revenue-cycle-data",
        "retries": settings().retries,
        "retry_delay": settings().retry_delay,
        "execution_timeout": timedelta(hours=1),
        "on_failure_callback": record_failure,
    },
}
