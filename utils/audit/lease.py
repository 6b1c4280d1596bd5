"""The lease of the lake's writers: one run at a time merges and publishes.

DAGs of this pipeline share silver, gold and audit, so a run takes the lease before it plans
anything, and whatever it publishes fails unless it still holds it. A run that died keeps the lease
until another run, told by Airflow that it is over, takes it instead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from utils.audit.tables import audit_table
from utils.errors import StateError
from utils.gcp import bigquery
from utils.schema import StrictModel

if TYPE_CHECKING:
    from utils.audit.runs import Run


_LOST = "This run does not hold the lease any more and may not publish"
_REMEDY = "Trigger the date again, or clear the run from its first task on"


class Holder(StrictModel):
    """The run that holds the lease."""

    dag_id: str
    run_id: str


def take(run: Run, instead_of: Holder | None = None) -> Holder:
    """Takes the lease if it is free, or held by this run or by `instead_of`; returns the holder.

    One statement compares and sets, so of two runs that ask at once one gets it.
    """
    replaceable = instead_of.run_id if instead_of else run.run_id
    [row] = bigquery.query(
        f"MERGE {audit_table('leases')} AS held "
        "USING (SELECT @dag_id AS dag_id, @run_id AS run_id) AS asked ON TRUE "
        "WHEN MATCHED AND COALESCE(held.run_id, @run_id) IN (@run_id, @replaceable) THEN "
        "UPDATE SET dag_id = asked.dag_id, run_id = asked.run_id, "
        "renewed_at = CURRENT_TIMESTAMP() "
        "WHEN NOT MATCHED THEN INSERT (dag_id, run_id, renewed_at) "
        "VALUES (asked.dag_id, asked.run_id, CURRENT_TIMESTAMP());\n"
        f"SELECT dag_id, run_id FROM {audit_table('leases')}",
        {"dag_id": run.dag_id, "run_id": run.run_id, "replaceable": replaceable},
    )
    return Holder(**row)


def release(run: Run) -> None:
    """Gives the lease back, if this run holds it."""
    bigquery.query(
        f"UPDATE {audit_table('leases')} SET dag_id = NULL, run_id = NULL WHERE run_id = @run_id",
        {"run_id": run.run_id},
    )


def require(run: Run) -> None:
    """Raises StateError unless the run holds the lease."""
    held = bigquery.query(
        f"SELECT run_id FROM {audit_table('leases')} WHERE run_id = @run_id", {"run_id": run.run_id}
    )
    if not held:
        raise StateError(_LOST, where=f"run {run.run_id}", remedy=_REMEDY)


def hold_statements(leases: str) -> list[str]:
    """Statements that end a transaction with an error unless @run_id holds the lease.

    They write the lease, so that a transaction fails as well if it is taken meanwhile.

    Args:
        leases: the table's full name, between backticks.
    """
    return [
        f"UPDATE {leases} SET renewed_at = CURRENT_TIMESTAMP() WHERE run_id = @run_id",
        f"IF NOT EXISTS (SELECT 1 FROM {leases} WHERE run_id = @run_id) THEN "
        f"RAISE USING MESSAGE = CONCAT('{_LOST} (run ', @run_id, '). {_REMEDY}'); END IF",
    ]
