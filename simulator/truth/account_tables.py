"""The fact tables of accounts, row by row: what was posted and what stood at month ends."""

from __future__ import annotations

from simulator.counting import month_end
from simulator.truth.books import Books
from simulator.truth.gold import Rows, gold_table
from simulator.truth.keys import UNKNOWN, payer_key, surrogate


@gold_table(
    key="posting_key",
    measures="transaction_key version claim_key posting_kind posting_cause reason_code "
    "posting_date service_date payer_key patient_key provider_key department_key posted_amount",
    load_id="a row that two loads read may stand under either; audit.table_loads is compared",
)
def fact_ledger(books: Books) -> Rows:
    """Postings."""
    claims, charges = books.published.claims, books.published.charges
    for line in books.ledger.lines:
        claim_key = None
        if line.claim_id is not None:
            is_known = line.claim_id in claims
            claim_key = surrogate(books.name, line.claim_id) if is_known else UNKNOWN
        charge = charges[line.transaction_id] if line.transaction_id else None
        yield (line.posting_key, *_account(books, line.transaction_id)[:1], line.version,
               claim_key, line.kind, line.cause, line.reason, line.day,
               charge.service_date if charge else line.day, payer_key(line.payer),
               *_account(books, line.transaction_id)[1:], line.amount)  # fmt: skip


@gold_table(
    key="transaction_key payer_key month_end_date",
    measures="patient_key provider_key department_key service_date age_days aging_bucket "
    "bill_date bill_age_days bill_aging_bucket balance_amount open_amount credit_amount",
)
def fact_ar_balances(books: Books) -> Rows:
    """Balances of accounts and payers at the ends of complete months."""
    for one in books.receivables.standings:
        end = month_end(one.month)
        if end > books.today:
            continue
        account, *people = _account(books, one.transaction_id)
        bill_age = (end - one.bill_date).days if one.bill_date and one.is_billed else None
        yield (account, payer_key(one.payer), end, *people, one.service_date,
               (end - one.service_date).days, one.bucket, one.bill_date, bill_age,
               one.bill_bucket, one.balance, max(one.balance, 0), max(-one.balance, 0),
               )  # fmt: skip


def _account(books: Books, transaction_id: str | None) -> tuple[str, str, str, str]:
    """Returns the keys of a charge and of the people that it names."""
    if transaction_id is None:
        return UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN
    charge = books.published.charges[transaction_id]
    return (
        surrogate(books.name, transaction_id),
        books.patients.key(charge.patient_id),
        books.providers.key(charge.provider_id),
        books.departments.key(charge.department_id),
    )
