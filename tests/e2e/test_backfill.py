"""A month of business dates: run daily, run again out of order, and rebuilt from bronze.

`RCM_BACKFILL_DATES` says how many dates.
"""

from __future__ import annotations

import os
import random
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import pytest

import simulator
from tests.pipeline_support import Pipeline, pipeline
from utils.gcp import bigquery
from utils.settings import settings

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.long
DATES = int(os.environ.get("RCM_BACKFILL_DATES", "30"))


@dataclass(frozen=True)
class Month:
    """Business dates that are published, and what they published."""

    pipeline: Pipeline
    days: list[date]
    content: dict[str, str]

    def run(self, dag_id: str, *days: date) -> None:
        """Runs a DAG for dates in this order."""
        with self.pipeline.worker(dag_id) as worker:
            for day in days:
                worker.run(day, lambda task, seconds: None)


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Month]:
    folder = tmp_path_factory.mktemp("backfill")
    with pytest.MonkeyPatch.context() as patch, pipeline(folder, patch) as running:
        world = simulator.generate(
            21, 60, DATES - 1, folder=folder / "simulator", keeps_books=False
        )
        with running.worker() as worker:
            running.live(world, worker)
        yield Month(running, list(world.business_dates), running.content())


def published_batches() -> int:
    publications = settings().table("audit", "publications")
    [row] = bigquery.query(f"SELECT COUNT(*) AS n FROM `{publications}` WHERE layer = 'silver'")
    return int(row["n"])


def test_every_date_published_a_batch(month: Month) -> None:
    assert published_batches() == DATES


def test_backfilling_all_dates_again_in_any_order_changes_nothing(month: Month) -> None:
    """No load is read twice, and gold goes on showing the last date."""
    month.run("rcm_daily", *random.Random(7).sample(month.days, DATES))

    assert month.pipeline.content() == month.content
    assert published_batches() == DATES


def test_one_batch_of_all_loads_equals_the_daily_batches(month: Month) -> None:
    """G07: silver from bronze in one go, whatever days the loads came on."""
    month.run("rcm_rebuild_silver", month.days[-1])

    assert published_batches() == DATES + 1
    assert month.pipeline.content() == month.content
