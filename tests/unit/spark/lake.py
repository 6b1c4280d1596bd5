"""A lake with one entity, `things`, into which tests put batches of observations.

`Lake.publish` runs the job on a batch and does what publication does: the batch joins the log,
and the versions of every key it brings replace those published.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import parquet
from pyspark.sql import SparkSession

from spark_jobs.main import run
from tests.oracle import Observation, Version
from tests.spark_support import batch_json, column_json, read_rows, write_bronze

INSTANT = pa.timestamp("us", tz="UTC")
LOCAL = pa.timestamp("us")


def things_json(**parts: Any) -> dict[str, Any]:
    """The entity: a key, a tracked value and a note that opens no version."""
    return {
        "name": "things",
        "singular": "thing",
        "key": ["thing_id"],
        "columns": [
            column_json("thing_id", normalize="code", required=True),
            column_json("value"),
            column_json("note", tracked=False),
        ],
        "derived": [],
        "rules": [],
        "history": [],
        "loads": [],
        **parts,
    }


@dataclass
class Lake:
    """The lake's folder and what is published from it."""

    spark: SparkSession
    folder: Path
    history: list[str] = field(default_factory=list)
    published: dict[str, list[Version]] = field(default_factory=dict)

    def publish(self, observations: Sequence[Observation], **parts: Any) -> Path:
        """Runs one batch, publishes it and returns its folder."""
        batch = self.folder / f"b{len(self.history)}"
        spec = self._specification(batch, observations, parts)
        run(self.spark, str(spec), str(batch))
        self.history.append(str(batch / "things/observations"))
        self.published |= versions_by_key(read_rows(batch / "things/versions"))
        return batch

    def _specification(
        self, batch: Path, observations: Sequence[Observation], parts: dict[str, Any]
    ) -> Path:
        rows = [seen for seen in observations if not seen.is_deleted]
        gone = [seen for seen in observations if seen.is_deleted]
        by_load = groupby(sorted(rows, key=attrgetter("load_id", "row_id")), attrgetter("load_id"))
        entity = things_json(
            history=self.history,
            loads=[_load(batch, load_id, list(seen)) for load_id, seen in by_load],
            deletes=_deletes(batch, gone) if gone else None,
            **parts,
        )
        spec = batch / "spec.json"
        spec.parent.mkdir(parents=True, exist_ok=True)
        spec.write_text(batch_json(entity), encoding="utf-8")
        return spec


def _load(batch: Path, load_id: str, rows: list[Observation]) -> dict[str, Any]:
    path = write_bronze(
        batch / "bronze" / f"{load_id}.parquet",
        {
            "ID": [seen.thing_id for seen in rows],
            "Value": pa.array([seen.value for seen in rows], pa.string()),
            "Note": pa.array([seen.note for seen in rows], pa.string()),
            "Changed": pa.array([seen.event_at.replace(tzinfo=None) for seen in rows], LOCAL),
        },
        load_id,
    )
    return {
        "load_id": load_id,
        "source_system": rows[0].source_system,
        "time_zone": "UTC",
        "path": str(path),
        "columns": {"thing_id": "ID", "value": "Value", "note": "Note"},
        "watermark": "Changed",
        "observed_at": rows[0].observed_at.isoformat(),
    }


def _deletes(batch: Path, gone: list[Observation]) -> str:
    path = batch / "deletes.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    table = pa.table(
        {
            "source_system": [seen.source_system for seen in gone],
            "thing_id": [seen.thing_id for seen in gone],
            "_event_at": pa.array([seen.event_at for seen in gone], INSTANT),
            "_observed_at": pa.array([seen.observed_at for seen in gone], INSTANT),
            "_load_id": [seen.load_id for seen in gone],
            "_row_id": pa.array([seen.row_id for seen in gone], pa.int64()),
        }
    )
    parquet.write_table(table, path)
    return str(path)


def numbered(observations: Iterable[Observation]) -> list[Observation]:
    """Gives every observation the row number that its place in its load makes."""
    counts: dict[str, int] = defaultdict(int)
    placed = []
    for seen in observations:
        counts[seen.load_id] += 1
        placed.append(Observation(**{**vars(seen), "row_id": counts[seen.load_id]}))
    return placed


def versions_by_key(rows: Iterable[dict[str, Any]]) -> dict[str, list[Version]]:
    """Published rows as versions in order, by surrogate key."""
    found: dict[str, list[Version]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: (row["thing_key"], row["version"])):
        found[row["thing_key"]].append(
            Version(
                key=row["thing_key"],
                version_key=row["thing_version_key"],
                source_system=row["source_system"],
                thing_id=row["thing_id"],
                value=row["value"],
                note=row["note"],
                version=row["version"],
                effective_date=row["effective_date"],
                expiry_date=row["expiry_date"],
                is_current=row["is_current"],
                row_hash=row["_row_hash"],
                load_id=row["_load_id"],
                observed_at=row["_observed_at"],
            )
        )
    return dict(found)


def january(day: int, hour: int = 0) -> datetime:
    """An instant of January 2026."""
    return datetime(2026, 1, day, hour, tzinfo=UTC)
