"""The gold table of references that lead nowhere."""

from __future__ import annotations

from simulator.counting import sums
from simulator.truth.books import Books
from simulator.truth.gold import Rows, gold_table

REFERENCES = {
    "transactions": "patients providers departments procedures payers encounters",
    "claims": "patients providers departments payers encounters transactions",
    "encounters": "patients providers departments procedures",
}
COLUMNS = {
    "patients": "patient_id",
    "providers": "provider_id",
    "departments": "department_id",
    "procedures": "procedure_code",
    "payers": "payer_id",
    "encounters": "encounter_id",
    "transactions": "transaction_id",
}
BILLED = {"transactions": "amount", "claims": "claim_amount"}


@gold_table(key="fact dimension", measures="row_count missing_count orphan_count orphan_amount")
def orphan_summary(books: Books) -> Rows:
    """References to what is not there. A payer is there as soon as it is named."""
    for fact, dimensions in REFERENCES.items():
        records = books.published.current(fact).values()
        for dimension in dimensions.split():
            column, there = COLUMNS[dimension], books.published.current(dimension)
            named = [one for one in records if getattr(one, column) is not None]
            orphans = [one for one in named if getattr(one, column) not in there]
            if dimension == "payers":
                orphans = []
            amount = sums(orphans, BILLED[fact])[0] if fact in BILLED else 0
            if named:
                missing = len(records) - len(named)
                yield fact, dimension, len(records), missing, len(orphans), amount
