"""Removes from the lake the objects that nothing refers to.

The rows of every load that was ever recorded stay, and so do the batches that together are the
state. Who sweeps holds the lease, so a batch that another run has not published never will be; its
loads are merged by the next one. Only what is old goes: a person may still want to see the rest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from utils.audit.loads import find_loads
from utils.audit.publications import published_batches
from utils.gcp import storage
from utils.settings import settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from utils.gcp.storage import StoredObject

_MEGABYTE = 1_000_000


def sweep(before: datetime, *, is_dry_run: bool) -> list[str]:
    """Removes what nobody needs and was last written before an instant.

    Returns:
        A line for every kind of waste: how many objects and megabytes.
    """
    found = waste(before)
    if not is_dry_run:
        for objects in found.values():
            for item in objects:
                storage.delete(item)
    verb = "would be removed" if is_dry_run else "removed"
    return [
        f"{kind}: {len(objects):,} objects, "
        f"{sum(item.size_bytes for item in objects) / _MEGABYTE:,.1f} MB {verb}"
        for kind, objects in found.items()
    ]


def waste(before: datetime) -> Mapping[str, Sequence[StoredObject]]:
    """What nobody needs and was last written before an instant, by kind."""
    loads = {load.uri for load in find_loads("uri IS NOT NULL")}
    rebuilds = settings().lake_uri("silver", "rebuilds")
    state = tuple(f"{uri}/" for uri in published_batches(rebuilds, trusted_before=before))
    return {
        "rows of no load": [item for item in _old(before, "bronze") if item.uri not in loads],
        "previews of replays": list(_old(before, "silver", "previews")),
        "compared keys": list(_old(before, "reconcile")),
        "superseded batches": [
            item
            for folder in ("batches", "rebuilds")
            for item in _old(before, "silver", folder)
            if not item.uri.startswith(state)
        ],
    }


def _old(before: datetime, *folder: str) -> Iterator[StoredObject]:
    bucket, prefix = storage.split_uri(settings().lake_uri(*folder))
    for item in storage.list_objects(bucket, f"{prefix}/"):
        if item.updated_at < before:
            yield item
