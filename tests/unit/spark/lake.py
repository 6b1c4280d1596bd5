"""A lake with one entity, `things`, into which tests put batches of observations.

`Lake.publish` runs the job on a batch and does what publication does: versions and revisions pass
the gate, the batch joins the log, and those of every key it brings replace what is published.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby
from operator import attrgetter, itemgetter
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import parquet
from pyspark.sql import SparkSession

from spark_jobs.main import run
from tests.oracle import Observation, Revision, Version
from tests.spark_support import batch_json, column_json, read_rows, write_bronze
from utils.gcp.templates import render_file

INSTANT = pa.timestamp("us", tz="UTC")
LOCAL = pa.timestamp("us")


def things_json(**parts: Any) -> dict[str, Any]:
    """The entity: a key, a tracked value and a note that opens no version."""
    return {
        "name": "things",
        "singular": "thing",
        "key": ["thing_id"],
        "keeps_revisions": True,
        "columns": [
            column_json("thing_id", normalize="id", required=True),
            column_json("value"),
            column_json("note", tracked=False),
        ],
        "derived": [],
        "rules": [],
        "history": [],
        "deletes": [],
        "loads": [],
        **parts,
    }


def wide_things_json(**parts: Any) -> dict[str, Any]:
    """The entity after a tracked colour joined its contract."""
    columns = [*things_json()["columns"], column_json("colour")]
    return things_json(columns=columns, **parts)


@dataclass
class Lake:
    """The lake's folder and what is published from it.

    The contract is the narrow one until a load brings a colour, and the wide one from then on.
    """

    spark: SparkSession
    folder: Path
    history: list[str] = field(default_factory=list)
    published: dict[str, list[Version]] = field(default_factory=dict)
    revisions: dict[str, list[Revision]] = field(default_factory=dict)
    is_wide: bool = False

    def publish(self, observations: Sequence[Observation], **parts: Any) -> Path:
        """Runs one batch, publishes it and returns its folder."""
        batch = self.folder / f"b{len(self.history)}"
        self.is_wide |= any(seen.colour for seen in observations)
        spec = self._specification(batch, observations, parts)
        run(self.spark, str(spec), str(batch))
        assert self._broken_promises(batch / "things/versions", "history") == []
        assert self._broken_promises(batch / "things/revisions", "revisions") == []
        self.history.append(str(batch / "things/observations"))
        self.published |= versions_by_key(read_rows(batch / "things/versions"))
        self.revisions |= revisions_by_key(read_rows(batch / "things/revisions"))
        return batch

    def _broken_promises(self, staged: Path, gate: str) -> list[dict[str, Any]]:
        """What a gate of publication says of what is to be published."""
        self.spark.read.parquet(str(staged)).createOrReplaceTempView("staged_things")
        found = self.spark.sql(
            render_file(
                f"silver/{gate}.sql",
                str,
                histories=[("things", "staged_things", "thing_key")],
                revised=[("things", "staged_things", "thing_key")],
            )
        )
        return [row.asDict() for row in found.collect()]

    def _specification(
        self, batch: Path, observations: Sequence[Observation], parts: dict[str, Any]
    ) -> Path:
        rows = [seen for seen in observations if not seen.is_deleted]
        gone = [seen for seen in observations if seen.is_deleted]
        by_load = groupby(sorted(rows, key=attrgetter("load_id", "row_id")), attrgetter("load_id"))
        contract = wide_things_json if self.is_wide else things_json
        entity = contract(
            history=self.history,
            loads=[_load(batch, load_id, list(seen)) for load_id, seen in by_load],
            deletes=[_deletes(batch, gone)] if gone else [],
            **parts,
        )
        spec = batch / "spec.json"
        spec.parent.mkdir(parents=True, exist_ok=True)
        spec.write_text(batch_json(entity), encoding="utf-8")
        return spec


def _load(batch: Path, load_id: str, rows: list[Observation]) -> dict[str, Any]:
    content: dict[str, Any] = {
        "ID": [seen.thing_id for seen in rows],
        "Value": pa.array([seen.value for seen in rows], pa.string()),
        "Note": pa.array([seen.note for seen in rows], pa.string()),
        "Changed": pa.array([seen.event_at.replace(tzinfo=None) for seen in rows], LOCAL),
    }
    columns = {"thing_id": "ID", "value": "Value", "note": "Note"}
    if any(seen.colour for seen in rows):
        content["Colour"] = pa.array([seen.colour for seen in rows], pa.string())
        columns["colour"] = "Colour"
    path = write_bronze(batch / "bronze" / f"{load_id}.parquet", content, load_id)
    return {
        "load_id": load_id,
        "source_system": rows[0].source_system,
        "time_zone": "UTC",
        "path": str(path),
        "columns": columns,
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
                colour=row.get("colour"),
                version=row["version"],
                effective_date=row["effective_date"],
                expiry_date=row["expiry_date"],
                is_current=row["is_current"],
                is_deleted=row["is_deleted"],
                row_hash=row["_row_hash"],
                load_id=row["_load_id"],
                observed_at=row["_observed_at"],
            )
        )
    return dict(found)


def revisions_by_key(rows: Iterable[dict[str, Any]]) -> dict[str, list[Revision]]:
    """Published rows as revisions in order, by surrogate key."""
    found: dict[str, list[Revision]] = defaultdict(list)
    in_order = itemgetter("thing_key", "event_at", "known_from")
    for row in sorted(rows, key=in_order):
        found[row["thing_key"]].append(
            Revision(
                key=row["thing_key"],
                source_system=row["source_system"],
                thing_id=row["thing_id"],
                value=row["value"],
                note=row["note"],
                colour=row.get("colour"),
                event_at=row["event_at"],
                known_from=row["known_from"],
                known_to=row["known_to"],
                is_deleted=row["is_deleted"],
                row_hash=row["_row_hash"],
                load_id=row["_load_id"],
            )
        )
    return dict(found)


def january(day: int, hour: int = 0) -> datetime:
    """An instant of January 2026."""
    return datetime(2026, 1, day, hour, tzinfo=UTC)
