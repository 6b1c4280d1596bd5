"""What every table holds, so that two runs can be compared row for row."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq

from tools.chaos.volatile import stable
from utils.contracts.entities import entities
from utils.gcp import bigquery
from utils.settings import settings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

Content = dict[str, Counter[str]]
LAYERS = ("bronze", "silver", "gold", "audit")
# A date whose sources landed in turn is published in as many batches.
_COUNTED_ONCE = "audit.publications"


def content(layers: Sequence[str] = LAYERS) -> Content:
    """Every row of every table as JSON, as good runs share it; equal rows are counted."""
    present = {item.dataset_id for item in bigquery.client().list_datasets(timeout=30)}
    tables = [
        (layer, item.table_id)
        for layer in layers
        if settings().dataset(layer) in present
        for item in bigquery.client().list_tables(settings().dataset(layer), timeout=30)
        if item.table_type == "TABLE"
    ]
    selects = [
        f"SELECT '{layer}.{table}' AS name, TO_JSON_STRING(held) AS content "
        f"FROM `{settings().table(layer, table)}` AS held"
        for layer, table in tables
    ]
    found: Content = {f"{layer}.{table}": Counter() for layer, table in tables}
    for row in bigquery.query("\nUNION ALL\n".join(selects)) if selects else []:
        table, kept = row["name"], as_text(stable(row["name"], json.loads(row["content"])))
        found[table][kept] = 1 if table == _COUNTED_ONCE else found[table][kept] + 1
    return found


def lake_log(lake_mount: Path) -> Content:
    """The observations of the published batches: the state that the next batch continues from."""
    batches = bigquery.query(
        f"SELECT batch_uri FROM `{settings().table('audit', 'publications')}` "
        "WHERE layer = 'silver' AND batch_uri IS NOT NULL"
    )
    found: Content = {f"log.{name}": Counter() for name in entities()}
    for name in entities():
        for batch in batches:
            folder = lake_mount / batch["batch_uri"].removeprefix("gs://") / name / "observations"
            for file in sorted(folder.glob("*.parquet")):
                found[f"log.{name}"].update(map(as_text, pq.read_table(file).to_pylist()))
    return found


def as_text(row: Mapping[str, Any]) -> str:
    """A row as JSON that can be compared and read again."""
    return json.dumps(row, sort_keys=True, default=str)
