"""The data dictionary shows what is declared."""

from __future__ import annotations

from local.dictionary import PAGE, page
from utils.entities import entities
from utils.sql import gold_models


def test_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run `make dictionary`"


def test_every_published_table_and_column_is_described() -> None:
    text = page()
    for entity in entities().values():
        for table in entity.silver_tables():
            assert f"### {table.name}\n" in text
            assert all(f"| {column.name} |" in text for column in table.columns)
    for model in gold_models().values():
        assert (f"### {model.name}\n" in text) is model.header.published
