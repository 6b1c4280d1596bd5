"""The runbook's queries show accounts as they were known on a past day, and what changed since."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from local.paths import ROOT
from utils.gcp import bigquery

if TYPE_CHECKING:
    from tests.given_tables import Row
    from tests.warehouse_support import Warehouse

JANUARY, CORRECTED, LATER = (f"2026-{day}T10:00:00Z" for day in ("01-20", "01-25", "02-05"))
FIRST_READ, READ_AGAIN = "2026-02-02T05:00:00Z", "2026-02-10T05:00:00Z"
OPEN = "9999-12-31T00:00:00Z"


def revision(
    account: str,
    event_at: str,
    known: tuple[str, str],
    open_amount: int | None,
    payer: str = "Aetna",
) -> Row:
    return {
        "source_system": "hospital_a",
        "payer_id": payer if open_amount is not None else None,
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


def documented(warehouse: Warehouse, begins: str) -> str:
    """The runbook's query over revisions that begins with a word."""
    text = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
    [query] = re.findall(rf"```sql\n({begins} [^`]*transactions_revisions[^`]*)```", text)
    table = warehouse.environment.table("silver", "transactions_revisions")
    return str(query).replace("silver.transactions_revisions", f"`{table}`")


def known_at(warehouse: Warehouse, moment: str) -> dict[str, int]:
    """What the query returns for a moment instead of the one that it names."""
    query = documented(warehouse, "SELECT").replace("2026-02-02 12:00:00", moment)
    rows = bigquery.query(query)
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


def test_a_reported_balance_is_bridged_to_what_is_known_by_now(warehouse: Warehouse) -> None:
    moved = [
        revision("moved", JANUARY, (FIRST_READ, READ_AGAIN), 40, "Aetna"),
        revision("moved", JANUARY, (READ_AGAIN, OPEN), 40, "Cigna"),
        revision("gone", JANUARY, (FIRST_READ, OPEN), 5, "Cigna"),
        revision("gone", CORRECTED, (READ_AGAIN, OPEN), None),
    ]
    warehouse.fill("transactions_revisions", [*KNOWN, *moved])

    rows = bigquery.query(documented(warehouse, "DECLARE"))

    # Aetna: 100 corrected to 80, 50 paid down to 20 and 7 charged late, 40 moved to Cigna, where
    # the account of 5 was deleted. The row of a deletion names no payer.
    assert [tuple(row.values())[1:] for row in rows] == [
        (None, 0, 0, 0, 0, 0),
        ("AETNA", 231, -23, -60, 0, 148),
        ("CIGNA", 5, 0, 40, -5, 40),
    ]
