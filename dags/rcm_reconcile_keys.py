"""Finds what incremental windows cannot show: rows deleted at a hospital, and rows overlooked.

**What it does.** Reads the keys of every table of every database (a task per source) and compares
them with silver. A row that is gone is closed in silver at the moment of the comparison; its
history stays. A row that published windows should have brought is read again. Both are published
like any batch.

**When it fails.** A table that lost more rows than `max_delete_share` in its source's file allows,
is empty or went back in time stops its source before anything is closed; the error names table and
counts, and the other sources are published. If the deletion is right, trigger the DAG with
`{"accept": ["<source>.<table>"]}`.

**Backfill.** There is nothing to backfill: a comparison is about now.
"""

from __future__ import annotations

from airflow.sdk import Param, chain, dag, get_current_context, task

from utils.contracts.sources import sources
from utils.maintenance import reconcile
from utils.orchestration import runs
from utils.orchestration.connections import source_uri
from utils.orchestration.options import DAG_OPTIONS
from utils.orchestration.publish import close_run, open_run, publish_batch


@task(map_index_template="{{ task.op_kwargs['source_name'] }}")
def compare_keys(source_name: str) -> int:
    """Lands deletions and overlooked rows of a database; returns how many loads landed.

    Delivered files have no keys to compare: a row that a file leaves out is not deleted.
    """
    context, source = get_current_context(), sources()[source_name]
    accepted = reconcile.accepted_tables(context["params"]["accept"])
    uri = source_uri(source)
    if source.kind == "files" or uri is None:
        return 0
    return reconcile.reconcile(source, runs.current(context), uri, accepted)


@dag(
    schedule="0 10 * * 0",
    doc_md=__doc__,
    tags=["rcm", "weekly"],
    params={
        "accept": Param(
            [],
            type="array",
            items={"type": "string"},
            description="Tables, as source.table, whose mass deletion is confirmed.",
        )
    },
    **DAG_OPTIONS,
)
def rcm_reconcile_keys() -> None:
    compared, closed = compare_keys.expand(source_name=open_run()), close_run()
    chain(compared, publish_batch(), closed)
    chain(compared, closed)


rcm_reconcile_keys()
