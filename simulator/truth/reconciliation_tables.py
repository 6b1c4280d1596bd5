"""The gold tables of the two books of an account: the ledger and the billing system's charges."""

from __future__ import annotations

from simulator.truth.books import Books
from simulator.truth.gold import Rows, gold_table
from simulator.truth.keys import surrogate
from simulator.truth.reconciling import CAUSES, KIND_DIFFERS, UNEXPLAINED


@gold_table(key="account_key cause", measures="since_date age_days difference_amount item_amount")
def reconciling_items(books: Books) -> Rows:
    """Accounts on which the two differ, and why."""
    for item in books.reconciling_items:
        yield (surrogate(books.name, item.transaction_id), item.cause, item.since,
               (books.today - item.since).days, item.difference,
               item.amount)  # fmt: skip


@gold_table(
    key="",
    measures="ledger_amount billing_amount owed_amount item_count difference "
    + "unexplained_gross_amount "
    + " ".join(f"{cause}_amount" for cause in CAUSES),
    unexplained_limit="it is configured",
)
def ar_reconciliation(books: Books) -> Rows:
    """What the ledger adds up to, what the charges in force say is owed, and what is between."""
    posted = sum(line.amount for line in books.ledger.lines)
    owed = [charge.open_amount for charge in books.published.charges.values()]
    items = books.reconciling_items
    by_cause = {
        cause: sum(item.difference for item in items if item.cause == cause) for cause in CAUSES
    }
    by_cause[KIND_DIFFERS] = sum(item.amount for item in items if item.cause == KIND_DIFFERS)
    gross = sum(abs(item.difference) for item in items if item.cause == UNEXPLAINED)
    between = posted - sum(owed) - sum(item.difference for item in items)
    yield (posted, sum(owed), sum(amount for amount in owed if amount > 0), len(items), between,
           gross, *by_cause.values())  # fmt: skip
