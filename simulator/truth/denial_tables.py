"""The gold tables that are counted from the denials."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from simulator.counting import (
    TRAILING_MONTHS,
    grouped,
    is_mature,
    month_end,
    month_of,
    month_start,
    ratio,
    sums,
    trailing,
)
from simulator.truth.books import Books
from simulator.truth.denials import OPEN, RECOVERED, Denial
from simulator.truth.gold import Rows, gold_table
from simulator.truth.keys import UNKNOWN, surrogate

WHOLE_CENT = Decimal(1)


@gold_table(
    key="transaction_key",
    measures="claim_key payer_key provider_key department_key service_date "
    "denial_date group_code reason_code remark_code category stage denied_amount is_initial "
    "first_appeal_date appeal_outcome is_worked recovered_amount written_off_amount "
    "open_amount status days_to_appeal days_to_resolution appeal_deadline",
)
def fact_denials(books: Books) -> Rows:
    """The first denial of every charge that its primary payer denied."""
    for denial in books.denials:
        why = denial.reason
        yield (surrogate(books.name, denial.charge.transaction_id),
               surrogate(books.name, denial.claim.claim_id), surrogate(denial.payer.upper()),
               _provider_key(books, denial), _department_key(books, denial),
               denial.claim.service_date, denial.day,
               why.group, why.code, why.remark, *why.cause, denial.amount, denial.is_initial,
               denial.first_appeal_date,
               denial.appeal_outcome, denial.is_worked, denial.recovered, denial.written_off,
               denial.open_amount, denial.status, denial.days_to_appeal,
               denial.days_to_resolution, denial.appeal_deadline)  # fmt: skip


@gold_table(
    key="payer_name month_end_date",
    measures="is_complete is_window_full denied_count denied_amount prior_submitted_count "
    "prior_submitted_amount initial_denial_rate initial_denial_amount_rate",
)
def kpi_initial_denials(books: Books) -> Rows:
    """First denials of a month over the claims of an average month of the three before."""
    submitted = grouped(
        books.received, lambda one: (one.claim.payer_id, month_of(one.claim.claim_date))
    )
    counts = {place: len(members) for place, members in submitted.items()}
    amounts = {
        place: sum(one.claim.claim_amount for one in members)
        for place, members in submitted.items()
    }
    initial = grouped(
        (denial for denial in books.denials if denial.is_initial),
        lambda denial: (denial.payer, month_of(denial.day)),
    )
    for payer, days in _active_days(books).items():
        first = min(days)
        for month in range(month_of(first), month_of(max(days)) + 1):
            before = [(payer, one) for one in trailing(month - 1)]
            prior = sum(counts.get(place, 0) for place in before)
            prior_amount = sum(amounts.get(place, 0) for place in before)
            denied = initial.get((payer, month), [])
            denied_amount = _denied(denied)
            is_complete = books.is_complete(month)
            is_full = first <= month_start(month - TRAILING_MONTHS)
            rates = (
                ratio(part * TRAILING_MONTHS, whole) if is_complete and is_full else None
                for part, whole in ((len(denied), prior), (denied_amount, prior_amount))
            )
            yield (payer, month_end(month), is_complete, is_full, len(denied), denied_amount,
                   prior, prior_amount, *rates)  # fmt: skip


@gold_table(
    key="payer_name service_month",
    measures="claimed_amount initial_denied_amount recovered_amount denial_write_off_amount "
    "open_denied_amount is_mature initial_denial_rate final_denial_rate",
)
def kpi_denial_cohorts(books: Books) -> Rows:
    """Outcome of the claims for a month's services."""
    claimed = grouped(
        (
            charge
            for account, charge in books.published.charges.items()
            if books.published.is_claimed(account)
        ),
        lambda charge: (charge.payer_id, month_of(charge.service_date)),
    )
    denied = grouped(
        books.denials,
        lambda denial: (denial.charge.payer_id, month_of(denial.charge.service_date)),
    )
    for (payer, month), charges in claimed.items():
        denials = denied.get((payer, month), [])
        (amount,) = sums(charges, "amount")
        initial = _denied([denial for denial in denials if denial.is_initial])
        recovered, written_off, still_open = sums(
            denials, "recovered", "written_off", "open_amount"
        )
        mature = is_mature(month, books.today)
        rates = (ratio(part, amount) if mature else None for part in (initial, written_off))
        yield (payer, month_start(month), amount, initial, recovered, written_off, still_open,
               mature, *rates)  # fmt: skip


@gold_table(
    key="payer_name group_code reason_code department_name provider_key",
    measures="denial_count denied_amount recovered_amount written_off_amount "
    "open_denied_amount hospital_denied_amount denied_rate",
)
def kpi_denial_pareto(books: Books) -> Rows:
    """Where denials come from."""
    departments, hospital = books.published.departments, _denied(books.denials)
    groups = grouped(
        books.denials,
        lambda denial: (
            denial.payer,
            denial.reason.group,
            denial.reason_code,
            departments[denial.claim.department_id].name
            if denial.claim.department_id in departments
            else "Unknown",
            _provider_key(books, denial),
        ),
    )
    for place, denials in groups.items():
        amount = _denied(denials)
        yield (*place, len(denials), amount,
               *sums(denials, "recovered", "written_off", "open_amount"), hospital,
               ratio(amount, hospital))  # fmt: skip


@gold_table(
    key="reason_code",
    measures="category stage denial_count denied_amount lost_amount open_denied_amount "
    "recovery_rate expected_gain_amount delay_days_sum",
)
def kpi_denial_prevention(books: Books) -> Rows:
    """What it would have brought had the denials of a reason not happened."""
    groups = grouped(books.denials, lambda denial: denial.reason_code)
    for reason, denials in groups.items():
        lost, still_open = sums(denials, "written_off", "open_amount")
        closed = [denial for denial in denials if denial.status != OPEN]
        rate = ratio(sum(denial.recovered for denial in closed), _denied(closed))
        gain = lost + still_open * (1 - (rate or 0))
        days = [denial.days_to_resolution or 0 for denial in denials if denial.status == RECOVERED]
        yield (reason, *denials[0].reason.cause, len(denials), _denied(denials), lost,
               still_open, rate,
               int(Decimal(gain).quantize(WHOLE_CENT, ROUND_HALF_UP)), sum(days))  # fmt: skip


@gold_table(
    key="payer_name",
    measures="denial_count worked_count appealed_count decided_count overturned_count "
    "days_to_appeal_sum overturn_rate never_worked_rate average_days_to_appeal",
)
def kpi_appeals(books: Books) -> Rows:
    """What was done about denials."""
    for payer, denials in grouped(books.denials, lambda denial: denial.payer).items():
        outcomes = Counter(denial.appeal_outcome for denial in denials)
        days = [days for denial in denials if (days := denial.days_to_appeal) is not None]
        overturned = outcomes["Overturned"]
        decided = overturned + outcomes["Upheld"]
        worked = sum(denial.is_worked for denial in denials)
        yield (payer, len(denials), worked, len(days), decided, overturned, sum(days),
               ratio(overturned, decided), ratio(len(denials) - worked, len(denials)),
               ratio(sum(days), len(days)))  # fmt: skip


def _active_days(books: Books) -> dict[str, set[date]]:
    """Returns the days of a payer's claims and remittances."""
    days: dict[str, set[date]] = {}
    for claim in books.published.claims.values():
        days.setdefault(claim.payer_id, set()).add(claim.claim_date)
    for remit in books.published.remittances:
        days.setdefault(remit.payer_id, set()).add(remit.remit_date)
    return days


def _provider_key(books: Books, denial: Denial) -> str:
    provider = denial.claim.provider_id
    return surrogate(books.name, provider) if provider in books.published.providers else UNKNOWN


def _department_key(books: Books, denial: Denial) -> str:
    department = denial.claim.department_id
    is_known = department in books.published.departments
    return surrogate(books.name, department) if is_known else UNKNOWN


def _denied(denials: Collection[Denial]) -> int:
    return sum(denial.amount for denial in denials)
