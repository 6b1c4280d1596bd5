"""When a comparison of keys may close rows, and what its loads ask of the Spark batch."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from utils.audit.loads import Load
from utils.audit.runs import Run
from utils.contracts.source_file import DatabaseSource
from utils.contracts.sources import sources
from utils.errors import ConfigError
from utils.maintenance.key_comparison import Comparison, Subject
from utils.maintenance.reconcile import accepted_tables, refusal
from utils.silver.spec import silver_spec

NOON = datetime(2026, 2, 1, 17, tzinfo=UTC)
RUN = Run(run_id="manual__1", dag_id="rcm_reconcile_keys", business_date=date(2026, 2, 1))


def subject(table: str = "patients", run: Run = RUN) -> Subject:
    source = sources()["hospital_a"]
    assert isinstance(source, DatabaseSource)
    return Subject(source, table, NOON - timedelta(hours=6), NOON, run)


def keys(count: int) -> tuple[tuple[str, ...], ...]:
    return tuple((f"P{number}",) for number in range(count))


def local(day: int) -> datetime:
    return datetime(2026, 2, day)  # noqa: DTZ001 (the source's local time)


@pytest.mark.parametrize(
    "found",
    [
        pytest.param(Comparison(100, 100), id="nothing-gone"),
        pytest.param(Comparison(95, 100, gone=keys(5)), id="share-at-its-limit"),
        pytest.param(Comparison(14, 15, gone=keys(1)), id="one-of-a-small-table"),
        pytest.param(Comparison(12, 15, gone=keys(3)), id="some-of-a-small-table"),
        pytest.param(Comparison(0, 0), id="empty-on-both-sides"),
        pytest.param(Comparison(9, 0, overlooked_rows=9, overlooked=keys(9)), id="none-live-yet"),
        pytest.param(
            Comparison(9, 9, newest_at_source=local(3), newest_landed=local(4)),
            id="newest-row-deleted-within-the-overlap",
        ),
        pytest.param(
            Comparison(9, 9, newest_at_source=local(4), newest_landed=local(3)), id="newer"
        ),
    ],
)
def test_a_table_that_looks_right_is_reconciled(found: Comparison) -> None:
    assert refusal(subject(), found) is None


@pytest.mark.parametrize(
    ("found", "complaint"),
    [
        pytest.param(
            Comparison(0, 100, gone=keys(100)), "is empty, silver has 100 live", id="A11-empty"
        ),
        pytest.param(
            Comparison(94, 100, gone=keys(6)),
            "6 of 100 live rows are gone at the source, more than max_delete_share: 0.05",
            id="A11-share",
        ),
        pytest.param(
            Comparison(9, 9, newest_at_source=local(3), newest_landed=local(5)),
            "is of 2026-02-03 00:00:00, but one of 2026-02-05 00:00:00 has landed",
            id="A18-watermark-fell",
        ),
        pytest.param(
            Comparison(9, 9, newest_landed=local(5)), "is of None", id="A18-no-watermark-left"
        ),
    ],
)
def test_a_table_that_looks_wrong_is_refused_with_place_and_remedy(
    found: Comparison, complaint: str
) -> None:
    message = refusal(subject(), found)

    assert message
    assert complaint in message
    assert "(source hospital_a, table patients)" in message
    assert '{"accept": ["hospital_a.patients"]}' in message


def test_the_share_is_the_tables_own() -> None:
    found = Comparison(90, 100, gone=keys(10))

    assert refusal(subject("providers"), found)
    assert refusal(subject("departments"), found) is None


def test_a_table_that_does_not_exist_cannot_be_accepted() -> None:
    assert accepted_tables(["hospital_b.patients"]) == {"hospital_b.patients"}
    with pytest.raises(ConfigError, match=r"hospital_c\.patients"):
        accepted_tables(["hospital_b.patients", "hospital_c.patients"])


def test_a_load_is_named_after_its_run_and_has_no_window() -> None:
    first, again = subject().load("reconcile"), subject().load("reconcile")
    other = subject(run=RUN.model_copy(update={"run_id": "manual__2"})).load("reconcile")

    assert first.load_id == again.load_id != other.load_id
    assert (first.window_low, first.window_high, first.observed_at) == (None, None, NOON)


def test_deletions_and_rows_read_again_are_told_apart_in_the_specification() -> None:
    gone = subject().load("reconcile")
    reread = subject().load("reread").model_copy(update={"columns": ("PatientID",)})
    daily = Load(
        **{**reread.model_dump(), "load_id": "hospital_a.patients.20260201"}
        | {"load_type": "incremental"}
    )

    spec = silver_spec("b1", RUN.business_date, [gone, reread, daily], [])

    [patients] = [entity for entity in spec.entities if entity.name == "patients"]
    assert patients.deletes == (gone.uri,)
    watermarks = {load.load_id: load.watermark for load in patients.loads}
    assert watermarks == {reread.load_id: None, daily.load_id: "ModifiedDate"}
