"""Records of data-quality checks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from utils.audit.rows import now, upsert_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from utils.audit.runs import Run


def record_checks(run: Run, layer: str, checks: Sequence[dict[str, object]]) -> None:
    """Writes results of checks, in the shape of `dq_results` without the run's columns."""
    stamp = {
        **run.model_dump(),
        "layer": layer,
        "checked_at": now(),
    }
    key = ["dag_id", "run_id", "layer", "entity", "source_system", "rule"]
    upsert_rows("dq_results", key, [{**stamp, **check} for check in checks])
