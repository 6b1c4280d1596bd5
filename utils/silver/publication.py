"""The script that publishes a staged silver batch.

One BigQuery transaction replaces the versions and revisions of every affected key, brings the
quarantine ledger up to date and records the publication. Readers see all of a batch or nothing of
it, and the watermark moves in the same step.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from utils.audit import lease
from utils.audit.tables import audit_table
from utils.contracts.entities import entities
from utils.gcp.templates import render
from utils.paths import SQL
from utils.settings import settings
from utils.silver import quarantine
from utils.silver.staging import DQ, LOADS, PUBLISHED, QUARANTINE, staged_table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from utils.contracts.entities import Entity, SilverTable


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
            f"IF EXISTS (SELECT 1 FROM {audit_table('publications')} "
            "WHERE publication_id = @batch_id) THEN RETURN; END IF",
            *_check_balance(is_rebuild),
            *(_check_history(staged, is_rebuild) if staged else []),
            *(_check_rejections() if is_rebuild else []),
            "BEGIN TRANSACTION",
            *lease.hold_statements(audit_table("leases")),
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
        f"UPDATE {audit_table('table_loads')} AS known SET error = found.message FROM ("
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
        "table_loads": audit_table("table_loads"),
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
    loads = audit_table("table_loads")
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
        f"DELETE FROM {audit_table('dq_results')} WHERE layer = 'silver' "
        f"AND load_id IN (SELECT load_id FROM {loads} WHERE batch_id = @batch_id)",
        f"INSERT INTO {audit_table('dq_results')} "
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
            "table_loads": audit_table("table_loads"),
            "files": audit_table("files"),
        }.__getitem__,
        "audit/refused.sql",
    )
    return [
        f"UPDATE {audit_table('files')} AS known SET state = 'REFUSED', reason = refused.message "
        f"FROM ({refused}) AS refused WHERE known.load_id = refused.load_id",
        f"UPDATE {audit_table('table_loads')} AS known SET state = 'FAILED', "
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
        f"INSERT INTO {audit_table('publications')} "
        "(publication_id, layer, business_date, batch_uri, run_id, published_at) "
        "SELECT @batch_id, 'silver', @business_date, @batch_uri, @run_id, CURRENT_TIMESTAMP()",
    ]


def _silver(table: str) -> str:
    return f"`{settings().table('silver', table)}`"
