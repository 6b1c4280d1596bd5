"""History, case by case: what a key's observations, batch by batch, make of its versions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

import pytest
from pyspark.sql import SparkSession

from tests.oracle import OPEN_END, Observation, replay, surrogate
from tests.unit.spark.lake import Lake, january, numbered

GONE = "(gone)"
OPEN = None


@dataclass(frozen=True)
class Seen:
    """A row with this value whose change is dated this day; observed after it, unless told."""

    value: str | None
    day: int
    observed: int = 0
    note: str | None = None
    colour: str | None = None


@dataclass(frozen=True)
class Case:
    """Batches of what is seen of one key, and (value, from day, to day) of each version.

    A case of the catalogue begins with its number.
    """

    name: str
    batches: Sequence[Sequence[Seen]]
    versions: Sequence[tuple[str | None, int, int | None]]


CASES = [
    Case("new_row_opens_version_1", [[Seen("a", 1)]], [("a", 1, OPEN)]),
    Case("E06_equal_row_later_opens_none", [[Seen("a", 1)], [Seen("a", 2)]], [("a", 1, OPEN)]),
    Case("E06_touched_row_opens_none", [[Seen("a", 1), Seen("a", 2), Seen("a", 3)]],
         [("a", 1, OPEN)]),
    Case("change_opens_a_version", [[Seen("a", 1)], [Seen("b", 2)]], [("a", 1, 2), ("b", 2, OPEN)]),
    Case(
        "E07_change_from_null_opens_a_version",
        [[Seen(None, 1)], [Seen("a", 2)]],
        [(None, 1, 2), ("a", 2, OPEN)],
    ),
    Case(
        "E07_change_to_null_opens_a_version",
        [[Seen("a", 1)], [Seen(None, 2)]],
        [("a", 1, 2), (None, 2, OPEN)],
    ),
    Case(
        "E07_null_that_stays_null_opens_none", [[Seen(None, 1)], [Seen(None, 2)]], [(None, 1, OPEN)]
    ),
    Case(
        "revert_opens_a_third_version",
        [[Seen("a", 1)], [Seen("b", 2)], [Seen("a", 3)]],
        [("a", 1, 2), ("b", 2, 3), ("a", 3, OPEN)],
    ),
    Case(
        "several_changes_in_one_batch_all_stay",
        [[Seen("c", 3), Seen("a", 1), Seen("b", 2)]],
        [("a", 1, 2), ("b", 2, 3), ("c", 3, OPEN)],
    ),
    Case("note_alone_opens_none", [[Seen("a", 1, note="x")], [Seen("a", 2, note="y")]],
         [("a", 1, OPEN)]),
    Case(
        "E01_late_change_splits_a_version",
        [[Seen("a", 1), Seen("c", 5)], [Seen("b", 3)]],
        [("a", 1, 3), ("b", 3, 5), ("c", 5, OPEN)],
    ),
    Case(
        "E01_late_change_before_an_unchanged_row_makes_it_a_version",
        [[Seen("a", 1), Seen("a", 5)], [Seen("b", 3)]],
        [("a", 1, 3), ("b", 3, 5), ("a", 5, OPEN)],
    ),
    Case(
        "E01_late_first_row_moves_the_start",
        [[Seen("a", 5)], [Seen("a", 2)]],
        [("a", 2, OPEN)],
    ),
    Case(
        "E01_late_equal_row_joins_two_versions",
        [[Seen("a", 1), Seen("b", 3), Seen("a", 5)], [Seen("a", 3, observed=19)]],
        [("a", 1, OPEN)],
    ),
    Case(
        "E03_same_time_last_observed_counts",
        [[Seen("a", 1, observed=5)], [Seen("b", 1, observed=6)]],
        [("b", 1, OPEN)],
    ),
    Case(
        "E03_same_time_observed_earlier_but_arriving_later_loses",
        [[Seen("b", 1, observed=6)], [Seen("a", 1, observed=5)]],
        [("b", 1, OPEN)],
    ),
    Case(
        "E04_same_time_and_value_again_keeps_one_version",
        [[Seen("a", 1, observed=5)], [Seen("a", 1, observed=6)]],
        [("a", 1, OPEN)],
    ),
    Case("E04_exact_duplicates_are_one", [[Seen("a", 1), Seen("a", 1)]], [("a", 1, OPEN)]),
    Case("deletion_closes", [[Seen("a", 1)], [Seen(GONE, 3)]], [("a", 1, 3)]),
    Case("E09_deletion_twice_closes_once", [[Seen("a", 1)], [Seen(GONE, 3)], [Seen(GONE, 4)]],
         [("a", 1, 3)]),
    Case(
        "E08_row_that_comes_back_unchanged_opens_a_version_after_a_gap",
        [[Seen("a", 1)], [Seen(GONE, 3)], [Seen("a", 5)]],
        [("a", 1, 3), ("a", 5, OPEN)],
    ),
    Case(
        "E01_late_deletion_between_equal_rows_makes_a_gap",
        [[Seen("a", 1), Seen("a", 5)], [Seen(GONE, 3)]],
        [("a", 1, 3), ("a", 5, OPEN)],
    ),
    Case("row_outweighs_its_deletion_at_the_same_time",
         [[Seen("a", 1)], [Seen(GONE, 1, observed=19)]], [("a", 1, OPEN)]),
    Case("E10_first_seen_deleted_has_no_version", [[Seen(GONE, 1)]], []),
    Case(
        "E10_deleted_before_its_first_row_is_simply_new",
        [[Seen(GONE, 1)], [Seen("a", 2)]],
        [("a", 2, OPEN)],
    ),
    Case(
        "E08_row_that_comes_back_changed_opens_a_version_after_a_gap",
        [[Seen("a", 1)], [Seen(GONE, 3)], [Seen("b", 5)]],
        [("a", 1, 3), ("b", 5, OPEN)],
    ),
    Case(
        "E08_deleted_revived_and_deleted_again_leaves_two_closed_versions",
        [[Seen("a", 1)], [Seen(GONE, 3)], [Seen("a", 5)], [Seen(GONE, 7)]],
        [("a", 1, 3), ("a", 5, 7)],
    ),
    Case(
        "E01_late_row_within_a_gap_ends_the_gap",
        [[Seen("a", 1), Seen(GONE, 3), Seen("a", 7)], [Seen("b", 5)]],
        [("a", 1, 3), ("b", 5, 7), ("a", 7, OPEN)],
    ),
    Case(
        "E01_batches_in_reverse_order_give_the_history_in_order",
        [[Seen("c", 5)], [Seen("b", 3)], [Seen("a", 1)]],
        [("a", 1, 3), ("b", 3, 5), ("c", 5, OPEN)],
    ),
    Case(
        "E12_two_rows_of_a_key_in_one_batch_the_last_observed_counts",
        [[Seen("a", 1, observed=6), Seen("b", 1, observed=5)]],
        [("a", 1, OPEN)],
    ),
    Case(
        "E14_column_that_joins_without_a_value_opens_none",
        [[Seen("a", 1)], [Seen("a", 2)], [Seen("a", 3)]],
        [("a", 1, OPEN)],
    ),
    Case(
        "E14_row_read_again_with_the_new_column_opens_none",
        [[Seen("a", 1)], [Seen("a", 1, colour="red")]],
        [("a", 1, OPEN)],
    ),
    Case(
        "E14_value_in_the_new_column_of_a_changed_row_opens_a_version",
        [[Seen("a", 1)], [Seen("a", 2, colour="red")]],
        [("a", 1, 2), ("a", 2, OPEN)],
    ),
]  # fmt: skip


def _observation(case: Case, batch: int, seen: Seen) -> Observation:
    observed = seen.observed or 10 + batch
    is_deleted = seen.value == GONE
    return Observation(
        source_system="hospital_a",
        thing_id=case.name.upper(),
        value=None if is_deleted else seen.value,
        note=seen.note,
        colour=seen.colour,
        event_at=january(seen.day),
        observed_at=january(observed),
        load_id=f"{'gone' if is_deleted else 'load'}{batch}.{observed}",
        row_id=0,
        is_deleted=is_deleted,
    )


@pytest.fixture(scope="module")
def lake(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """All cases published side by side: the first batch of each, then the second, …"""
    lake = Lake(spark, tmp_path_factory.mktemp("lake"))
    for number, batches in enumerate(zip_longest(*[case.batches for case in CASES], fillvalue=())):
        lake.publish(
            numbered(
                _observation(case, number, seen)
                for case, batch in zip(CASES, batches, strict=True)
                for seen in batch
            )
        )
    return lake


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_versions_of(case: Case, lake: Lake) -> None:
    published = lake.published.get(surrogate(["hospital_a", case.name.upper()]), [])

    assert [
        (
            version.value,
            version.effective_date.day,
            OPEN if version.expiry_date == OPEN_END else version.expiry_date.day,
        )
        for version in published
    ] == list(case.versions)
    assert [version.version for version in published] == list(range(1, len(published) + 1))
    assert [version.is_current for version in published] == [
        version.expiry_date == OPEN_END for version in published
    ]


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_the_oracle_agrees_on(case: Case) -> None:
    observations = numbered(
        _observation(case, number, seen)
        for number, batch in enumerate(case.batches)
        for seen in batch
    )
    assert [version.value for version in replay(observations)] == [
        value for value, _, _ in case.versions
    ]
