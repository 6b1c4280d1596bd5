"""What faults do and expect, and how a seed spreads them over fail points."""

from __future__ import annotations

import pytest

from tools.chaos import plan
from tools.chaos.faults import (
    AT_RANDOM,
    FAULTS,
    DiskFull,
    Expected,
    Fault,
    Forbidden,
    KillBigQuery,
    KillMariaDB,
    KillSpark,
    KillStorage,
    KillTask,
    Lose,
    Refuse,
    TooManyRequests,
    Unavailable,
)
from tools.chaos.points import Met


class Recorded:
    """Hands that only note what they are told to do."""

    def __init__(self) -> None:
        self.done: list[str] = []

    def kill_task(self) -> None:
        self.done.append("kill task")

    def kill_service(self, name: str) -> None:
        self.done.append(f"kill {name}")

    def fill_disk(self, name: str) -> None:
        self.done.append(f"fill {name}")


@pytest.mark.parametrize(
    ("fault", "done"),
    [
        pytest.param(KillTask(AT_RANDOM), ["kill task"], id="task"),
        pytest.param(KillSpark(AT_RANDOM), ["kill spark"], id="spark"),
        pytest.param(KillMariaDB(AT_RANDOM), ["kill mariadb"], id="mariadb"),
        pytest.param(KillStorage(AT_RANDOM), ["kill storage"], id="storage"),
        pytest.param(KillBigQuery(AT_RANDOM), ["kill bigquery"], id="bigquery"),
        pytest.param(DiskFull("spark: wrote loads"), ["fill gcs"], id="disk-of-the-lake"),
        pytest.param(DiskFull("storage: read lake/x"), ["fill tmp"], id="disk-of-the-reader"),
        pytest.param(Refuse("storage: read lake/x"), [], id="only-the-request"),
    ],
)
def test_a_fault_strikes_what_it_names(fault: Fault, done: list[str]) -> None:
    hands = Recorded()
    fault.strike(hands)
    assert hands.done == done


ABSORBED = [kind for kind in FAULTS if kind.expected is Expected.ABSORBED]


@pytest.mark.parametrize("kind", ABSORBED, ids=lambda kind: kind.name)
def test_a_fault_that_a_retry_absorbs_touches_nothing_but_its_request(kind: type[Fault]) -> None:
    hands = Recorded()
    kind("storage: read lake/x").strike(hands)
    assert hands.done == []


@pytest.mark.parametrize(
    ("point", "never"),
    [
        pytest.param("mysql: connect to a", {Lose, TooManyRequests, KillSpark}, id="mysql"),
        pytest.param("spark: wrote batches", {Lose, TooManyRequests, Refuse}, id="spark"),
        pytest.param("storage: stat x", {Forbidden, KillBigQuery, KillMariaDB}, id="read"),
    ],
)
def test_a_point_is_struck_only_by_what_can_happen_there(
    point: str, never: set[type[Fault]]
) -> None:
    met = [Met(point, "land", False, 1, 0), Met("spark: wrote loads", "build", True, 1, 1)]
    drawn = {type(fault) for fault in plan.draw(met, 400, "1", FAULTS) if fault.point == point}
    assert drawn
    assert not drawn & never


def test_a_fault_reads_as_the_report_shows_it() -> None:
    shown = [
        str(KillTask("storage: upload x", 2, is_after=True, task="land[1]")),
        str(TooManyRequests("storage: upload x", task="land[1]")),
        str(KillSpark(AT_RANDOM, moment=0.25)),
    ]
    assert shown == [
        "kill task after [storage: upload x] (land[1], meeting 2)",
        "429 at [storage: upload x] (land[1], meeting 1)",
        "kill spark at 25% of the run",
    ]


POINTS = [
    Met("storage: upload lake/bronze", "land", True, 2, 0),
    Met("storage: stat lake/bronze", "land", False, 4, 1),
    Met("mysql: connect to hospital_a", "land", False, 9, 2),
    Met("spark: wrote loads", "build_silver", True, 1, 3),
    Met("bigquery: publish silver", "publish_silver", True, 1, 4),
]


def test_the_same_seed_draws_the_same_faults() -> None:
    first, again = (plan.draw(POINTS, 30, "7", FAULTS) for _ in range(2))
    assert first == again
    assert first != plan.draw(POINTS, 30, "8", FAULTS)


def test_enough_faults_strike_every_durable_point() -> None:
    durable = {point.name for point in POINTS if point.is_durable}
    for seed in range(20):
        drawn = plan.draw(POINTS, len(durable), f"{seed}", FAULTS)
        assert {fault.point for fault in drawn} == durable


def test_a_trial_has_no_fault_behind_one_that_lets_its_task_succeed() -> None:
    places = {point.name: point.place for point in POINTS}
    absorbed = TooManyRequests("storage: upload lake/bronze", task="land")
    behind = Unavailable("storage: stat lake/bronze", task="land")
    deadly = KillTask("storage: upload lake/bronze", task="land")
    elsewhere = Lose("bigquery: publish silver", task="publish_silver")
    assert plan.spread([absorbed, behind, elsewhere], places, 5) == [
        [absorbed, elsewhere],
        [behind],
    ]
    assert plan.spread([deadly, behind], places, 5) == [[deadly, behind]]


def test_a_task_that_is_run_again_takes_another_fault() -> None:
    places = {point.name: point.place for point in POINTS}
    absorbed = KillSpark("spark: wrote loads", task="build_silver")
    behind = DiskFull("spark: wrote loads", task="build_silver")
    deadly = KillTask("bigquery: publish silver", task="publish_silver")
    assert plan.spread([absorbed, deadly, behind], places, 5) == [[absorbed, deadly, behind]]
    assert plan.spread([absorbed, behind, deadly], places, 5) == [[absorbed, deadly], [behind]]


def test_each_source_takes_a_fault_in_the_same_trial() -> None:
    places = {point.name: point.place for point in POINTS}
    first = TooManyRequests("storage: upload lake/bronze", task="land[0]")
    second = Unavailable("mysql: connect to hospital_a", task="land[1]")
    assert plan.spread([first, second], places, 5) == [[first, second]]


def test_step_of_a_mapped_task_is_the_same_for_every_source() -> None:
    steps = [
        TooManyRequests("storage: upload", task=task).step for task in ("land[3]", "land[0]", "")
    ]
    assert steps == ["land", "land", ""]
