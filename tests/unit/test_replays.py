"""What may be asked of a replay, and which load it becomes (I01)."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest

from utils.audit.loads import Load
from utils.audit.runs import Run
from utils.batch.spec import batch_json
from utils.errors import ConfigError
from utils.maintenance import replays
from utils.silver.spec import silver_spec

RUN = Run(run_id="manual", dag_id="rcm_replay_quarantine", business_date=date(2026, 2, 1))
BOUND = datetime(2026, 1, 15, 5, tzinfo=UTC)
LOAD = Load(
    load_id="payer_claims.claims.0123456789abcdef",
    run_id="daily",
    business_date=date(2026, 1, 14),
    source="payer_claims",
    source_system="hospital_a",
    table_name="claims",
    entity="claims",
    load_type="file",
    state="PUBLISHED",
    observed_at=BOUND,
    uri="gs://lake/bronze/payer_claims/claims/part-0.parquet",
    columns=("ClaimID",),
)
INJECTION = "claims' OR TRUE; DROP TABLE audit.quarantine; --"


def test_nothing_asked_is_a_dry_run_of_everything_open() -> None:
    wanted = replays.request({})

    assert (wanted.action, wanted.dry_run) == ("replay", True)
    assert wanted.filters == {"entity": None, "source_system": None, "rule": None, "load_ids": "[]"}


@pytest.mark.parametrize(
    ("params", "complaint"),
    [
        pytest.param({"entity": INJECTION}, "`entity`", id="I01-entity"),
        pytest.param({"rule": INJECTION}, "`rule`", id="I01-rule"),
        pytest.param({"source_system": INJECTION}, "`source_system`", id="I01-source-system"),
        pytest.param({"load_ids": [INJECTION]}, "`load_ids.0`", id="I01-load-id"),
        pytest.param({"action": "delete"}, "`action`", id="unknown-action"),
        pytest.param({"rows": [1]}, "`rows`: unknown key", id="unknown-parameter"),
        pytest.param({"entity": "invoices"}, "write one of appeals, claims", id="unknown-entity"),
        pytest.param({"action": "reject"}, "needs a `rule` or `load_ids`", id="reject-everything"),
    ],
)
def test_a_wrong_parameter_is_named(params: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ConfigError, match="params of rcm_replay_quarantine") as error:
        replays.request(params)

    assert complaint in str(error.value)
    assert INJECTION not in str(error.value)


def test_a_replay_keeps_the_bound_and_the_manner_of_the_first_reading() -> None:
    replay = replays.replay_load(LOAD, [3, 5], RUN)

    assert (replay.observed_at, replay.load_type, replay.columns) == (BOUND, "file", ("ClaimID",))
    assert (replay.replays, replay.row_ids, replay.state) == (LOAD.load_id, (3, 5), "LANDED")
    assert (replay.run_id, replay.business_date) == ("manual", date(2026, 2, 1))


def test_every_try_of_a_run_makes_the_same_replay_and_every_run_its_own() -> None:
    other = RUN.model_copy(update={"run_id": "another"})
    ids = [replays.replay_load(LOAD, [3], run).load_id for run in (RUN, RUN, other)]

    assert ids[0] == ids[1]
    assert len({LOAD.load_id, *ids}) == 3


def test_spark_reads_the_rows_where_the_first_load_left_them() -> None:
    replay = replays.replay_load(LOAD, [3, 5], RUN)
    document = json.loads(batch_json(silver_spec("b1", RUN.business_date, [replay], [])))
    [load] = [load for entity in document["entities"] for load in entity["loads"]]

    assert (load["load_id"], load["rows"]) == (LOAD.load_id, [3, 5])
    assert (load["path"], load["observed_at"]) == (LOAD.uri, "2026-01-15T05:00:00+00:00")
