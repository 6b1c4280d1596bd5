"""Every gold table of the answer key, by name."""

from __future__ import annotations

import pyarrow as pa

from simulator.columns import typed_table
from simulator.truth import (
    account_tables,
    balance_tables,
    charge_tables,
    claim_tables,
    control_tables,
    denial_tables,
    dimension_tables,
    exposure_tables,
    fact_tables,
    forecast_tables,
    ledger_tables,
    reconciliation_tables,
    record_tables,
    recoupment_tables,
    work_tables,
)
from simulator.truth.books import Books
from simulator.truth.gold import GoldTable

_MODULES = (dimension_tables, fact_tables, account_tables, charge_tables, claim_tables,
            denial_tables, ledger_tables, balance_tables, exposure_tables, record_tables,
            work_tables, forecast_tables, control_tables, reconciliation_tables,
            recoupment_tables)  # fmt: skip
TABLES: dict[str, GoldTable] = {
    table.count.__name__: table
    for module in _MODULES
    for table in vars(module).values()
    if isinstance(table, GoldTable)
}


def true_gold(books: Books, *, of_codes: bool = False) -> dict[str, pa.Table]:
    """Returns every gold table of a hospital, or of the code sets, at the end of a date."""
    return {
        table.name: typed_table(table.columns, list(table.rows(books)), table.key)
        for table in TABLES.values()
        if table.of_codes == of_codes
    }
