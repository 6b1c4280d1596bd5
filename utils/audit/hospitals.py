"""What configuration says of the hospitals, where SQL can read it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from utils.audit.rows import upsert_rows

if TYPE_CHECKING:
    from collections.abc import Iterable
    from decimal import Decimal


def record_hospitals(limits: Iterable[tuple[str, Decimal]]) -> None:
    """Records each hospital with the share of its open A/R that may be unexplained."""
    upsert_rows(
        "hospitals",
        ["source_system"],
        [{"source_system": name, "unexplained_limit": limit} for name, limit in limits],
    )
