"""The runbook's query shows accounts as they were known on a past day."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from local.paths import ROOT
from utils import bigquery

if TYPE_CHECKING:
    from tests.sql_support import Row, Warehouse

JANUARY, CORRECTED, LATER = (f"2026-{day}T10:00:00Z" for day in ("01-20", "01-25", "02-05"))
FIRST_READ, READ_AGAIN = "2026-02-02T05:00:00Z", "2026-02-10T05:00:00Z"
OPEN = "9999-12-31T00:00:00Z"


def revision(account: str, event_at: str, known: tuple[str, str], open_amount: int | None) -> Row:
    return {
        "source_system": "hospital_a",
        "transaction_key": account,
        "event_at": event_at,
        "known_from": known[0],
        "known_to": known[1],
        "open_amount": open_amount,
        "is_deleted": open_amount is None,
    }


KNOWN = [
    # Reported as 100, then the same change was read as 80.
    revision("corrected in place", JANUARY, (FIRST_READ, READ_AGAIN), 100),
    revision("corrected in place", JANUARY, (READ_AGAIN, OPEN), 80),
    # A change of January that came too late for the report.
    revision("late posting", JANUARY, (FIRST_READ, OPEN), 50),
    revision("late posting", CORRECTED, (READ_AGAIN, OPEN), 20),
    revision("came after the report", JANUARY, (READ_AGAIN, OPEN), 7),
    revision("deleted in January", JANUARY, (FIRST_READ, OPEN), 9),
    revision("deleted in January", CORRECTED, (FIRST_READ, OPEN), None),
    revision("deleted later", JANUARY, (FIRST_READ, OPEN), 11),
    revision("deleted later", LATER, (READ_AGAIN, OPEN), None),
    revision("changed in February", JANUARY, (FIRST_READ, OPEN), 30),
    revision("changed in February", LATER, (READ_AGAIN, OPEN), 0),
]


def known_at(warehouse: Warehouse, moment: str) -> dict[str, int]:
    """What the runbook's query returns for a moment instead of the one that it names."""
    text = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
    [query] = re.findall(r"```sql\n(SELECT [^`]*transactions_revisions[^`]*)```", text)
    table = warehouse.environment.table("silver", "transactions_revisions")
    query = query.replace("silver.transactions_revisions", f"`{table}`")
    rows = bigquery.query(query.replace("2026-02-02 12:00:00", moment))
    return {row["transaction_key"]: int(row["open_amount"]) for row in rows}


def test_accounts_are_shown_as_known_then_and_as_known_by_now(warehouse: Warehouse) -> None:
    warehouse.fill("transactions_revisions", KNOWN)

    assert known_at(warehouse, "2026-02-02 12:00:00") == {
        "corrected in place": 100,
        "late posting": 50,
        "deleted later": 11,
        "changed in February": 30,
    }
    assert known_at(warehouse, "2026-03-01 00:00:00") == {
        "corrected in place": 80,
        "late posting": 20,
        "came after the report": 7,
        "deleted later": 11,
        "changed in February": 30,
    }
