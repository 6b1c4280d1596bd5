"""The script that publishes a staged silver batch.

One BigQuery transaction replaces the versions and revisions of every affected key, brings the
quarantine ledger up to date and records the publication. Readers see all of a batch or nothing of
it, and the watermark moves in the same step.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from utils.audit import lease
from utils.batch import reports
from utils.contracts.entities import entities
from utils.gcp.templates import render_file
from utils.silver.names import STAGED, batch_tables, histories

if TYPE_CHECKING:
    from collections.abc import Iterable


def publish_sql(batch_id: str, names: Iterable[str], *, is_rebuild: bool = False) -> str:
    """Checks what a batch staged for these entities and publishes it in one transaction.

    A batch replaces what is published of the keys that it brings, a rebuild everything. A rebuild
    leaves the loads as they are recorded: what each of them brought on its day stays true.

    Query parameters: @batch_id, @batch_uri, @dag_id, @run_id STRING and @business_date DATE. A
    published batch stays as it is: later ones may stand on it. The script ends with an error
    and changes nothing when a load does not balance, when a history breaks a promise, or when the
    run has lost its lease.
    """
    tables = [table for name in names for table in entities()[name].silver_tables()]
    return render_file(
        "silver/publish.sql",
        batch_tables(batch_id),
        is_rebuild=is_rebuild,
        silver_tables=tables,
        staged=[*(table.name for table in tables), *reports.REPORTS],
        load_totals=reports.names(reports.LOAD_TOTALS),
        rule_results=[name for name in reports.names(reports.DQ) if name != "load_id"],
        held_columns=reports.names(reports.QUARANTINE),
        **histories(tables, STAGED),
        **lease.COMPLAINT,
    )
