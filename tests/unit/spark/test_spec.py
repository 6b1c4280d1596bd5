"""A wrong specification is refused with the field that is wrong."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.spark_support import batch_json
from tests.unit.spark.lake import things_json
from utils.batch.spec import SpecError
from utils.batch.spec_reader import parse_batch

LOAD = {
    "load_id": "l1",
    "source_system": "hospital_a",
    "time_zone": "America/New_York",
    "path": "gs://lake/bronze/l1/",
    "columns": {"thing_id": "ID"},
    "watermark": None,
    "observed_at": "2026-02-01T00:00:00-05:00",
}


def test_a_specification_is_read() -> None:
    [entity] = parse_batch(batch_json(things_json(loads=[LOAD]))).entities
    assert entity.key_column == "thing_key"
    assert [column.name for column in entity.tracked] == ["thing_id", "value"]
    assert entity.loads[0].observed_at == datetime(2026, 2, 1, 5, tzinfo=UTC)
    assert entity.has_news


def test_an_entity_without_loads_and_deletes_has_no_news() -> None:
    assert not parse_batch(batch_json(things_json())).entities[0].has_news


def _with(**parts: Any) -> str:
    return batch_json(things_json(loads=[{**LOAD, **parts}]))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "the specification is not JSON"),
        ("[]", "spec: expected an object, found list"),
        (json.dumps({"batch_id": "b1"}), "spec.business_date: expected str, found missing"),
        (
            json.dumps({"batch_id": "b", "business_date": "31/01/2026", "entities": []}),
            "spec.business_date: `31/01/2026` is not a day",
        ),
        (_with(path=""), r"spec.entities\[0\].loads\[0\].path: must not be empty"),
        (_with(path=7), r"loads\[0\].path: expected str, found int"),
        (_with(time_zone="Mars/Base"), "time_zone: `Mars/Base` is no IANA time zone"),
        (_with(rows=[1, "2"]), r"loads\[0\].rows\[1\]: expected int, found str"),
        (_with(observed_at=None), "observed_at: expected str, found NoneType"),
        (_with(observed_at="2026-02-01 00:00:00"), "has no offset"),
        (_with(observed_at="soon"), "`soon` is not an ISO 8601 instant"),
        (_with(columns={"colour": "C"}), "`colour` is not a column of things"),
        (batch_json(things_json(key=["id"])), "`id` is not a column of things"),
        (batch_json(things_json(key=[])), "needs at least one key column"),
        (
            batch_json(things_json(rules=[{"name": "r", "severity": "fatal"}])),
            "severity: `fatal` is none of quarantine, warn",
        ),
        (
            batch_json(things_json(columns=[{"name": "thing_id", "type": "VARCHAR"}])),
            "type: `VARCHAR` is none of STRING",
        ),
        (
            batch_json(
                things_json(columns=[{"name": "thing_id", "type": "STRING", "required": 1}])
            ),
            "required: expected bool, found int",
        ),
    ],
)
def test_a_wrong_specification_names_its_field(text: str, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        parse_batch(text)
