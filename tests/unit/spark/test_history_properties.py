"""Any split of the same observations into batches, in any order, gives the same versions."""

from __future__ import annotations

import itertools
from collections import defaultdict
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession

from tests.oracle import Observation, replay
from tests.spark_support import read_rows
from tests.unit.spark.lake import Lake, january, numbered

# One number stands for the life of one key: its digits are observations, a zero none. So a life
# costs Hypothesis one draw, and shrinks to few and early observations.
EVENTS, OBSERVED, BATCHES = 4, 3, 3
VALUES = (None, "a", "b", "deleted")
NOTES = (None, "x")
CHOICES = EVENTS * OBSERVED * BATCHES * len(VALUES) * len(NOTES)
LONGEST_LIFE = 6

lives = st.lists(
    st.integers(0, (CHOICES + 1) ** LONGEST_LIFE - 1), min_size=150, max_size=200, unique=True
)
folders = itertools.count()


def observe(key: int, life: int) -> list[tuple[int, Observation]]:
    """The observations of a key, each with the batch in which it comes."""
    seen = []
    while life:
        life, digit = divmod(life, CHOICES + 1)
        if digit:
            seen.append(_observation(key, digit - 1))
    return seen


def _observation(key: int, choice: int) -> tuple[int, Observation]:
    choice, event = divmod(choice, EVENTS)
    choice, observed = divmod(choice, OBSERVED)
    choice, batch = divmod(choice, BATCHES)
    note, value = divmod(choice, len(VALUES))
    is_deleted = VALUES[value] == "deleted"
    kind = "gone" if is_deleted else "load"
    return batch, Observation(
        source_system="hospital_a",
        thing_id=f"K{key}",
        value=None if is_deleted else VALUES[value],
        note=None if is_deleted else NOTES[note],
        event_at=january(1 + event),
        observed_at=january(10 + observed),
        load_id=f"{kind}{batch}{observed}",
        row_id=0,
        is_deleted=is_deleted,
    )


@settings(
    max_examples=8,
    deadline=None,
    phases=[Phase.explicit, Phase.generate, Phase.shrink],
    suppress_health_check=list(HealthCheck),
)
@given(lives=lives, order=st.permutations(range(BATCHES)), again=st.sampled_from(range(BATCHES)))
def test_published_history_equals_the_replay_of_all_observations(
    spark: SparkSession,
    tmp_path_factory: pytest.TempPathFactory,
    lives: list[int],
    order: list[int],
    again: int,
) -> None:
    batches: dict[int, list[Observation]] = defaultdict(list)
    for key, life in enumerate(lives):
        for batch, observation in observe(key, life):
            batches[batch].append(observation)
    batches = {batch: numbered(observations) for batch, observations in batches.items()}
    lake = Lake(spark, tmp_path_factory.mktemp(f"lake{next(folders)}"))

    for batch in [*order, again]:  # a batch that comes again changes nothing
        _publish_and_balance(lake, batches.get(batch, []))

    by_key: dict[str, list[Observation]] = defaultdict(list)
    for observation in itertools.chain.from_iterable(batches.values()):
        by_key[observation.key].append(observation)
    expected = {key: replay(observations) for key, observations in by_key.items()}
    assert lake.published == {key: versions for key, versions in expected.items() if versions}


def _publish_and_balance(lake: Lake, observations: list[Observation]) -> Path:
    batch = lake.publish(observations)
    loads = read_rows(batch / "loads")
    assert sum(load["rows_read"] for load in loads) == sum(
        not observation.is_deleted for observation in observations
    )
    for load in loads:
        parts = ("merged", "unchanged", "deduplicated", "quarantined")
        assert load["rows_read"] == sum(load[f"rows_{part}"] for part in parts)
    return batch
