"""Plans, stages and publishes a silver batch.

Spark writes a batch into the lake; load jobs bring it into staging tables; one BigQuery
transaction then replaces the versions and revisions of every affected key, brings the quarantine
ledger up to date and records the publication. Readers see all of a batch or nothing of it, and
the watermark moves in the same step.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from utils import audit, bigquery, layout, lease, quarantine, storage
from utils.configs import StrictModel
from utils.entities import entities
from utils.paths import SQL
from utils.settings import settings
from utils.spark_spec import silver_spec
from utils.sql import render

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from utils.audit import Load, Run
    from utils.entities import Entity, SilverTable

_TOKEN_LENGTH = 12
_REBUILDS = "rebuilds"
_AMOUNT_STATES = ("read", "merged", "unchanged", "deduplicated", "quarantined")
LOADS = [
    ("load_id", "STRING"),
    ("entity", "STRING"),
    ("source_system", "STRING"),
    *((f"rows_{state}", "INT64") for state in _AMOUNT_STATES),
    *((f"{kind}_{state}", "NUMERIC") for kind in ("billed", "paid") for state in _AMOUNT_STATES),
]
QUARANTINE = [
    ("entity", "STRING"),
    ("source_system", "STRING"),
    ("load_id", "STRING"),
    ("row_id", "INT64"),
    ("record_key", "STRING"),
    ("held_key", "STRING"),
    ("row_hash", "STRING"),
    ("event_at", "TIMESTAMP"),
    ("observed_at", "TIMESTAMP"),
    ("rule", "STRING"),
    ("rule_version", "STRING"),
    ("rules", "STRING"),
    ("reason", "STRING"),
    ("billed_amount", "NUMERIC"),
    ("paid_amount", "NUMERIC"),
]
DQ = [
    ("entity", "STRING"),
    ("source_system", "STRING"),
    ("load_id", "STRING"),
    ("rule", "STRING"),
    ("severity", "STRING"),
    ("reason", "STRING"),
    ("rows_checked", "INT64"),
    ("rows_failed", "INT64"),
]
ACCEPTED = [
    ("entity", "STRING"),
    ("record_key", "STRING"),
    ("event_at", "TIMESTAMP"),
]
REFUSED = [
    ("load_id", "STRING"),
    ("rule", "STRING"),
    ("rows_read", "INT64"),
    ("rows_held", "INT64"),
]
REPORTS = {
    "loads": LOADS,
    "quarantine": QUARANTINE,
    "dq": DQ,
    "accepted": ACCEPTED,
    "refused": REFUSED,
}
PUBLISHED = "silver"


class Batch(StrictModel):
    """A silver batch: which loads it merges and where its specification lies.

    A rebuild merges every load that was ever published into nothing, and replaces silver.
    """

    batch_id: str
    spec_uri: str
    output_uri: str
    entities: tuple[str, ...]
    load_ids: tuple[str, ...]
    is_rebuild: bool = False


def plan(run: Run) -> Batch:
    """Writes the specification of the batch that merges every load that waits for it.

    Loads that an earlier, failed run landed are part of it, so nothing that landed is left behind.
    """
    waiting = audit.loads("state IN ('LANDED', 'MERGED')")
    return prepare(run, waiting, "batches")


def plan_rebuild(run: Run) -> Batch:
    """Writes the specification of the batch that builds silver anew from bronze.

    It judges every row by today's rules, so the rows that replays released need no second reading.
    """
    published = audit.loads("state = 'PUBLISHED' AND replays IS NULL")
    return prepare(run, published, _REBUILDS)


def prepare(run: Run, loads: Sequence[Load], folder: str) -> Batch:
    """Writes the specification of a batch of these loads; `folder` of silver takes its output.

    Every call names a new batch: an earlier attempt's may still be written somewhere, and a run
    that was deleted and made again has the id of the first one.
    """
    batch_id = f"{run.business_date:%Y%m%d}-{uuid4().hex[:_TOKEN_LENGTH]}"
    is_rebuild = folder == _REBUILDS
    rebuilds = settings().lake_uri("silver", _REBUILDS)
    history = [] if is_rebuild else audit.published_batches(rebuilds)
    spec = silver_spec(batch_id, run.business_date, loads, history, is_limited=not is_rebuild)
    batch = Batch(
        batch_id=batch_id,
        spec_uri=settings().lake_uri("silver", "specs", f"{batch_id}.json"),
        output_uri=settings().lake_uri("silver", folder, batch_id),
        entities=tuple(sorted({load.entity for load in loads})),
        load_ids=tuple(load.load_id for load in loads),
        is_rebuild=is_rebuild,
    )
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "spec.json"
        path.write_text(json.dumps(spec, indent=1), encoding="utf-8")
        storage.upload(path, batch.spec_uri)
    return batch


def stage(batch: Batch, run: Run) -> None:
    """Brings a finished batch into the staging tables and marks its loads as merged.

    Raises:
        StateError: the run has lost its lease, so the staging tables are another run's.
    """
    lease.require(run)
    layout.create_views(settings())
    load_staging(batch, PUBLISHED)
    bigquery.query(
        f"UPDATE {audit.name('table_loads')} SET state = 'MERGED', batch_id = @batch_id "
        "WHERE load_id IN UNNEST(JSON_VALUE_ARRAY(@load_ids)) AND state IN ('LANDED', 'MERGED')",
        {"batch_id": batch.batch_id, "load_ids": json.dumps(batch.load_ids)},
    )


def load_staging(batch: Batch, purpose: str) -> None:
    """Replaces the staging tables of a purpose, such as PUBLISHED, by a batch's output."""
    tables = [
        _staging(batch, f"{name}/{table.folder}", f"{purpose}_{table.name}", _columns(table))
        for name in batch.entities
        for table in entities()[name].silver_tables()
    ]
    reports = [
        _staging(batch, report, f"{purpose}_{report}", columns)
        for report, columns in REPORTS.items()
    ]
    bigquery.load_parquet([*tables, *reports])


def _columns(table: SilverTable) -> list[tuple[str, str]]:
    return [(column.name, column.type) for column in table.columns]


def _staging(
    batch: Batch, folder: str, table: str, columns: list[tuple[str, str]]
) -> bigquery.ParquetLoad:
    return bigquery.ParquetLoad(
        uris=[f"{batch.output_uri}/{folder}/*.parquet"],
        table=settings().table("staging", table),
        # Another batch may have been staged since, so the job must run again, whatever ran before.
        job_id=f"stage-{batch.batch_id}-{table}-{uuid4().hex[:_TOKEN_LENGTH]}",
        schema=columns,
    )


def publish_sql(names: Iterable[str], *, is_rebuild: bool = False) -> str:
    """Checks what is staged for these entities and publishes it in one transaction.

    A batch replaces what is published of the keys that it brings, a rebuild everything. A rebuild
    leaves the loads as they are recorded: what each of them brought on its day stays true.

    Query parameters: @batch_id, @batch_uri, @run_id STRING and @business_date DATE. A batch that
    is published already stays as it is: later ones may stand on it. The script ends with an error
    and changes nothing when a load does not balance, when a history breaks a promise, or when the
    run has lost its lease.
    """
    staged = [entities()[name] for name in names]
    return ";\n".join(
        [
            "DECLARE imbalances STRING",
            "DECLARE broken STRING",
            f"IF EXISTS (SELECT 1 FROM {audit.name('publications')} "
            "WHERE publication_id = @batch_id) THEN RETURN; END IF",
            *_check_balance(is_rebuild),
            *(_check_history(staged, is_rebuild) if staged else []),
            *(_check_rejections() if is_rebuild else []),
            "BEGIN TRANSACTION",
            *lease.hold_statements(audit.name("leases")),
            *[
                line
                for entity in staged
                for table in entity.silver_tables()
                for line in _replace_keys(table, is_rebuild)
            ],
            *([] if is_rebuild else [*_record_loads(), *_refuse_loads()]),
            *_keep_ledger([entity.name for entity in staged], is_rebuild),
            *_record_publication(),
            "COMMIT TRANSACTION",
        ]
    )


def _check_balance(is_rebuild: bool) -> list[str]:
    """Ends the script with an error that audit quotes when a load does not add up."""
    found = _imbalances(is_rebuild)
    return [
        f"UPDATE {audit.name('table_loads')} AS known SET error = found.message FROM ("
        "SELECT load_id, STRING_AGG(FORMAT('%s: %.2f landed, %.2f read, %.2f accounted for', "
        "measure, landed, read, accounted), '; ' ORDER BY measure) AS message "
        f"FROM ({found}) AS imbalance GROUP BY load_id) AS found "
        "WHERE known.load_id = found.load_id",
        "SET imbalances = (SELECT STRING_AGG(DISTINCT load_id, ', ' ORDER BY load_id) "
        f"FROM ({found}) AS imbalance)",
        "IF imbalances IS NOT NULL THEN RAISE USING MESSAGE = "
        "CONCAT('Loads do not balance, see audit.table_loads: ', imbalances); END IF",
    ]


def _imbalances(is_rebuild: bool) -> str:
    tables = {
        "table_loads": audit.name("table_loads"),
        "silver_loads": staged_table(PUBLISHED, "loads"),
    }
    path = SQL / "audit" / "imbalances.sql"
    sql, name = path.read_text(encoding="utf-8"), "audit/imbalances.sql"
    return render(sql, tables.__getitem__, name, is_rebuild=is_rebuild)


def history_query(checked: Iterable[Entity], ref: Callable[[str], str]) -> str:
    """Counts the versions and revisions of these entities that break a promise; no rows if none.

    Args:
        checked: entities to look at, at least one.
        ref: gives the SQL name of a silver table.
    """
    tables = [table for entity in checked for table in entity.silver_tables()]
    found = [
        render(
            (SQL / "silver" / f"{gate}.sql").read_text(encoding="utf-8"),
            ref,
            f"silver/{gate}.sql",
            histories=histories,
        )
        for gate, folder in (("history", "versions"), ("revisions", "revisions"))
        if (histories := [(t.name, t.key_column) for t in tables if t.folder == folder])
    ]
    return "\nUNION ALL\n".join(f"SELECT * FROM (\n{query}\n)" for query in found)


def _check_history(staged: Sequence[Entity], is_rebuild: bool) -> list[str]:
    """Ends the script with an error when a staged history, always that of whole keys, is wrong."""

    def ref(name: str) -> str:
        return staged_table(PUBLISHED, name)

    def either(name: str) -> str:
        layer, _, table = name.partition("_")
        return ref(table) if layer == "staged" else _silver(table)

    template = (SQL / "silver" / "lost_history.sql").read_text(encoding="utf-8")
    histories = [(entity.name, entity.key_column) for entity in staged]
    lost = render(
        template, either, "silver/lost_history.sql", histories=histories, is_rebuild=is_rebuild
    )
    return [
        "SET broken = (SELECT STRING_AGG("
        "FORMAT('silver.%s: %s (%d rows)', entity, broken_promise, row_count), "
        f"'; ' ORDER BY entity, broken_promise) FROM (\n{history_query(staged, ref)}))",
        "SET broken = (SELECT STRING_AGG(complaint, '; ' ORDER BY complaint) FROM ("
        "SELECT broken AS complaint UNION ALL "
        "SELECT FORMAT('silver.%s: published history is lost (%d keys)', entity, key_count) "
        f"FROM (\n{lost}\n)))",
        "IF broken IS NOT NULL THEN RAISE USING MESSAGE = "
        "CONCAT('Nothing was published, the history in ', @batch_uri, ' is wrong: ', broken); "
        "END IF",
    ]


def _check_rejections() -> list[str]:
    """Ends the script with an error when rows that a person rejected pass today's rules."""
    passing = quarantine.rejected_rows_that_pass(staged_table(PUBLISHED, "quarantine"))
    return [
        "SET broken = (SELECT STRING_AGG(DISTINCT load_id, ', ' ORDER BY load_id) "
        f"FROM ({passing}) AS passing)",
        "IF broken IS NOT NULL THEN RAISE USING MESSAGE = CONCAT('Nothing was published: rows that "
        "were rejected pass by now, see audit.quarantine. Hold them by a rule. Loads: ', "
        "broken); END IF",
    ]


def _replace_keys(table: SilverTable, is_rebuild: bool) -> list[str]:
    columns = ", ".join(column.name for column in table.columns)
    target, staged = _silver(table.name), staged_table(PUBLISHED, table.name)
    brought = f"{table.key_column} IN (SELECT {table.key_column} FROM {staged})"
    return [
        f"DELETE FROM {target} WHERE {'TRUE' if is_rebuild else brought}",
        f"INSERT INTO {target} ({columns}) SELECT {columns} FROM {staged}",
    ]


def _record_loads() -> list[str]:
    """A replay's results are its own: those of the load that it replays stay as they were."""
    loads = audit.name("table_loads")
    counted = ", ".join(f"{column} = staged.{column}" for column, _ in LOADS[3:])
    checked = ", ".join(column for column, _ in DQ)
    own = ", ".join("known.load_id" if c == "load_id" else f"staged.{c}" for c, _ in DQ)
    of_batch = (
        "known.batch_id = @batch_id AND COALESCE(known.replays, known.load_id) = staged.load_id"
    )
    return [
        f"UPDATE {loads} AS known SET {counted}, state = 'PUBLISHED', "
        "published_at = CURRENT_TIMESTAMP(), error = NULL "
        f"FROM {staged_table(PUBLISHED, 'loads')} AS staged WHERE {of_batch}",
        f"DELETE FROM {audit.name('dq_results')} WHERE layer = 'silver' "
        f"AND load_id IN (SELECT load_id FROM {loads} WHERE batch_id = @batch_id)",
        f"INSERT INTO {audit.name('dq_results')} "
        f"(run_id, business_date, layer, {checked}, checked_at) "
        f"SELECT @run_id, @business_date, 'silver', {own}, CURRENT_TIMESTAMP() "
        f"FROM {staged_table(PUBLISHED, 'dq')} AS staged JOIN {loads} AS known ON {of_batch}",
    ]


def _refuse_loads() -> list[str]:
    """Marks loads of which nothing is published as failed, so that they are landed again."""
    path = SQL / "audit" / "refused.sql"
    refused = render(
        path.read_text(encoding="utf-8"),
        {
            "silver_refused": staged_table(PUBLISHED, "refused"),
            "table_loads": audit.name("table_loads"),
            "files": audit.name("files"),
        }.__getitem__,
        "audit/refused.sql",
    )
    return [
        f"UPDATE {audit.name('files')} AS known SET state = 'REFUSED', reason = refused.message "
        f"FROM ({refused}) AS refused WHERE known.load_id = refused.load_id",
        f"UPDATE {audit.name('table_loads')} AS known SET state = 'FAILED', "
        f"error = refused.message FROM ({refused}) AS refused "
        "WHERE known.load_id = refused.load_id AND known.batch_id = @batch_id",
    ]


def _keep_ledger(names: Iterable[str], is_rebuild: bool) -> list[str]:
    columns = [column for column, _ in QUARANTINE]
    judged = quarantine.all_rows() if is_rebuild else quarantine.replayed_rows()
    held, accepted = staged_table(PUBLISHED, "quarantine"), last_accepted(names, PUBLISHED)
    return quarantine.ledger_statements(columns, held, accepted, judged)


def last_accepted(names: Iterable[str], purpose: str) -> str:
    """SELECT of (entity, record_key, event_at): when the keys of a batch were last accepted."""
    versions = [
        f"SELECT '{name}' AS entity, {entities()[name].key_column} AS record_key, "
        f"effective_date AS event_at FROM {staged_table(purpose, name)}"
        for name in names
    ]
    others = f"SELECT entity, record_key, event_at FROM {staged_table(purpose, 'accepted')}"
    return " UNION ALL ".join([others, *versions])


def _record_publication() -> list[str]:
    return [
        f"INSERT INTO {audit.name('publications')} "
        "(publication_id, layer, business_date, batch_uri, run_id, published_at) "
        "SELECT @batch_id, 'silver', @business_date, @batch_uri, @run_id, CURRENT_TIMESTAMP()",
    ]


def _silver(table: str) -> str:
    return f"`{settings().table('silver', table)}`"


def staged_table(purpose: str, name: str) -> str:
    """SQL name of a staging table."""
    return f"`{settings().table('staging', f'{purpose}_{name}')}`"
