"""Loads are read side by side, and what goes wrong with one is not the end of the others."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from utils.audit.loads import Load
from utils.errors import PipelineError, SourceUnavailable, StorageUnavailable
from utils.landing.land import READS_AT_ONCE, read_all
from utils.landing.outcomes import Expected

LOADS = 20


def expected(number: int, error: Exception, read: list[int]) -> Expected:
    load = Load(
        load_id=f"hospital_a.patients.{number}",
        run_id="run",
        business_date=date(2026, 1, 31),
        source="hospital_a",
        source_system="hospital_a",
        table_name="patients",
        entity="patients",
        load_type="full",
        planned_at=datetime(2026, 1, 31, tzinfo=UTC),
    )

    def fail() -> None:
        read.append(number)
        raise error

    return Expected(load, fail)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("error", "is_the_end"),
    [
        pytest.param(StorageUnavailable("No answer"), True, id="lake is out of reach"),
        pytest.param(SourceUnavailable("No answer"), False, id="source broke off"),
        pytest.param(ZeroDivisionError(), False, id="defect"),
    ],
)
def test_only_a_lake_that_is_out_of_reach_ends_the_reading(
    error: Exception, is_the_end: bool
) -> None:
    read: list[int] = []

    outcomes = read_all([expected(number, error, read) for number in range(LOADS)])

    assert [outcome.load.state for outcome in outcomes] == ["FAILED"] * LOADS
    assert {outcome.error for outcome in outcomes} == {error}
    assert len(read) <= READS_AT_ONCE if is_the_end else len(read) == LOADS
    shown = str(error) if isinstance(error, PipelineError) else "ZeroDivisionError"
    assert {outcome.load.error for outcome in outcomes} == {shown}
