"""The quarantine ledger: how a published batch changes it.

A row of the ledger is a row of a load, so that a load's rows and dollars quarantined are always
those that the ledger lists for it. It begins as `open` and ends as `released`, `superseded` or
`rejected`. Of all rows that hold the same thing (`held_key`) at most one is open: the latest. A bad
row that overlapping windows read every day is one open row, and its dollars count once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from utils.audit.tables import audit_table

if TYPE_CHECKING:
    from collections.abc import Sequence

_JUDGED = ("rule", "rule_version", "rules", "reason", "billed_amount", "paid_amount")
_CONTENT = ("entity", "held_key", "row_hash")
_SAME_ROW = "known.load_id = held.load_id AND known.row_id = held.row_id"
_CHANGED = "changed_by = @batch_id, changed_at = CURRENT_TIMESTAMP()"


def ledger_statements(columns: Sequence[str], staged: str, accepted: str, judged: str) -> list[str]:
    """The statements that bring the ledger up to date; repeated, they find nothing to do.

    Query parameter: @batch_id STRING.

    Args:
        columns: of the staged rows.
        staged: table of the rows that the batch holds.
        accepted: SELECT of (entity, record_key, event_at), when keys were last accepted.
        judged: SELECT of (load_id, row_id): held rows that the batch read again.
    """
    return [
        _insert_held(columns, staged),
        _note_readings(staged),
        _judge_again(staged),
        _change_state("released", _passed_rows(staged, judged)),
        _change_state("superseded", _outdated_rows(accepted)),
    ]


def _insert_held(columns: Sequence[str], staged: str) -> str:
    """What a person rejected stays rejected when an overlapping window reads it again."""
    held = ", ".join(f"held.{column}" for column in columns)
    content = ", ".join(_CONTENT)
    return (
        f"INSERT INTO {_ledger()} ({', '.join(columns)}, "
        "state, first_seen_at, last_seen_at, changed_by, changed_at) "
        f"SELECT {held}, IF(refused.held_key IS NULL, 'open', 'rejected'), "
        "held.observed_at, held.observed_at, @batch_id, CURRENT_TIMESTAMP() "
        f"FROM {staged} AS held LEFT JOIN {_ledger()} AS known ON {_SAME_ROW} "
        f"LEFT JOIN (SELECT DISTINCT {content} FROM {_ledger()} WHERE state = 'rejected') "
        f"AS refused ON {_same_content('refused', 'held')} WHERE known.load_id IS NULL"
    )


def _note_readings(staged: str) -> str:
    content = ", ".join(_CONTENT)
    return (
        f"UPDATE {_ledger()} AS known "
        "SET first_seen_at = seen.first_seen_at, last_seen_at = seen.last_seen_at "
        f"FROM (SELECT {content}, MIN(observed_at) AS first_seen_at, "
        f"MAX(observed_at) AS last_seen_at FROM {_ledger()} "
        f"WHERE held_key IN (SELECT held_key FROM {staged}) GROUP BY {content}) AS seen "
        f"WHERE {_same_content('known', 'seen')} AND (known.first_seen_at != seen.first_seen_at "
        "OR known.last_seen_at != seen.last_seen_at)"
    )


def _judge_again(staged: str) -> str:
    """A replay or rebuild judges by today's rules, which may hold a row otherwise, or again."""
    values = ", ".join(f"{column} = held.{column}" for column in _JUDGED)
    differs = " OR ".join(f"known.{column} IS DISTINCT FROM held.{column}" for column in _JUDGED)
    return (
        f"UPDATE {_ledger()} AS known SET {values}, state = 'open', {_CHANGED} "
        f"FROM {staged} AS held WHERE {_SAME_ROW} "
        f"AND (known.state = 'released' OR known.state = 'open' AND ({differs}))"
    )


def _change_state(state: str, rows: str) -> str:
    return (
        f"UPDATE {_ledger()} AS known SET state = '{state}', {_CHANGED} "
        f"FROM ({rows}) AS held WHERE {_SAME_ROW} AND known.state = 'open'"
    )


def replayed_rows() -> str:
    """SELECT of (load_id, row_id): the rows that the batch replays."""
    return (
        "SELECT replay.replays AS load_id, CAST(row_text AS INT64) AS row_id "
        f"FROM {audit_table('table_loads')} AS replay, "
        "UNNEST(JSON_VALUE_ARRAY(replay.row_ids)) AS row_text "
        "WHERE replay.batch_id = @batch_id AND replay.replays IS NOT NULL"
    )


def all_rows() -> str:
    """SELECT of (load_id, row_id): every row of the ledger, as a rebuild reads them all."""
    return f"SELECT load_id, row_id FROM {_ledger()}"


def rejected_rows_that_pass(staged: str) -> str:
    """SELECT of load_id: loads of rows that a person rejected and that a rebuild would load."""
    return (
        f"SELECT known.load_id FROM {_ledger()} AS known LEFT JOIN {staged} AS held ON {_SAME_ROW} "
        "WHERE known.state = 'rejected' AND held.load_id IS NULL"
    )


def _passed_rows(staged: str, judged: str) -> str:
    """The rows that the batch read again and that no rule holds any more."""
    return (
        f"SELECT judged.load_id, judged.row_id FROM ({judged}) AS judged "
        f"LEFT JOIN {staged} AS still ON still.load_id = judged.load_id "
        "AND still.row_id = judged.row_id WHERE still.load_id IS NULL"
    )


def _outdated_rows(accepted: str) -> str:
    """Rows in whose place a later one is held, or since which their key was accepted."""
    return (
        f"SELECT load_id, row_id FROM {_ledger()} QUALIFY ROW_NUMBER() OVER ("
        "PARTITION BY entity, held_key "
        "ORDER BY event_at DESC, observed_at DESC, load_id DESC, row_id DESC) > 1 "
        f"UNION DISTINCT SELECT waiting.load_id, waiting.row_id FROM {_ledger()} AS waiting "
        f"JOIN ({accepted}) AS accepted ON accepted.entity = waiting.entity "
        "AND accepted.record_key = waiting.record_key AND accepted.event_at >= waiting.event_at"
    )


def _same_content(one: str, other: str) -> str:
    return " AND ".join(f"{one}.{column} = {other}.{column}" for column in _CONTENT)


def _ledger() -> str:
    return audit_table("quarantine")
