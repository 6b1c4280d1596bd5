"""Summaries of the fact tables: how many rows there are and what their amounts add up to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from operator import attrgetter
from typing import Any

from simulator.counting import grouped, month_end, sums
from simulator.model import Remittance
from simulator.truth.books import Books
from simulator.truth.gold import Rows, gold_table
from simulator.truth.receivables import total

ADJUSTMENTS = [Remittance._fields.index(f"adjustment_{number}_group") for number in (1, 2, 3, 4)]


@gold_table(
    key="",
    measures="_row_count billed_amount paid_amount patient_paid_amount adjustment_amount "
    "write_off_amount open_amount",
)
def fact_transactions(books: Books) -> Rows:
    """Charges."""
    charges = books.published.charges.values()
    yield len(charges), *sums(charges, "amount", "paid_amount", "patient_paid_amount",
                              "adjustment_amount", "write_off_amount", "open_amount")  # fmt: skip


@gold_table(key="", measures="_row_count")
def fact_encounters(books: Books) -> Rows:
    """Visits."""
    yield (len(books.published.encounters),)


@gold_table(
    key="claim_frequency payer_sequence first_outcome final_outcome is_first_pass",
    measures="_row_count billed_amount paid_amount deductible_amount coinsurance_amount "
    "copay_amount edit_count allowed_amount remitted_amount expected_allowed_amount",
)
def fact_claims(books: Books) -> Rows:
    """Claims by what they are and what the payer made of them."""
    groups = grouped(
        books.adjudications,
        lambda one: (one.claim.claim_frequency, one.claim.payer_sequence, one.first_outcome,
                     one.final_outcome, one.is_first_pass),
    )  # fmt: skip
    for place, members in groups.items():
        amounts = sums(members, "claim.claim_amount", "claim.paid_amount",
                       "claim.deductible_amount", "claim.coinsurance_amount",
                       "claim.copay_amount")  # fmt: skip
        yield (*place, len(members), *amounts,
               _known_sum(one.claim.edit_count for one in members),
               *(sums(members, "allowed", "remitted") if place[2] else (None, None)),
               _known_sum(one.expected for one in members))  # fmt: skip


@gold_table(
    key="status_code",
    measures="_row_count charge_amount paid_amount patient_responsibility_amount allowed_amount",
)
def fact_remittances(books: Books) -> Rows:
    """Remittances by their status."""
    groups = grouped(books.published.remittances, attrgetter("status_code"))
    for status, remits in groups.items():
        yield status, len(remits), *sums(remits, "charge_amount", "paid_amount",
                                         "patient_responsibility_amount",
                                         "allowed_amount")  # fmt: skip


@gold_table(key="group_code reason_code is_denial", measures="_row_count amount")
def fact_claim_adjustments(books: Books) -> Rows:
    """The adjustments of the remittances."""
    amounts = defaultdict(list)
    for remit in books.published.remittances:
        for group, code, amount in _adjustments(remit):
            amounts[group, code, remit.status_code == "4"].append(amount)
    for place, members in amounts.items():
        yield *place, len(members), sum(members)


@gold_table(key="posting_kind reason_code", measures="_row_count posted_amount")
def fact_ledger(books: Books) -> Rows:
    """Postings by what they are and why."""
    groups = grouped(books.ledger.totals.items(), lambda item: (item[0].kind, item[0].reason))
    for place, members in groups.items():
        yield *place, *map(sum, zip(*(posted for _, posted in members), strict=True))


@gold_table(
    key="month_end_date aging_bucket bill_aging_bucket",
    measures="_row_count balance_amount open_amount credit_amount",
)
def fact_ar_balances(books: Books) -> Rows:
    """Balances of accounts and payers by age."""
    groups = grouped(
        books.receivables.aged, lambda cell: (cell.month, cell.bucket, cell.bill_bucket)
    )
    for (month, *buckets), cells in groups.items():
        of = total(cells)
        yield month_end(month), *buckets, of.accounts, of.net, of.owed, of.credit


def _adjustments(remit: Remittance) -> Iterator[tuple[str, str, int]]:
    """Yields group, code and amount of each adjustment."""
    for first in ADJUSTMENTS:
        adjustment: tuple[Any, ...] = remit[first : first + 3]
        group, code, amount = adjustment
        if group is not None:
            yield group, code, amount


def _known_sum(amounts: Iterable[int | None]) -> int | None:
    """Returns the sum of what is known, None if nothing is."""
    known = [amount for amount in amounts if amount is not None]
    return sum(known) if known else None
