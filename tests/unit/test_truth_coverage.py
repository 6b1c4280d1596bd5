"""Everything that is published is compared with the answer key, or excused by name."""

from __future__ import annotations

import pytest

from simulator.model import ENTITIES
from simulator.truth.audited_tables import AUDITED_TABLES
from simulator.truth.gold import Declared
from simulator.truth.network_tables import NETWORK_TABLES
from simulator.truth.tables import TABLES
from simulator.verify import EXCUSED
from utils.contracts.entities import entities
from utils.gold.models import gold_models

DECLARED: dict[str, Declared] = {
    table.name: table
    for tables in (TABLES, NETWORK_TABLES, AUDITED_TABLES)
    for table in tables.values()
}
PUBLISHED = {model.name: model for model in gold_models().values() if model.header.published}


EXCUSED_GOLD = {name for name in EXCUSED if name.startswith("gold.")}
COMPARED = sorted(name for name in PUBLISHED if f"gold.{name}" not in EXCUSED_GOLD)


def test_every_gold_table_is_compared_or_excused() -> None:
    compared = {name for name in DECLARED if name.startswith("gold.")}

    assert compared | EXCUSED_GOLD == {f"gold.{name}" for name in PUBLISHED}
    assert not compared & EXCUSED_GOLD
    assert all(EXCUSED.values())


@pytest.mark.parametrize("name", COMPARED)
def test_every_column_of_a_gold_table_is_compared_or_excused_by_name(name: str) -> None:
    model, declared = PUBLISHED[name], DECLARED[f"gold.{name}"]

    assert set(declared.columns) | set(declared.not_compared) == set(model.header.columns)
    assert not set(declared.columns) & set(declared.not_compared)
    assert all(declared.not_compared.values())


@pytest.mark.parametrize("name", COMPARED)
def test_rows_are_compared_by_a_key_that_tells_them_apart(name: str) -> None:
    """A key of the answer key may have the source system before the published key."""
    declared = DECLARED[f"gold.{name}"]
    by_another = {"dim_procedures"}  # its key is made of an instant that nobody can expect

    assert name in by_another or set(PUBLISHED[name].header.keys) <= set(declared.key)


def test_every_silver_table_is_compared_or_excused() -> None:
    published = {
        f"silver.{table.name}" for entity in entities().values() for table in entity.silver_tables()
    }
    compared = {f"silver.{entity}" for entity in ENTITIES}

    assert published - compared == {name for name in EXCUSED if name.startswith("silver.")}
    assert compared <= published
