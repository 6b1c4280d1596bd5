"""What a contract may say of its identifiers, dates and deletions."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from utils.contracts.columns import Column
from utils.contracts.entities import Entity, entities, folding
from utils.contracts.sources import sources
from utils.landing.outcomes import wanted_columns


def column(**parts: Any) -> Column:
    return Column(**{"type": "STRING", "description": "Something.", **parts})


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"fold": "case"}, "only a column with `normalize: id`"),
        ({"references": "patients"}, "only a column with `normalize: id`"),
        (
            {"normalize": "id", "fold": "case", "references": "patients"},
            "declared with the key that the column references",
        ),
    ],
    ids=["fold", "references", "both"],
)
def test_a_column_that_contradicts_itself_is_refused(parts: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        column(**parts)


def test_only_a_key_folds() -> None:
    columns = {
        "thing_id": column(normalize="id", required=True),
        "other_id": column(normalize="id", fold="case"),
    }
    with pytest.raises(ValidationError, match="`other_id` has `fold` but is no column of the key"):
        Entity(
            name="things", singular="thing", description="Things.", grain="one row per thing",
            key=("thing_id",), columns=columns,
        )  # fmt: skip


def test_a_reference_is_read_as_the_key_that_it_names(monkeypatch: pytest.MonkeyPatch) -> None:
    patients = entities()["patients"]
    folded = patients.columns["patient_id"].model_copy(update={"fold": "case"})
    changed = patients.model_copy(update={"columns": {**patients.columns, "patient_id": folded}})
    monkeypatch.setitem(entities(), "patients", changed)

    assert folding(entities()["transactions"].columns["patient_id"]) == "case"
    assert folding(entities()["transactions"].columns["provider_id"]) is None


def test_every_identifier_that_is_another_entitys_key_references_it() -> None:
    keys = {entity.key[0]: entity.name for entity in entities().values() if len(entity.key) == 1}
    unreferenced = [
        f"{entity.name}.{name}"
        for entity in entities().values()
        for name, column in entity.columns.items()
        if column.normalize == "id" and name not in entity.key and name in keys
        and column.references != keys[name]
    ]  # fmt: skip
    assert unreferenced == []


def test_a_flag_of_deletion_must_be_there() -> None:
    table = sources()["hospital_a"].tables["transactions"]
    flagged = table.model_copy(update={"deleted_when": {"Voided": ("1",)}})
    assert {item.name: item.required for item in wanted_columns(flagged)}["Voided"] is True
