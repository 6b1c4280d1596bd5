"""The gold tables of work: revenue that leaks without a denial, and what to do next."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

from simulator.care import is_insured
from simulator.counting import grouped, ratio
from simulator.truth.adjudications import Adjudicated
from simulator.truth.books import Books
from simulator.truth.denials import OPEN
from simulator.truth.gold import Rows, gold_table
from simulator.truth.keys import payer_key, surrogate
from simulator.truth.outcomes import PAID
from simulator.truth.published import REJECTED

UNCLAIMED_DAYS, UNANSWERED_DAYS = 61, 91
LATE_FILING, UNDERPAID = "late_filing", "underpaid_claim"
URGENCIES = ((7, 4), (14, 3), (30, 2))
ALL, NOTHING, CENT = Decimal(1), Decimal(0), Decimal(1)


class Finding(NamedTuple):
    """A record that shows a leak; `payer` is None where nobody is named, amounts are cents."""

    kind: str
    record_id: str
    payer: str | None
    department_id: str
    service_date: date
    found_date: date
    deadline: date | None
    at_risk: int


class Work(NamedTuple):
    """A piece of work with its weight."""

    kind: str
    record_key: str
    payer: str
    at_risk: int
    chance: Decimal
    days_left: int | None

    @property
    def urgency(self) -> int:
        """The weight of the deadline."""
        if self.days_left is None:
            return 1
        return next((weight for days, weight in URGENCIES if self.days_left <= days), 1)

    @property
    def score(self) -> Decimal:
        """Cents at risk times chance times urgency."""
        return self.at_risk * self.chance * self.urgency


@gold_table(
    key="kind record_key",
    measures="payer_key department_key service_date found_date deadline_date at_risk_amount",
)
def leakage_findings(books: Books) -> Rows:
    """Revenue lost, or about to be lost, without a denial."""
    for one in findings(books):
        yield (one.kind, surrogate(books.name, one.record_id), payer_key(one.payer),
               books.departments.key(one.department_id), one.service_date, one.found_date,
               one.deadline, one.at_risk)  # fmt: skip


@gold_table(
    key="work record_key",
    measures="payer_name priority at_risk_amount chance_rate days_left urgency score_amount",
    explanation="says the other columns in words",
)
def worklist(books: Books) -> Rows:
    """What to work next: the largest score first."""
    work = [
        one
        for one in (*_recoverable(books), *_unworked_denials(books))
        if one.at_risk > 0 and (one.days_left is None or one.days_left >= 0)
    ]
    work.sort(key=lambda one: (-one.score, -one.at_risk, one.kind, one.record_key))
    for place, one in enumerate(work, start=1):
        score = int(one.score.quantize(CENT, ROUND_HALF_UP))
        yield (one.kind, one.record_key, one.payer, place, one.at_risk, one.chance, one.days_left,
               one.urgency, score)  # fmt: skip


def findings(books: Books) -> list[Finding]:
    """Returns what is found on the business date."""
    found = (
        *_visits_without_charge(books),
        *_charges_without_claim(books),
        *_rejected_claims(books),
        *_claims_without_answer(books),
        *_underpaid_claims(books),
        *_late_filings(books),
    )
    return [one for one in found if one.found_date <= books.today]


def _visits_without_charge(books: Books) -> Iterator[Finding]:
    visits = books.published.encounters
    charged: dict[str, int] = defaultdict(int)
    for charge in books.published.charges.values():
        if charge.encounter_id in visits:
            charged[charge.encounter_id] += charge.amount
    by_type: dict[str, list[int]] = defaultdict(list)
    for visit_id, amount in charged.items():
        by_type[visits[visit_id].encounter_type].append(amount)
    for visit in visits.values():
        if visit.encounter_id not in charged:
            usual = by_type.get(visit.encounter_type, [])
            amount = int((ratio(sum(usual), len(usual)) or NOTHING).quantize(CENT, ROUND_HALF_UP))
            day = visit.encounter_date
            yield Finding("encounter_without_charge", visit.encounter_id, None,
                          visit.department_id, day, day, None, amount)  # fmt: skip


def _charges_without_claim(books: Books) -> Iterator[Finding]:
    for account, charge in books.published.charges.items():
        if is_insured(charge.payer_id) and account not in books.published.claims_of:
            day = charge.service_date
            yield Finding("charge_without_claim", account, charge.payer_id, charge.department_id,
                          day, day + timedelta(UNCLAIMED_DAYS),
                          _filing_limit(books, charge.payer_id, day),
                          max(charge.open_amount, 0))  # fmt: skip


def _rejected_claims(books: Books) -> Iterator[Finding]:
    """Claims that were rejected, and none to the same payer followed that was not."""
    groups = grouped(
        (one for one in books.adjudications if one.claim.claim_frequency != "8"),
        lambda one: (
            one.claim.transaction_id if one.charge else one.claim.claim_id,
            one.claim.payer_sequence,
        ),
    )
    for claims in groups.values():
        day = max(one.claim.claim_date for one in claims)
        latest = [one for one in claims if one.claim.claim_date == day]
        if any(one.claim.claim_status != REJECTED for one in latest):
            continue
        one = min(latest, key=lambda one: surrogate(books.name, one.claim.claim_id))
        amount, claim = one.claim.claim_amount, one.claim
        owed = max(one.charge.open_amount, 0) if one.charge else amount
        limit = _filing_limit(books, claim.payer_id, claim.service_date)
        found = claim.adjudication_date or claim.claim_date
        yield _of_claim("rejected_claim", one, found, limit, min(amount, owed))


def _claims_without_answer(books: Books) -> Iterator[Finding]:
    for one in books.adjudications if books.published.remittances else ():
        if one.first_remit_date is None and one.claim.claim_status == "Pending":
            found = one.claim.claim_date + timedelta(UNANSWERED_DAYS)
            limit = _filing_limit(books, one.claim.payer_id, one.claim.service_date)
            yield _of_claim("claim_without_remittance", one, found, limit, one.claim.claim_amount)


def _underpaid_claims(books: Books) -> Iterator[Finding]:
    for one in books.adjudications:
        if one.final_outcome == PAID and one.first_remit_date and one.expected is not None:
            short = one.expected - (one.allowed or 0)
            if short > 0:
                day = one.first_remit_date
                appeal_days = books.agreements.appeal_days(one.claim.payer_id, day)
                limit = None if appeal_days is None else day + timedelta(appeal_days)
                yield _of_claim(UNDERPAID, one, day, limit, short)


def _late_filings(books: Books) -> Iterator[Finding]:
    for one in books.first_submissions:
        limit = _filing_limit(books, one.claim.payer_id, one.claim.service_date)
        if limit and one.claim.claim_date > limit:
            unpaid = max(one.claim.claim_amount - (one.remitted or 0), 0)
            yield _of_claim(LATE_FILING, one, one.claim.claim_date, limit, unpaid)


def _of_claim(
    kind: str, one: Adjudicated, found: date, limit: date | None, at_risk: int
) -> Finding:
    claim = one.claim
    return Finding(kind, claim.claim_id, claim.payer_id, claim.department_id, claim.service_date,
                   found, limit, at_risk)  # fmt: skip


def _filing_limit(books: Books, payer: str, service: date) -> date | None:
    days = books.agreements.filing_days(payer, service)
    return None if days is None else service + timedelta(days)


def _recoverable(books: Books) -> Iterator[Work]:
    """Findings whose money may still come; it comes as such bills were paid so far."""
    answered = [
        one
        for one in books.adjudications
        if one.first_outcome is not None and one.claim.payer_sequence == "P"
    ]
    by_payer: dict[str | None, list[Adjudicated]] = defaultdict(list)
    for one in answered:
        by_payer[one.claim.payer_id].append(one)
    of_hospital = _yield(answered)
    yields = {payer: _yield(claims) for payer, claims in by_payer.items()}
    for found in findings(books):
        if found.kind != LATE_FILING:
            chance = ALL if found.kind == UNDERPAID else yields.get(found.payer, of_hospital)
            left = (found.deadline - books.today).days if found.deadline else None
            yield Work(found.kind, surrogate(books.name, found.record_id),
                       found.payer or "Unknown", found.at_risk, chance, left)  # fmt: skip


def _unworked_denials(books: Books) -> Iterator[Work]:
    """Open denials; they come back as such denials did that are decided."""
    denied: dict[str, int] = defaultdict(int)
    recovered: dict[str, int] = defaultdict(int)
    for denial in books.denials:
        if denial.status != OPEN:
            denied[denial.reason_code] += denial.amount
            recovered[denial.reason_code] += denial.recovered
    for denial in books.denials:
        if denial.status == OPEN and (not denial.is_worked or denial.recovered > 0):
            chance = _share(recovered[denial.reason_code], denied[denial.reason_code])
            limit = denial.appeal_deadline
            left = (limit - books.today).days if limit else None
            yield Work("appeal_denial", surrogate(books.name, denial.claim.claim_id),
                       denial.payer, denial.open_amount, chance, left)  # fmt: skip


def _yield(claims: Iterable[Adjudicated]) -> Decimal:
    """Returns the share of the billed dollars that is paid."""
    of = list(claims)
    return _share(sum(one.remitted or 0 for one in of), sum(one.claim.claim_amount for one in of))


def _share(part: int, whole: int) -> Decimal:
    return min(max(ratio(part, whole) or NOTHING, NOTHING), ALL)
