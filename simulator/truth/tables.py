"""Every gold table of the answer key, by name."""

from __future__ import annotations

from typing import Any

from simulator.truth import (
    balance_tables,
    charge_tables,
    claim_tables,
    denial_tables,
    exposure_tables,
    fact_tables,
    ledger_tables,
    record_tables,
)
from simulator.truth.books import Books
from simulator.truth.gold import GoldTable
from simulator.truth.published import Published

_MODULES = (fact_tables, charge_tables, claim_tables, denial_tables, ledger_tables,
            balance_tables, exposure_tables, record_tables)  # fmt: skip
TABLES: dict[str, GoldTable] = {
    table.name: table
    for module in _MODULES
    for table in vars(module).values()
    if isinstance(table, GoldTable)
}


def true_gold(published: Published) -> dict[str, list[tuple[Any, ...]]]:
    """Returns the rows of every gold table for a hospital at the end of its business date."""
    books = Books(published)
    return {name: list(table.rows(books)) for name, table in TABLES.items()}
