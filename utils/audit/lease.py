"""The lease of the lake's writers: one run at a time merges and publishes.

DAGs of this pipeline share silver, gold and audit, so a run takes the lease before it plans
anything, and its publications fail unless it still holds it. A run that died keeps the lease
until another run, told by Airflow that it is over, takes it instead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from utils.audit.runs import RunIdentity
from utils.audit.tables import audit_table
from utils.errors import StateError
from utils.gcp import bigquery

if TYPE_CHECKING:
    from utils.audit.runs import Run

# The error of a run that lost the lease, here and in `sql/audit/hold_lease.sql`.
COMPLAINT = {
    "lease_lost": "This run does not hold the lease any more and may not publish",
    "lease_remedy": "Trigger the date again, or clear the run from its first task on",
}


def take(run: Run, instead_of: RunIdentity | None = None) -> RunIdentity:
    """Takes the lease if it is free, or held by this run or by `instead_of`; returns the holder.

    One statement compares and sets, so of two runs that ask at once one gets it.
    """
    replaceable = (instead_of or RunIdentity(**run.identity)).model_dump()
    [row] = bigquery.query_file(
        "audit/take_lease.sql",
        audit_table,
        {**run.identity, **{f"replaceable_{name}": value for name, value in replaceable.items()}},
    )
    return RunIdentity(**row)


def release(run: Run) -> None:
    """Gives the lease back, if this run holds it."""
    bigquery.query_file("audit/release_lease.sql", audit_table, run.identity)


def require(run: Run) -> None:
    """Raises StateError unless the run holds the lease."""
    if not bigquery.query_file("audit/lease.sql", audit_table, run.identity):
        raise StateError(
            COMPLAINT["lease_lost"],
            where=f"run {run.run_id} of {run.dag_id}",
            remedy=COMPLAINT["lease_remedy"],
        )
