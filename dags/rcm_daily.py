"""Lands, conforms and publishes one business date.

**What it does.** Every source is landed in bronze (a task per source), one Spark batch merges all
that landed into silver, and BigQuery builds gold from it. Silver and gold are each published in
one transaction, so readers see a whole date or the one before it.

**Its date.** The last day that is over at every hospital: the run that starts on the 1st at 06:00
UTC is that of the 31st. A date that is not over is refused before anything is landed.

**When it fails.** Audit says which task failed and why: `SELECT * FROM audit.pipeline_runs`, and
for a load `audit.table_loads`. A source that cannot be landed does not stop the others: they are
published, the run fails at its end, and `gold.source_freshness` says what is missing. Mend the
cause and clear the failed task: nothing that landed is read again, and nothing that was published
is published twice.

**Backfill.** Create it from the Airflow page or as docs/runbook.md says; one run is one
business date, in any order, as often as you like.
"""

from __future__ import annotations

from airflow.sdk import CronDataIntervalTimetable, chain, dag, get_current_context, task

from utils.contracts.sources import sources
from utils.landing import land as loads
from utils.orchestration import runs
from utils.orchestration.connections import source_uri
from utils.orchestration.options import DAG_OPTIONS
from utils.orchestration.publish import close_run, open_run, publish_batch
from utils.orchestration.task_names import LAND


@task(task_id=LAND, map_index_template="{{ task.op_kwargs['source_name'] }}")
def land(source_name: str) -> int:
    """Brings what a source has for the business date to bronze; returns how many loads landed."""
    source = sources()[source_name]
    return loads.land(source, runs.current(get_current_context()), source_uri(source))


# The interval that begins on a day ends on the next one, when that day is over at every hospital.
SCHEDULE = CronDataIntervalTimetable("0 6 * * *", timezone="UTC")


@dag(schedule=SCHEDULE, doc_md=__doc__, tags=["rcm", "daily"], **DAG_OPTIONS)
def rcm_daily() -> None:
    landed, closed = land.expand(source_name=open_run()), close_run()
    chain(landed, publish_batch(), closed)
    chain(landed, closed)


rcm_daily()
