"""Records of delivered files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from utils.audit.rows import upsert_rows
from utils.audit.tables import audit_table
from utils.gcp import bigquery

if TYPE_CHECKING:
    from collections.abc import Sequence


def known_files(source: str, table: str) -> tuple[dict[str, list[str]], set[tuple[str, int]]]:
    """What a source delivered before.

    Returns:
        Per source system the SHA-256 of contents in the order in which they landed, and (uri,
        generation) of every object that needs no further attention; a refused one is looked at
        again.
    """
    rows = bigquery.query_file(
        "audit/known_files.sql", audit_table, {"source": source, "table": table}
    )
    contents: dict[str, list[str]] = {}
    for row in rows:
        if row["has_landed"]:
            contents.setdefault(row["source_system"], []).append(row["sha256"])
    return contents, {(row["uri"], row["generation"]) for row in rows}


def landed_files(source: str, table: str) -> dict[str, list[str]]:
    """Addresses of the files that landed, per source system."""
    rows = bigquery.query_file(
        "audit/landed_files.sql", audit_table, {"source": source, "table": table}
    )
    landed: dict[str, list[str]] = {}
    for row in rows:
        landed.setdefault(row["source_system"], []).append(row["uri"])
    return landed


def record_files(files: Sequence[dict[str, object]]) -> None:
    """Writes what became of delivered files, in the shape of `files`."""
    upsert_rows("files", ["uri", "generation"], files)
