"""The run as audit sees it: opened by the first task, closed by the last, failed by any.

The functions take an Airflow task context as a plain mapping.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from utils.audit import lease
from utils.audit.hospitals import record_hospitals
from utils.audit.loads import refused_loads
from utils.audit.publications import held_back, latest_gold_date
from utils.audit.runs import Run, fail_abandoned, fail_run, start_run, succeed_run
from utils.audit.tables import create_audit_tables
from utils.contracts.sources import hospital_sources
from utils.errors import SourceError
from utils.orchestration.business_dates import DAILY, business_date, require_full
from utils.orchestration.failures import in_words
from utils.orchestration.warehouse import create_all
from utils.paths import code_version
from utils.settings import settings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from utils.audit.publications import HeldBack
    from utils.audit.runs import RunIdentity


def current(context: Mapping[str, Any]) -> Run:
    """The run of a task."""
    run = context["dag_run"]
    return Run(run_id=run.run_id, dag_id=run.dag_id, business_date=business_date(run))


def gold_date(run: Any) -> date:
    """The business date that gold shows after a run.

    Gold goes on to the date of a daily run, and never back: a backfill or a rebuild changes what
    is known, not the day on which balances and ages stand.
    """
    day, shown = business_date(run), latest_gold_date()
    return day if shown is None or (run.dag_id == DAILY and day > shown) else shown


def open_run(context: Mapping[str, Any]) -> bool:
    """Records that the run began and takes the lease; False while another run holds it.

    Creates what is missing of the tables and views. Audit comes first, so that it can say what
    is wrong with anything else.

    Raises:
        PipelineError: the business date of a daily run is not over, or beyond the sources.
    """
    create_audit_tables()
    run = current(context)
    if run.dag_id == DAILY:
        require_full(run.business_date, f"run {run.run_id}", datetime.now(tz=UTC))
    holder = lease.take(run)
    if not holder.is_run(run) and not _is_live(holder, context):
        abandoned, holder = holder, lease.take(run, instead_of=holder)
        if holder.is_run(run):
            fail_abandoned(abandoned, successor=run)
    if not holder.is_run(run):
        return False
    start_run(run, code_version())
    record_hospitals(
        (name, source.unexplained_limit) for name, source in hospital_sources().items()
    )
    create_all(settings())
    return True


def _is_live(holder: RunIdentity, context: Mapping[str, Any]) -> bool:
    """Whether Airflow knows that the holder of the lease goes on."""
    ti = context["ti"]
    if not ti.get_dr_count(holder.dag_id, run_ids=[holder.run_id]):
        return False
    return ti.get_dagrun_state(holder.dag_id, holder.run_id) in ("queued", "running")


def close_run(context: Mapping[str, Any]) -> None:
    """Records that the run did all its work and gives the lease back.

    Raises:
        SourceError: loads of the run were not published, or hospitals are held back from gold;
            everything else was published.
    """
    run = current(context)
    reasons = [load.error or load.load_id for load in refused_loads(run)]
    reasons += [_in_words(held) for held in held_back()]
    if reasons:
        raise SourceError(" ".join(reasons), where=f"run {run.run_id}")
    succeed_run(run)
    lease.release(run)


def _in_words(held: HeldBack) -> str:
    shown = f"its gold is of {held.gold_date}" if held.gold_date else "there is no gold of it yet"
    return (
        f"{held.source_system} has been held back since {held.since}, {shown}: {held.reason}. "
        "The others are published. Mend the cause; docs/held-back.md says how it was found."
    )


def record_failure(context: Mapping[str, Any]) -> None:
    """Failure callback of every task: audit says which task failed and why.

    Only our own words are quoted, because they never carry a row's values; of any other error its
    kind and place are recorded, and the task's log has the rest.
    """
    message = in_words(context.get("exception"))
    fail_run(current(context), context["ti"].task_id, message)
