"""Records of what readers see: silver batches and the date that gold shows."""

from __future__ import annotations

from datetime import date, datetime
from typing import NamedTuple

from utils.audit.tables import audit_table
from utils.gcp import bigquery


class HeldBack(NamedTuple):
    """A hospital whose gold is not that of the last run.

    Attributes:
        source_system: the hospital.
        gold_date: business date of its published rows; None if there are none yet.
        since: first business date that was not published.
        reason: the broken promises, in words.
    """

    source_system: str
    gold_date: date | None
    since: date
    reason: str


def held_back() -> list[HeldBack]:
    """The hospitals that gold holds back, by name."""
    return [
        HeldBack(*row.values()) for row in bigquery.query_file("audit/held_back.sql", audit_table)
    ]


def published_batches(rebuilds: str, trusted_before: datetime | None = None) -> list[str]:
    """Addresses of the silver batches that together are the state, oldest first.

    Args:
        rebuilds: address under which rebuilds lie; each replaces all batches before it.
        trusted_before: a rebuild that is not older than this replaces nothing yet.
    """
    rows = bigquery.query_file("audit/published_batches.sql", audit_table)
    batches = [row["batch_uri"] for row in rows]
    rebuilt = [
        place
        for place, row in enumerate(rows)
        if row["batch_uri"].startswith(f"{rebuilds}/")
        and (trusted_before is None or row["published_at"] < trusted_before)
    ]
    return batches[rebuilt[-1] :] if rebuilt else batches


def latest_gold_date() -> date | None:
    """The latest business date that gold was published for; None before the first."""
    [row] = bigquery.query_file("audit/latest_gold_date.sql", audit_table)
    shown: date | None = row["shown"]
    return shown
