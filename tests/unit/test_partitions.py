"""How many partitions a table of gold can have; BigQuery takes 4,000 in a job, 10,000 in all."""

from __future__ import annotations

from datetime import date

import pytest

from utils.contracts.columns import FIRST_DAY, LAST_DAY
from utils.contracts.entities import Entity, entities
from utils.gold.models import gold_models

PARTITIONS_A_JOB = 4_000
PARTITIONED = {
    name: model.header.partition_by
    for name, model in gold_models().items()
    if model.header.partition_by
}


def months(first: date, last: date) -> int:
    return (last.year - first.year) * 12 + last.month - first.month + 1


def test_months_of_plausible_dates_fit_into_one_job() -> None:
    """All of gold is published by one job, and a table is partitioned by month."""
    assert PARTITIONED
    assert months(date.fromisoformat(FIRST_DAY), date.fromisoformat(LAST_DAY)) <= PARTITIONS_A_JOB


@pytest.mark.parametrize("entity", entities().values(), ids=lambda entity: entity.name)
def test_every_date_that_a_source_gives_is_bounded_or_open_by_name(entity: Entity) -> None:
    rules = {rule.name: rule for rule in entity.row_rules}
    for name, column in entity.columns.items():
        if column.type == "DATE" and not column.open_ended:
            rule = rules[f"{name}_out_of_range"]
            assert rule.severity == "quarantine"
            assert f"'{FIRST_DAY}' AND DATE '{LAST_DAY}'" in rule.expect
        if column.type == "TIMESTAMP":
            assert rules[f"{name}_is_placeholder"].severity == "warn"
