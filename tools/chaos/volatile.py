"""What two good runs do not share, column by column, and the word that takes its place.

Nothing is left out of the comparison: a time or a name of chance becomes a word, so that a NULL
in its place still shows.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Volatile:
    """A part of a value that differs from run to run.

    Attributes:
        reason: why two good runs do not share it.
        word: what is compared in its place.
        pattern: the part of the value; the rest is compared as it is.
    """

    reason: str
    word: str
    pattern: re.Pattern[str] = re.compile(".+", re.DOTALL)

    def stand_in(self, value: object) -> object:
        """The value with the word in place of the part that differs; NULL stays NULL."""
        return None if value is None else self.pattern.sub(self.word, str(value))


CLOCK = Volatile("The wall clock at that moment", "a time")
# The rest of a name is the run's, which a repeated run shares.
BATCH = Volatile(
    "A batch's name ends with letters of chance", "a batch", re.compile(r"\b\d{8}-[0-9a-f]{12}\b")
)
CONTENT = Volatile("A checksum of bytes that hold the time of extraction", "a checksum")

# Of every table of a layer.
LAYERS: Mapping[str, Mapping[str, Volatile]] = {"bronze": {"_extracted_at": CLOCK}}
TABLES: Mapping[str, Mapping[str, Volatile]] = {
    "audit.dq_results": {"checked_at": CLOCK},
    "audit.files": {"seen_at": CLOCK},
    "audit.leases": {"renewed_at": CLOCK},
    "audit.pipeline_runs": {"started_at": CLOCK, "ended_at": CLOCK},
    "audit.publications": {"publication_id": BATCH, "batch_uri": BATCH, "published_at": CLOCK},
    "audit.quarantine": {"changed_by": BATCH, "changed_at": CLOCK},
    "audit.table_loads": {
        "batch_id": BATCH,
        "checksum": CONTENT,
        "planned_at": CLOCK,
        "landed_at": CLOCK,
        "published_at": CLOCK,
    },
}


def stable(table: str, row: Mapping[str, Any]) -> dict[str, Any]:
    """The row of `layer.table` as two good runs share it."""
    volatile = {**LAYERS.get(table.partition(".")[0], {}), **TABLES.get(table, {})}
    return {
        name: volatile[name].stand_in(value) if name in volatile else value
        for name, value in row.items()
    }
