"""Lands a source for a business date: plans its loads, brings them to bronze, records how it went.

A load that landed is never read again: its rows are immutable in bronze. A load that failed is
planned again with a window that begins where published loads end. What arrived and what failed is
recorded before the error is raised.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from utils.audit.checks import record_checks
from utils.audit.loads import planned_before, record_loads, record_outcomes
from utils.contracts.source_file import FileSource
from utils.errors import PipelineError, SourceError, StorageUnavailable
from utils.landing import deliveries
from utils.landing.bronze_tables import load_bronze
from utils.landing.outcomes import Outcome
from utils.landing.plan import planned_loads
from utils.landing.void_flags import undeclared_flags

if TYPE_CHECKING:
    from collections.abc import Sequence

    from utils.audit.runs import Run
    from utils.contracts.source_file import Source
    from utils.landing.outcomes import Expected

# A stream holds some batches of rows in memory, and the source a connection.
READS_AT_ONCE = 3


def land(source: Source, run: Run, connection_uri: str | None) -> int:
    """Lands everything that a source has for a business date and returns the number of loads.

    Raises:
        PipelineError: the source or a file is not what its contract says. The loads that did
            arrive are recorded and kept; audit shows the ones that failed.
    """
    outcomes = _bring(planned_loads(source, run, connection_uri))
    record_checks(run, "bronze", list(undeclared_flags(outcomes)))
    if isinstance(source, FileSource):
        deliveries.record(source, run, outcomes)
    _raise_errors(source, outcomes)
    return len(outcomes)


def land_expected(source: Source, run: Run, expected: Sequence[Expected]) -> int:
    """Brings planned loads to bronze; returns their number and raises like `land`."""
    outcomes = _bring(expected)
    _raise_errors(source, outcomes)
    return len(outcomes)


def _bring(expected: Sequence[Expected]) -> list[Outcome]:
    attempted = planned_before([item.load.load_id for item in expected])
    record_loads([item.load for item in expected])
    outcomes = load_bronze(read_all(expected), attempted)
    record_outcomes([outcome.load for outcome in outcomes])
    return outcomes


def read_all(expected: Sequence[Expected]) -> list[Outcome]:
    """Reads loads side by side; `_raise_errors` raises what went wrong, once audit knows.

    When the lake is out of reach, the loads that follow are not tried: each would wait in vain.
    """
    outages: list[StorageUnavailable] = []

    def attempt(item: Expected) -> Outcome:
        if outages:
            return Outcome(item, None, outages[0])
        try:
            return Outcome(item, item.read(), None)
        except StorageUnavailable as error:
            outages.append(error)
            return Outcome(item, None, error)
        except Exception as error:
            return Outcome(item, None, error)

    with ThreadPoolExecutor(READS_AT_ONCE) as pool:
        return list(pool.map(attempt, expected))


def _raise_errors(source: Source, outcomes: Sequence[Outcome]) -> None:
    errors = [outcome.error for outcome in outcomes if outcome.error]
    for error in errors:
        if not isinstance(error, PipelineError) or len(errors) == 1:
            raise error
    if errors:
        messages = " ".join(dict.fromkeys(map(str, errors)))
        raise SourceError(
            f"{len(errors)} of {len(outcomes)} loads failed: {messages}",
            where=f"source {source.name}",
        )
