"""The gold tables that hold two books against each other, or look for what leads nowhere."""

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


@gold_table(key="account_key cause", measures="since_date age_days difference_amount item_amount")
def reconciling_items(_: Books) -> Rows:
    """The billing system posts to the charge whatever it writes to the journal: none."""
    return iter(())


@gold_table(
    key="",
    measures="ledger_amount billing_amount owed_amount item_count difference "
    "unexplained_amount unexplained_gross_amount kind_differs_amount posting_held_amount "
    "charge_held_amount charge_deleted_amount charge_not_found_amount journal_not_landed_amount "
    "between_bounds_amount",
    unexplained_limit="it is configured",
)
def ar_reconciliation(books: Books) -> Rows:
    """What the ledger adds up to, and what the charges in force say is owed."""
    posted = sum(line.amount for line in books.ledger.lines)
    owed = [charge.open_amount for charge in books.published.charges.values()]
    yield (
        *(posted, sum(owed), sum(amount for amount in owed if amount > 0), 0, posted - sum(owed)),
        *[0] * 9,
    )
