"""The gold tables that are counted from the claims and the payers' remittances."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from simulator.clock import recorded_day
from simulator.counting import (
    grouped,
    is_mature,
    month_end,
    month_of,
    month_start,
    nearest_rank,
    ratio,
)
from simulator.model import Claim
from simulator.truth.adjudications import Adjudicated
from simulator.truth.books import Books
from simulator.truth.gold import Rows, gold_table
from simulator.truth.outcomes import DENIED, PAID, outcome
from simulator.truth.published import REJECTED


@dataclass
class Variance:
    """What payers allow of claims against their contracts, in cents; never netted."""

    compared: int = 0
    unstated: int = 0
    expected: int = 0
    underpaid_claims: int = 0
    underpaid: int = 0
    overpaid_claims: int = 0
    overpaid: int = 0

    def add(self, expected: int, allowed: int, is_stated: bool) -> None:
        """Compares a claim."""
        self.compared += 1
        self.unstated += not is_stated
        self.expected += expected
        self.underpaid_claims += allowed < expected
        self.underpaid += max(expected - allowed, 0)
        self.overpaid_claims += allowed > expected
        self.overpaid += max(allowed - expected, 0)


@gold_table(
    key="payer_name",
    measures="claim_count pending_count decided_count approved_count denied_count rejected_count "
    "approval_rate denial_rate rejection_rate",
)
def kpi_claim_outcomes(books: Books) -> Rows:
    """Claims by the payer's decision."""
    for payer, claims in _payers(books.published.claims.values()).items():
        statuses = [claim.claim_status for claim in claims]
        pending, denied = statuses.count("Pending"), statuses.count("Denied")
        rejected = statuses.count(REJECTED)
        decided = len(claims) - pending - rejected
        approved = decided - denied
        yield (payer, len(claims), pending, decided, approved, denied, rejected,
               ratio(approved, decided), ratio(denied, decided),
               ratio(rejected, len(claims)))  # fmt: skip


@gold_table(
    key="payer_name",
    measures="decided_claim_count measured_claim_count processing_days_sum excluded_claim_count "
    "average_processing_days",
)
def kpi_processing_days(books: Books) -> Rows:
    """Days from claim to decision."""
    for payer, claims in _payers(books.published.claims.values()).items():
        decided = [claim for claim in claims if claim.claim_status not in {"Pending", REJECTED}]
        if not decided:
            continue
        days = [
            (decision - claim.claim_date).days
            for claim in decided
            if (decision := decision_date(books, claim)) and decision >= claim.claim_date
        ]
        yield (payer, len(decided), len(days), sum(days), len(decided) - len(days),
               ratio(sum(days), len(days)))  # fmt: skip


@gold_table(
    key="payer_name claim_month",
    measures="claim_count clean_count rejected_count first_pass_count is_mature clean_claim_rate "
    "rejection_rate first_pass_rate",
)
def kpi_clean_claims(books: Books) -> Rows:
    """Claims that went through untouched."""
    groups = grouped(
        (one for one in books.first_submissions if one.claim.edit_count is not None),
        lambda one: (one.claim.payer_id, month_of(one.claim.claim_date)),
    )
    for (payer, month), members in groups.items():
        clean = sum(one.claim.edit_count == 0 for one in members)
        rejected = sum(one.claim.claim_status == REJECTED for one in members)
        passed = sum(one.is_first_pass for one in members)
        mature = is_mature(month, books.today)
        yield (payer, month_start(month), len(members), clean, rejected, passed, mature,
               ratio(clean, len(members)), ratio(rejected, len(members)),
               ratio(passed, len(members) - rejected) if mature else None)  # fmt: skip


@gold_table(
    key="payer_name lag",
    measures="measured_count lag_days_sum median_days p90_days average_days",
)
def kpi_lags(books: Books) -> Rows:
    """Days from one step of a charge to the next."""
    for (payer, lag), days in _lag_days(books).items():
        yield (payer, lag, len(days), sum(days), nearest_rank(days, 50), nearest_rank(days, 90),
               ratio(sum(days), len(days)))  # fmt: skip


@gold_table(
    key="payer_name month_end_date",
    measures="is_complete remitted_count denied_count remittance_denial_rate",
)
def kpi_remittance_denials(books: Books) -> Rows:
    """Denied claims of those remitted."""
    groups = grouped(
        (remit for remit in books.published.remittances if outcome(remit) in {DENIED, PAID}),
        lambda remit: (remit.payer_id, month_of(remit.remit_date)),
    )
    for (payer, month), remits in groups.items():
        denied = sum(outcome(remit) == DENIED for remit in remits)
        is_complete = books.is_complete(month)
        rate = ratio(denied, len(remits)) if is_complete else None
        yield payer, month_end(month), is_complete, len(remits), denied, rate


@gold_table(
    key="payer_name month_end_date",
    measures="is_complete compared_count unstated_count underpaid_count underpaid_amount "
    "overpaid_count overpaid_amount",
)
def kpi_contract_variance(books: Books) -> Rows:
    """What payers allow against their contracts."""
    for (payer, month), of in variances(books).items():
        yield (payer, month_end(month), books.is_complete(month), of.compared, of.unstated,
               of.underpaid_claims, of.underpaid, of.overpaid_claims, of.overpaid)  # fmt: skip


@gold_table(key="payer_name", measures="remitted_amount posted_amount unposted_amount")
def kpi_unposted_cash(books: Books) -> Rows:
    """What payers say they paid against what the hospital posted."""
    remitted: Counter[str] = Counter()
    posted: Counter[str] = Counter()
    for remit in books.published.remittances:
        if outcome(remit) is not None:
            remitted[remit.payer_id] += remit.paid_amount
    for place, total in books.ledger.totals.items():
        if place.kind in {"payment", "takeback"}:
            posted[place.payer] -= total.amount
    for payer in dict.fromkeys([*remitted, *posted]):
        yield payer, remitted[payer], posted[payer], remitted[payer] - posted[payer]


@gold_table(
    key="payer_name",
    measures="claim_count first_pass_rate denial_rate median_payer_days p90_payer_days "
    "underpaid_amount unstated_count underpaid_rate takeback_amount takeback_rate overturn_rate",
)
def kpi_payer_scorecard(books: Books) -> Rows:
    """Payers compared with each other."""
    received = grouped(books.received, lambda one: one.claim.payer_id)
    denials = grouped(books.denials, lambda denial: denial.payer)
    cash: Counter[tuple[str, str]] = Counter()
    for place, posted in books.ledger.totals.items():
        cash[place.payer, place.kind] += posted.amount
    compared, lags = variances(books), _lag_days(books)
    for payer, claims in received.items():
        denied = denials.get(payer, [])
        days = lags.get((payer, "payer"), [])
        of_payer = [of for (name, _), of in compared.items() if name == payer]
        underpaid = sum(of.underpaid for of in of_payer)
        outcomes = [denial.appeal_outcome for denial in denied]
        overturned, upheld = outcomes.count("Overturned"), outcomes.count("Upheld")
        takeback = cash[payer, "takeback"]
        yield (payer, len(claims),
               ratio(sum(one.is_first_pass for one in claims), len(claims)),
               ratio(sum(denial.is_initial for denial in denied), len(claims)),
               nearest_rank(days, 50) if days else None, nearest_rank(days, 90) if days else None,
               underpaid, sum(of.unstated for of in of_payer),
               ratio(underpaid, sum(of.expected for of in of_payer)),
               takeback, ratio(takeback, -cash[payer, "payment"]),
               ratio(overturned, overturned + upheld))  # fmt: skip


def variances(books: Books) -> dict[tuple[str, int], Variance]:
    """Returns by payer and month of the first remittance how paid primary claims compare."""
    cells: dict[tuple[str, int], Variance] = defaultdict(Variance)
    for one in books.adjudications:
        is_compared = one.claim.payer_sequence == "P" and one.final_outcome == "Paid"
        if is_compared and one.expected is not None and one.first_remit_date:
            place = one.claim.payer_id, month_of(one.first_remit_date)
            cells[place].add(one.expected, one.allowed or 0, bool(one.is_allowed_stated))
    return cells


def _lag_days(books: Books) -> dict[tuple[str, str], list[int]]:
    """Returns by payer and step the days of claims, where both ends are known and in order."""
    days = defaultdict(list)
    for one in books.received:
        for lag, begin, end in _steps(one, books.name):
            if begin and end and begin <= end:
                days[one.claim.payer_id, lag].append((end - begin).days)
    return days


def _steps(one: Adjudicated, hospital: str) -> tuple[tuple[str, date | None, date | None], ...]:
    posted = recorded_day(one.charge.inserted_at, hospital) if one.charge else None
    billed = one.charge.billed_date if one.charge else None
    return (
        ("charge", one.claim.service_date, posted),
        ("bill", posted, billed),
        ("submit", billed, one.claim.claim_date),
        ("payer", one.claim.claim_date, one.first_remit_date),
        ("post", one.first_remit_date, one.cash_posted_date),
    )


def _payers(claims: Iterable[Claim]) -> dict[str, list[Claim]]:
    return grouped(claims, lambda claim: claim.payer_id)


def decision_date(books: Books, claim: Claim) -> date | None:
    """Returns the day of the payer's decision; that of the payment where it leaves it out."""
    if claim.claim_status == "Pending":
        return None
    if claim.adjudication_date or claim.claim_status not in {"Approved", "Paid"}:
        return claim.adjudication_date
    charge = books.published.charges.get(claim.transaction_id)
    return charge.paid_date if charge else None
