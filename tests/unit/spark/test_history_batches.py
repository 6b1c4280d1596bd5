"""What batches leave behind: the log, what is published, dispositions, and the order of arrival."""

from __future__ import annotations

from dataclasses import replace
from operator import itemgetter
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from tests.oracle import Observation, surrogate
from tests.spark_support import read_rows
from tests.unit.spark.lake import Lake, january, numbered


def _row(thing_id: str, value: str, day: int, **parts: Any) -> Observation:
    seen: dict[str, Any] = {
        "source_system": "hospital_a",
        "note": None,
        "observed_at": january(20),
        "load_id": "l1",
        "row_id": 1,
    }
    return Observation(
        **{**seen, "thing_id": thing_id, "value": value, "event_at": january(day), **parts}
    )


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
    assert read_rows(again / "things/revisions") == []
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


def test_only_keys_whose_revisions_change_are_published_again(empty_lake: Lake) -> None:
    """Knowledge of key 1 is read once more; of key 2 it is revised."""
    empty_lake.publish(numbered([_row("1", "a", 1), _row("2", "a", 1)]))
    later = {"load_id": "l2", "observed_at": january(21)}
    batch = empty_lake.publish(numbered([_row("1", "a", 1, **later), _row("2", "b", 1, **later)]))

    assert [
        (row["thing_id"], row["value"], row["known_from"].day, row["known_to"].year)
        for row in sorted(read_rows(batch / "things/revisions"), key=itemgetter("known_from"))
    ] == [("2", "a", 20, 2026), ("2", "b", 21, 9999)]


@pytest.mark.parametrize("batches", [["ab"], ["a", "b"], ["b", "a"]], ids="|".join)
def test_a_correction_of_an_instant_leaves_what_was_known_before(
    empty_lake: Lake, batches: list[str]
) -> None:
    """E03: one instant read as a on the 20th and as b on the 21st, whichever is merged first."""
    readings = {
        "a": _row("1", "a", 1),
        "b": _row("1", "b", 1, load_id="l2", observed_at=january(21)),
    }
    for values in batches:
        empty_lake.publish([readings[value] for value in values])

    [versions] = empty_lake.published.values()
    assert [version.value for version in versions] == ["b"]
    [known] = empty_lake.revisions.values()
    assert [(each.value, each.known_from.day, each.known_to.year) for each in known] == [
        ("a", 20, 2026),
        ("b", 21, 9999),
    ]


def test_a_deletion_is_known_from_its_comparison_on(empty_lake: Lake) -> None:
    empty_lake.publish([_row("1", "a", 1)])
    empty_lake.publish([replace(_gone("1", 22), observed_at=january(22))])

    [known] = empty_lake.revisions.values()
    assert [(each.value, each.is_deleted, each.known_from.day) for each in known] == [
        ("a", False, 20),
        (None, True, 22),
    ]


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
                _row("2", "a", 3, load_id="l2"),
                _row("3", "a", 3, load_id="l2"),  # they contradict each other: quarantined
                _row("3", "b", 3, load_id="l2"),
                _row("", "x", 3, load_id="l2"),  # quarantined
            ]
        )
    )
    [load] = read_rows(batch / "loads")
    assert {name: load[f"rows_{name}"] for name in STAGES} == {
        "read": 7, "merged": 2, "unchanged": 1, "deduplicated": 1, "quarantined": 3,
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
