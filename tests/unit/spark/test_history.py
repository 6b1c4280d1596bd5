"""History, case by case: what a key's observations, batch by batch, make of its versions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from tests.oracle import OPEN_END, Observation, replay, surrogate
from tests.spark_support import read_rows
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


def _row(thing_id: str, value: str, day: int, **parts: object) -> Observation:
    seen = {
        "source_system": "hospital_a",
        "note": None,
        "observed_at": january(20),
        "load_id": "l1",
        "row_id": 1,
    }
    return Observation(
        **{**seen, "thing_id": thing_id, "value": value, "event_at": january(day), **parts}
    )  # type: ignore[arg-type]


def _gone(thing_id: str, day: int, load_id: str = "gone") -> Observation:
    return replace(_row(thing_id, "", day, load_id=load_id), value=None, is_deleted=True)


@pytest.fixture
def empty_lake(spark: SparkSession, tmp_path: Path) -> Lake:
    return Lake(spark, tmp_path)


def test_the_same_id_in_two_hospitals_is_two_things(empty_lake: Lake) -> None:
    """E11."""
    empty_lake.publish(
        [
            _row("1", "a", 1, load_id="a"),
            _row("1", "b", 1, load_id="b", source_system="hospital_b"),
        ]
    )
    assert sorted(
        (version.source_system, version.value, version.version)
        for versions in empty_lake.published.values()
        for version in versions
    ) == [("hospital_a", "a", 1), ("hospital_b", "b", 1)]


def test_the_boundary_between_id_and_value_cannot_move(empty_lake: Lake) -> None:
    """E07: ("a", "bc") and ("ab", "c") are two keys and two hashes."""
    empty_lake.publish(numbered([_row("A", "BC", 1), _row("AB", "C", 1)]))
    versions = [version for found in empty_lake.published.values() for version in found]
    assert len({version.key for version in versions}) == 2
    assert len({version.row_hash for version in versions}) == 2


def test_a_batch_that_comes_again_writes_nothing(empty_lake: Lake) -> None:
    """E05."""
    observations = numbered([_row("1", "a", 1), _row("1", "b", 2), _row("2", "a", 1)])
    empty_lake.publish(observations)
    again = empty_lake.publish(observations)

    assert read_rows(again / "things/observations") == []
    assert read_rows(again / "things/versions") == []
    assert read_rows(again / "loads")[0]["rows_unchanged"] == 3


def test_a_row_seen_again_later_is_logged_but_unchanged(empty_lake: Lake) -> None:
    empty_lake.publish([_row("1", "a", 1)])
    again = empty_lake.publish([_row("1", "a", 1, load_id="l2", observed_at=january(21))])

    assert read_rows(again / "loads")[0]["rows_unchanged"] == 1
    assert len(read_rows(again / "things/observations")) == 1
    [versions] = empty_lake.published.values()
    assert [(version.version, version.load_id) for version in versions] == [(1, "l2")]


def test_only_keys_whose_versions_change_are_published(empty_lake: Lake) -> None:
    empty_lake.publish(numbered([_row("1", "a", 1), _row("2", "a", 1)]))
    batch = empty_lake.publish(
        numbered([_row("1", "a", 2, load_id="l2"), _row("2", "b", 2, load_id="l2")])
    )

    assert {row["thing_id"] for row in read_rows(batch / "things/versions")} == {"2"}
    assert {row["thing_id"] for row in read_rows(batch / "things/observations")} == {"1", "2"}


def test_the_log_of_other_keys_is_not_written_again(empty_lake: Lake) -> None:
    empty_lake.publish(numbered([_row(str(number), "a", 1) for number in range(50)]))
    batch = empty_lake.publish([_row("7", "b", 2, load_id="l2")])

    assert [row["thing_id"] for row in read_rows(batch / "things/observations")] == ["7"]
    assert sorted(row["value"] for row in read_rows(batch / "things/versions")) == ["a", "b"]


def test_dispositions_of_one_batch(empty_lake: Lake) -> None:
    empty_lake.publish([_row("1", "a", 1)])
    batch = empty_lake.publish(
        numbered(
            [
                _row("1", "a", 2, load_id="l2"),  # unchanged
                _row("1", "b", 3, load_id="l2"),  # merged
                _row("2", "a", 3, load_id="l2"),  # one of these is merged, the other deduplicated
                _row("2", "b", 3, load_id="l2"),
                _row("", "x", 3, load_id="l2"),  # quarantined
            ]
        )
    )
    [load] = read_rows(batch / "loads")
    assert {name: load[f"rows_{name}"] for name in STAGES} == {
        "read": 5, "merged": 2, "unchanged": 1, "deduplicated": 1, "quarantined": 1,
    }  # fmt: skip


def test_a_deletion_is_merged_once_and_unchanged_after(empty_lake: Lake) -> None:
    """A10, E09, E10: the load of deletions is in the equation like any other."""
    empty_lake.publish(numbered([_row("1", "a", 1), _row("2", "a", 1)]))

    first = empty_lake.publish(numbered([_gone("1", 3), _gone("never seen", 3)]))
    again = empty_lake.publish(numbered([_gone("1", 4, load_id="gone2")]))

    [load] = read_rows(first / "loads")
    assert (load["load_id"], load["entity"], load["source_system"]) == (
        "gone", "things", "hospital_a",
    )  # fmt: skip
    assert [load[f"rows_{stage}"] for stage in STAGES] == [2, 1, 1, 0, 0]
    [load] = read_rows(again / "loads")
    assert [load[f"rows_{stage}"] for stage in STAGES] == [1, 0, 1, 0, 0]


STAGES = ("read", "merged", "unchanged", "deduplicated", "quarantined")


NOT_BAD = {"name": "bad", "severity": "quarantine", "expect": "value <> 'bad'", "reason": "Bad."}


def test_a_held_row_brings_when_its_key_was_last_accepted(empty_lake: Lake) -> None:
    empty_lake.publish([_row("1", "a", 1)])
    empty_lake.publish([_row("1", "a", 5, load_id="l2")])
    late = [_row("1", "bad", 3, load_id="l3"), _row("2", "bad", 3, load_id="l3")]
    batch = empty_lake.publish(numbered(late), rules=[NOT_BAD])

    assert read_rows(batch / "accepted") == [
        {
            "entity": "things",
            "record_key": surrogate(["hospital_a", "1"]),
            "event_at": january(5),
        }
    ]
    assert read_rows(batch / "things/versions") == []


def test_a_version_says_itself_when_its_key_was_accepted(empty_lake: Lake) -> None:
    assert read_rows(empty_lake.publish([_row("1", "a", 1)]) / "accepted") == []


def test_a_column_that_joins_the_contract_gives_a_version_to_changed_rows_only(
    empty_lake: Lake,
) -> None:
    """E14: all rows are read again with the new column, and one of them was changed since."""
    ids = [str(number) for number in range(50)]
    empty_lake.publish(numbered(_row(thing_id, "a", 1) for thing_id in ids))
    later = {"load_id": "l2", "observed_at": january(21), "colour": "red"}
    empty_lake.publish(
        numbered(_row(thing_id, "a", 2 if thing_id == "7" else 1, **later) for thing_id in ids)
    )

    last = [versions[-1] for versions in empty_lake.published.values()]
    assert {version.colour for version in last} == {"red"}
    assert [version.thing_id for version in last if version.version > 1] == ["7"]


def test_two_changes_of_one_day_both_stay(empty_lake: Lake) -> None:
    """E02."""
    hours = (8, 9, 17)
    empty_lake.publish(
        numbered(
            _row("1", value, 1, event_at=january(1, hour))
            for value, hour in zip("abc", hours, strict=True)
        )
    )
    [versions] = empty_lake.published.values()
    assert [version.effective_date.hour for version in versions] == list(hours)


@pytest.mark.parametrize("batches", [["ab"], ["ba"], ["a", "b"], ["b", "a"]], ids="|".join)
def test_a_tie_is_broken_alike_in_any_order(empty_lake: Lake, batches: list[str]) -> None:
    """E03: equal in all times, the greatest hash counts."""
    rivals = {
        value: _row("1", value, 1, row_id=number, load_id=f"l{number}")
        for number, value in enumerate("ab", start=1)
    }
    for values in batches:
        empty_lake.publish([rivals[value] for value in values])

    greatest = max(rivals.values(), key=lambda rival: rival.row_hash)
    [versions] = empty_lake.published.values()
    assert [version.value for version in versions] == [greatest.value]
