"""What every table holds, so that two runs can be compared row for row."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq

from utils.contracts.entities import entities
from utils.gcp import bigquery
from utils.settings import settings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

Content = dict[str, Counter[str]]
LAYERS = ("bronze", "silver", "gold", "audit")
# What differs between two good runs: when something happened, and ids of attempts.
VOLATILE: Mapping[str, frozenset[str]] = {
    "bronze": frozenset({"_extracted_at"}),
    "silver": frozenset(),
    "gold": frozenset(),
    "audit": frozenset(
        {
            *("started_at", "ended_at", "planned_at", "landed_at", "published_at"),
            *("seen_at", "quarantined_at", "checked_at", "renewed_at"),
            *("batch_id", "batch_uri"),
            # Of bytes that hold the time of extraction.
            "checksum",
        }
    ),
}
# A date whose sources landed in turn is published in as many batches.
_COUNTED_ONCE = "audit.publications"
# The id of a silver publication is its batch's.
_BATCH = re.compile(r"^[0-9]{8}-.*")
_SHOWN_ROWS = 2
_SHOWN_CHARACTERS = 300


def content(layers: Sequence[str] = LAYERS) -> Content:
    """Every row of every table as JSON, without what is volatile; equal rows are counted."""
    present = {item.dataset_id for item in bigquery.client().list_datasets(timeout=30)}
    tables = [
        (layer, item.table_id)
        for layer in layers
        if settings().dataset(layer) in present
        for item in bigquery.client().list_tables(settings().dataset(layer), timeout=30)
        if item.table_type == "TABLE"
    ]
    selects = [
        f"SELECT '{layer}' AS layer, '{table}' AS name, TO_JSON_STRING(held) AS content "
        f"FROM `{settings().table(layer, table)}` AS held"
        for layer, table in tables
    ]
    found: Content = {f"{layer}.{table}": Counter() for layer, table in tables}
    for row in bigquery.query("\nUNION ALL\n".join(selects)) if selects else []:
        kept, table = (
            _kept(row["layer"], json.loads(row["content"])),
            f"{row['layer']}.{row['name']}",
        )
        found[table][kept] = 1 if table == _COUNTED_ONCE else found[table][kept] + 1
    return found


def lake_log(lake_mount: Path) -> Content:
    """The observations of the published batches: the state that the next batch builds upon."""
    batches = bigquery.query(
        f"SELECT batch_uri FROM `{settings().table('audit', 'publications')}` "
        "WHERE layer = 'silver' AND batch_uri IS NOT NULL"
    )
    found: Content = {f"log.{name}": Counter() for name in entities()}
    for name in entities():
        for batch in batches:
            folder = lake_mount / batch["batch_uri"].removeprefix("gs://") / name / "observations"
            for file in sorted(folder.glob("*.parquet")):
                rows = pq.read_table(file).to_pylist()
                found[f"log.{name}"].update(str(sorted(row.items())) for row in rows)
    return found


def differences(expected: Content, found: Content) -> list[str]:
    """One line for each table that differs, with the first rows that are missing or too many."""
    lines = []
    for table in sorted(expected.keys() | found.keys()):
        wanted, present = expected.get(table, Counter()), found.get(table, Counter())
        lost, gained = wanted - present, present - wanted
        if lost or gained:
            lines.append(
                f"{table}: {wanted.total()} rows expected, {present.total()} found; "
                f"missing {lost.total()}{_examples(lost)}; too many {gained.total()}"
                f"{_examples(gained)}"
            )
    return lines


def _examples(rows: Counter[str]) -> str:
    shown = [row[:_SHOWN_CHARACTERS] for row in sorted(rows)[:_SHOWN_ROWS]]
    return f" ({' | '.join(shown)})" if shown else ""


def _kept(layer: str, row: dict[str, Any]) -> str:
    kept = {name: value for name, value in row.items() if name not in VOLATILE[layer]}
    if "publication_id" in kept:
        kept["publication_id"] = _BATCH.sub("batch", kept["publication_id"])
    return json.dumps(kept, sort_keys=True)
