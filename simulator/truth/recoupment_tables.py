"""The gold table of what payers took back with their remittances, and what of it was posted."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date
from typing import NamedTuple

from simulator.truth.books import Books
from simulator.truth.gold import Rows, gold_table
from simulator.truth.outcomes import REVERSED, outcome


class Remittance(NamedTuple):
    """A check of a payer."""

    payer: str
    day: date
    check: str


@gold_table(
    key="payer_name remit_date check_number",
    measures="claim_count recouped_amount posted_amount unposted_amount forwarded_amount "
    "interest_amount other_amount",
)
def kpi_recoupments(books: Books) -> Rows:
    """What came back to payers by remittance; a claim's postings settle its first one first."""
    beside, taken = _adjusted(books), _taken(books)
    unsettled = Counter(_posted(books))
    recouped: Counter[Remittance] = Counter()
    settled: Counter[Remittance] = Counter()
    claims: Counter[Remittance] = Counter()
    for (remittance, claim), amount in sorted(taken.items(), key=lambda item: item[0][0].day):
        booked = min(amount, unsettled[claim])
        unsettled[claim] -= booked
        recouped[remittance] += amount
        settled[remittance] += booked
        claims[remittance] += amount > 0
    for remittance in dict.fromkeys([*recouped, *beside]):
        amount, booked = recouped[remittance], settled[remittance]
        kinds = beside.get(remittance, Counter())
        yield (*remittance, claims[remittance], amount, booked, amount - booked, kinds["FB"],
               -kinds["L6"], 0)  # fmt: skip


def _taken(books: Books) -> dict[tuple[Remittance, str], int]:
    """Returns by remittance and claim what was taken back, told as reversal, recovery or both."""
    reversed_: Counter[tuple[Remittance, str]] = Counter()
    recovered: Counter[tuple[Remittance, str]] = Counter()
    for remit in books.published.remittances:
        if outcome(remit) == REVERSED:
            check = Remittance(remit.payer_id, remit.remit_date, remit.check_number)
            reversed_[check, remit.claim_id] -= remit.paid_amount
    for line in books.published.provider_adjustments:
        if line.reason_code == "WO":
            check = Remittance(line.payer_id, line.adjustment_date, line.check_number)
            recovered[check, line.claim_id or ""] += line.amount
    return {place: max(reversed_[place], recovered[place]) for place in {**reversed_, **recovered}}


def _adjusted(books: Books) -> dict[Remittance, Counter[str]]:
    """Returns what payers adjusted in each remittance apart from its claims, by reason."""
    found: dict[Remittance, Counter[str]] = defaultdict(Counter)
    for line in books.published.provider_adjustments:
        check = Remittance(line.payer_id, line.adjustment_date, line.check_number)
        found[check][line.reason_code] += line.amount
    return found


def _posted(books: Books) -> dict[str, int]:
    """Returns the takebacks that were posted for each claim."""
    found: Counter[str] = Counter()
    for line in books.published.postings:
        if line.posting_kind == "takeback" and line.claim_id:
            found[line.claim_id] += line.amount
    return found
