"""Rows are held, mended at the source or by another rule, and reach gold to the cent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

import simulator
from local.airflow.process import RunFailed
from simulator.defects import BLANKS
from simulator.mysql import transaction
from tests.pipeline_support import Pipeline, checkout, last_run, pipeline, rows

HOSPITAL = "hospital_a"
MEANT = {"entity": "transactions", "source_system": HOSPITAL, "rule": "patient_id_missing"}
WHERE_MEANT = " AND ".join(f"{name} = '{value}'" for name, value in MEANT.items())
NO_PATIENT = {"TQBLANK1": Decimal("100.10"), "TQBLANK2": Decimal("200.25")}
NEGATIVE = "TQNEGATIVE"


@dataclass(frozen=True)
class Moment:
    """What is published at one moment."""

    content: dict[str, str]
    ledger: list[tuple[str, ...]]
    billed: Decimal
    held: Decimal

    @property
    def states(self) -> list[str]:
        return [row[-1] for row in self.ledger]


@dataclass(frozen=True)
class Story:
    """The moments of the story, in order, and what the hospital's books say."""

    pipeline: Pipeline
    source_count: int
    source_billed: Decimal
    negative_held: Moment
    corrected: Moment
    shown: Moment
    replayed: Moment
    replayed_again: Moment


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    folder = tmp_path_factory.mktemp("quarantine")
    with pytest.MonkeyPatch.context() as patch, pipeline(folder, patch) as running:
        world = simulator.generate(7, 80, 1, folder=folder / "simulator", keeps_books=False)
        first, second = world.business_dates
        moments = []
        with running.worker() as worker:
            for index, day in enumerate(world.business_dates):
                world.apply(index, running.hospitals, running.landing)
                running.deliver()
                _plant(running, day) if day == first else _correct(running, day)
                worker.run(day, lambda task, seconds: None)
                moments.append(_moment(running))
        relaxed = _relaxed(checkout(folder / "checkout"))
        with running.worker_of(relaxed, "rcm_replay_quarantine") as worker:
            for hour, is_dry in enumerate((True, False, False)):
                at = datetime.combine(second, time(hour), tzinfo=UTC)
                worker.run(at, lambda task, seconds: None, {**MEANT, "dry_run": is_dry})
                moments.append(_moment(running))
        yield Story(running, *_source_truth(running), *moments)


def _plant(running: Pipeline, day: date) -> None:
    """Two charges of nobody and one that is negative, posted at noon."""
    with transaction(running.hospitals[HOSPITAL]) as cursor:
        cursor.execute(
            "SELECT * FROM transactions WHERE Amount > 0 AND PatientID LIKE 'H%' LIMIT 1"
        )
        columns = [column[0] for column in cursor.description]
        charge = dict(zip(columns, cursor.fetchone(), strict=True))
        nothing = {name: 0 for name in columns if name.endswith("Amount")} | {"ClaimID": None}
        charge |= {**nothing, "ModifiedDate": f"{day} 12:00:00"}
        broken = [{"TransactionID": NEGATIVE, "Amount": Decimal(-50)}]
        broken += [
            {"TransactionID": name, "PatientID": "", "Amount": amount}
            for name, amount in NO_PATIENT.items()
        ]
        places = ", ".join(["%s"] * len(columns))
        for row in broken:
            cursor.execute(
                f"INSERT INTO transactions VALUES ({places})", list({**charge, **row}.values())
            )


def _correct(running: Pipeline, day: date) -> None:
    with transaction(running.hospitals[HOSPITAL]) as cursor:
        cursor.execute(
            "UPDATE transactions SET Amount = 50, ModifiedDate = %s WHERE TransactionID = %s",
            (f"{day} 10:00:00", NEGATIVE),
        )


def _source_truth(running: Pipeline) -> tuple[int, Decimal]:
    """Charges of nobody in the hospital's own books, each counted once."""
    blanks = [blank for blank in BLANKS if blank is not None]
    with transaction(running.hospitals[HOSPITAL]) as cursor:
        cursor.execute(
            "SELECT COUNT(*), SUM(Amount) FROM (SELECT DISTINCT TransactionID, Amount "
            "FROM transactions WHERE PatientID IS NULL OR PatientID IN %s) AS charges",
            (blanks,),
        )
        [(count, billed)] = cursor.fetchall()
    return count, billed


def _relaxed(tree: Path) -> Path:
    """Lets a transaction lack its patient."""
    file = tree / "configs" / "entities" / "transactions.yaml"
    entity: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    assert entity["columns"]["patient_id"].pop("required") is True
    file.write_text(yaml.safe_dump(entity, sort_keys=False), encoding="utf-8")
    return tree


def _moment(running: Pipeline) -> Moment:
    columns = "load_id, row_id, rule, rule_version, first_seen_at, last_seen_at, changed_by, state"
    ledger = [tuple(str(v) for v in row.values()) for row in rows("audit", "quarantine", columns)]
    source = f"source_system = '{HOSPITAL}'"
    [gold] = rows("gold", "fact_transactions", "SUM(billed_amount) AS billed", source)
    [held] = rows(
        "gold", "quarantine_summary", "COALESCE(SUM(billed_amount), 0) AS billed", WHERE_MEANT
    )
    return Moment(running.content(), sorted(ledger), gold["billed"], held["billed"])


def test_a_row_corrected_at_its_source_is_superseded_and_loaded(story: Story) -> None:
    [version] = rows(
        "silver", "transactions", "transaction_key, amount", f"transaction_id = '{NEGATIVE}'"
    )
    where = f"record_key = '{version['transaction_key']}'"
    ledger = rows("audit", "quarantine", "state, billed_amount", where)

    assert version["amount"] == 50
    assert ledger == [{"state": "superseded", "billed_amount": -50}]


def test_gold_states_the_dollars_held_each_counted_once(story: Story) -> None:
    reread = [state for state in story.corrected.states if state == "superseded"]

    assert len(reread) > 1, "the second day must read rows of the first again"
    assert story.corrected.held == story.source_billed >= sum(NO_PATIENT.values())


def test_a_dry_run_shows_what_would_be_released_and_changes_nothing(story: Story) -> None:
    columns = "action, outcome, row_count, billed_amount"
    shown = rows("audit", "quarantine_replays", columns, "is_dry_run")

    assert [tuple(row.values()) for row in shown] == [
        ("replay", "released", story.source_count, story.source_billed)
    ]
    assert story.shown == story.corrected


def test_a_replay_brings_exactly_the_dollars_to_gold(story: Story) -> None:
    assert story.replayed.billed - story.shown.billed == story.source_billed
    assert story.replayed.held == 0
    assert story.replayed.states.count("released") == story.source_count


def test_a_replayed_row_is_in_force_from_its_own_time(story: Story) -> None:
    names = ", ".join(f"'{name}'" for name in NO_PATIENT)
    versions = rows(
        "silver", "transactions", "transaction_id, effective_date", f"transaction_id IN ({names})"
    )

    noon = datetime(2026, 1, 31, 17, tzinfo=UTC)  # in New York
    assert sorted(tuple(row.values()) for row in versions) == [(name, noon) for name in NO_PATIENT]


def test_a_replay_has_an_equation_of_its_own(story: Story) -> None:
    parts = ("merged", "unchanged", "deduplicated", "quarantined")
    columns = ", ".join([*(f"rows_{part}" for part in ("read", *parts)), "state"])
    replays = rows("audit", "table_loads", columns, "replays IS NOT NULL")

    assert {load["state"] for load in replays} == {"PUBLISHED"}
    assert sum(load["rows_read"] for load in replays) == story.source_count
    assert sum(load["rows_merged"] for load in replays) == story.source_count
    for load in replays:
        assert load["rows_read"] == sum(load[f"rows_{part}"] for part in parts)


def test_every_load_still_holds_what_its_ledger_lists(story: Story) -> None:
    listed = {
        row["load_id"]: row["held"]
        for row in rows("audit", "quarantine", "load_id, COUNT(*) AS held", "TRUE GROUP BY load_id")
    }
    loads = rows("audit", "table_loads", "load_id, rows_quarantined", "rows_quarantined > 0")

    assert {row["load_id"]: row["rows_quarantined"] for row in loads} == listed


def test_a_replay_again_changes_nothing(story: Story) -> None:
    assert story.replayed_again == story.replayed


def test_a_parameter_that_is_no_name_is_refused(story: Story) -> None:
    day = date(2026, 2, 2)
    with story.pipeline.worker("rcm_replay_quarantine") as worker, pytest.raises(RunFailed):
        worker.run(day, lambda task, seconds: None, {"action": "reject", "dry_run": False})

    assert "`reject` needs a `rule` or `load_ids`" in last_run(day)["error"]
