"""What the sweep removes from the lake, and what it must leave."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from tests.given_tables import BUSINESS_DATE
from utils.audit.loads import Load, record_loads
from utils.audit.rows import upsert_rows
from utils.gcp import storage
from utils.maintenance import sweep

if TYPE_CHECKING:
    from pathlib import Path

    from tests.warehouse_support import Warehouse
    from utils.settings import Settings

NOW = datetime.now(tz=UTC)
LATER = timedelta(days=1)


@pytest.fixture
def lake(warehouse: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lake:
    storage.client.cache_clear()
    return Lake(warehouse.environment, tmp_path, monkeypatch)


class Lake:
    """A folder of the lake that a test has for itself, with a load and the batches of a rebuild."""

    def __init__(
        self, environment: Settings, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.environment = environment.model_copy(
            update={"lake_bucket": f"{environment.lake_bucket}/{uuid4().hex[:8]}"}
        )
        self.file = folder / "file"
        self.file.write_bytes(b"content")
        monkeypatch.setattr(sweep, "settings", lambda: self.environment)

    def put(self, *parts: str) -> str:
        return storage.upload(self.file, self.environment.lake_uri(*parts)).uri

    def record_load(self, uri: str) -> None:
        load = Load(
            load_id=uuid4().hex, run_id="r", business_date=BUSINESS_DATE, source="hospital_a",
            source_system="hospital_a", table_name="patients", entity="patients",
            load_type="incremental", state="FAILED", uri=uri, planned_at=NOW,
        )  # fmt: skip
        record_loads([load])

    def publish(self, *parts: str, at: datetime) -> None:
        publication = {
            "publication_id": uuid4().hex, "layer": "silver", "business_date": BUSINESS_DATE,
            "batch_uri": self.environment.lake_uri(*parts), "run_id": "r", "published_at": at,
        }  # fmt: skip
        upsert_rows("publications", ["publication_id"], [publication])

    def left(self) -> set[str]:
        bucket, prefix = storage.split_uri(self.environment.lake_uri("x"))
        listed = storage.list_objects(bucket, prefix.removesuffix("x"))
        return {item.uri.partition(prefix.removesuffix("x"))[2] for item in listed}


def test_only_what_nobody_needs_and_is_old_is_removed(lake: Lake) -> None:
    lake.record_load(lake.put("bronze", "a", "load_id=known", "part-0.parquet"))
    lake.put("bronze", "a", "load_id=unknown", "part-0.parquet")
    lake.put("archive", "a", "claims.csv")
    lake.put("reconcile", "a.keys.parquet")
    lake.put("silver", "previews", "p", "loads", "part-0.parquet")
    for batch in ("replaced", "state", "dead", "state-2"):
        lake.put("silver", "batches", batch, "a", "part-0.parquet")
    lake.put("silver", "rebuilds", "rebuilt", "part-0.parquet")
    lake.publish("silver", "batches", "replaced", at=NOW - 3 * LATER)
    lake.publish("silver", "rebuilds", "rebuilt", at=NOW - 2 * LATER)
    lake.publish("silver", "batches", "state", at=NOW - LATER)
    everything = lake.left()

    assert sweep.sweep(NOW - LATER, is_dry_run=False) == [
        f"{kind}: 0 objects, 0.0 MB removed"
        for kind in (
            "rows of no load", "previews of replays", "compared keys", "superseded batches",
        )
    ]  # fmt: skip
    lines = sweep.sweep(NOW + LATER, is_dry_run=True)
    assert [line.split(" objects")[0] for line in lines] == [
        "rows of no load: 1",
        "previews of replays: 1",
        "compared keys: 1",
        "superseded batches: 3",
    ]
    assert lake.left() == everything

    sweep.sweep(NOW + LATER, is_dry_run=False)

    assert lake.left() == {
        "bronze/a/load_id=known/part-0.parquet",
        "archive/a/claims.csv",
        "silver/batches/state/a/part-0.parquet",
        "silver/rebuilds/rebuilt/part-0.parquet",
    }


def test_what_a_young_rebuild_replaced_stays(lake: Lake) -> None:
    for folder, batch in (("batches", "replaced"), ("rebuilds", "rebuilt")):
        lake.put("silver", folder, batch, "part-0.parquet")
        lake.publish("silver", folder, batch, at=NOW + 2 * LATER)
    everything = lake.left()

    sweep.sweep(NOW + LATER, is_dry_run=False)

    assert lake.left() == everything
