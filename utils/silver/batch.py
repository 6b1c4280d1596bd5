"""Plans a silver batch: which loads it merges, and the specification that Spark reads."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from utils.audit.loads import find_loads
from utils.audit.publications import published_batches
from utils.batch.spec import batch_json
from utils.gcp import storage
from utils.schema import StrictModel
from utils.settings import settings
from utils.silver.spec import silver_spec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from utils.audit.loads import Load
    from utils.audit.runs import Run

_TOKEN_LENGTH = 12
_REBUILDS = "rebuilds"


class Batch(StrictModel):
    """A silver batch: which loads it merges and where its specification lies.

    A rebuild merges every load that was ever published into nothing, and replaces silver.
    """

    batch_id: str
    spec_uri: str
    output_uri: str
    entities: tuple[str, ...]
    load_ids: tuple[str, ...]
    is_rebuild: bool = False

    def built(self, output_uri: str) -> Batch:
        """The batch as the try that succeeded built it."""
        return self.model_copy(update={"output_uri": output_uri})


def plan_batch(run: Run) -> Batch:
    """Writes the specification of the batch that merges every load that waits for it.

    Loads that an earlier, failed run landed are part of it, so nothing that landed is left behind.
    """
    waiting = find_loads("state IN ('LANDED', 'MERGED')")
    return prepare_batch(run, waiting, "batches")


def plan_rebuild(run: Run) -> Batch:
    """Writes the specification of the batch that rebuilds silver from bronze.

    It judges every row by today's rules, so the rows that replays released need no second reading.
    """
    published = find_loads("state = 'PUBLISHED' AND replays IS NULL")
    return prepare_batch(run, published, _REBUILDS)


def prepare_batch(run: Run, loads: Sequence[Load], folder: str) -> Batch:
    """Writes the specification of a batch of these loads; `folder` of silver takes its output.

    Every call names a new batch: an earlier attempt's may still be written somewhere, and a run
    that was deleted and made again has the id of the first one.
    """
    batch_id = f"{run.business_date:%Y%m%d}-{uuid4().hex[:_TOKEN_LENGTH]}"
    is_rebuild = folder == _REBUILDS
    rebuilds = settings().lake_uri("silver", _REBUILDS)
    history = [] if is_rebuild else published_batches(rebuilds)
    spec = silver_spec(batch_id, run.business_date, loads, history, is_limited=not is_rebuild)
    batch = Batch(
        batch_id=batch_id,
        spec_uri=settings().lake_uri("silver", "specs", f"{batch_id}.json"),
        output_uri=settings().lake_uri("silver", folder, batch_id),
        entities=tuple(sorted({load.entity for load in loads})),
        load_ids=tuple(load.load_id for load in loads),
        is_rebuild=is_rebuild,
    )
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "spec.json"
        path.write_text(batch_json(spec), encoding="utf-8")
        storage.upload(path, batch.spec_uri)
    return batch
