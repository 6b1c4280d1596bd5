"""The KPIs of the true, published records: counted one record after the other, in whole cents.

Each function returns rows of the grain columns and measures named in COLUMNS; amounts are cents,
ratios are Decimals, None where the denominator is zero.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from datetime import date, timedelta
from functools import cached_property
from operator import attrgetter
from typing import Any

from simulator import receivables
from simulator.counting import grouped, ratio
from simulator.hospital import Hospital
from simulator.model import Claim, Transaction, age_on, claim_status, transaction_status

Rows = Iterator[tuple[Any, ...]]
COLUMNS: dict[str, tuple[str, ...]] = {
    "kpi_revenue": (
        "source_system", "service_month", "transaction_count", "billed_amount", "paid_amount",
        "patient_paid_amount", "adjustment_amount", "write_off_amount", "open_amount"),
    "kpi_payment_status": (
        "source_system", "payment_status", "transaction_count", "billed_amount",
        "total_transaction_count", "transaction_rate"),
    "kpi_claim_outcomes": (
        "source_system", "payer_name", "claim_count", "pending_count", "decided_count",
        "approved_count", "denied_count", "rejected_count", "approval_rate", "denial_rate"),
    "kpi_processing_days": (
        "source_system", "payer_name", "decided_claim_count", "measured_claim_count",
        "processing_days_sum", "excluded_claim_count", "average_processing_days"),
    "kpi_patient_volume": (
        "source_system", "service_month", "patient_count", "encounter_count",
        "transaction_count"),
    "kpi_patient_demographics": ("source_system", "gender", "age_band", "patient_count"),
    "kpi_insurance_mix": (
        "source_system", "line_of_business", "transaction_count", "billed_amount",
        "total_billed_amount", "billed_rate"),
    "kpi_collection": (
        "source_system", "service_month", "billed_amount", "adjustment_amount",
        "collected_amount", "gross_collection_rate", "net_collection_rate"),
    "kpi_days_in_ar": (
        "source_system", "month_end_date", "open_ar_amount", "credit_amount",
        "trailing_billed_amount", "trailing_day_count", "gross_days_in_ar"),
    "kpi_write_offs": (
        "source_system", "service_month", "write_off_amount", "adjustment_amount",
        "billed_amount", "write_off_rate"),
    **receivables.COLUMNS,
}  # fmt: skip
GRAIN = 2
LONGER_GRAINS = {"kpi_patient_demographics": 3, **receivables.GRAINS}
GRAINS = {name: columns[: LONGER_GRAINS.get(name, GRAIN)] for name, columns in COLUMNS.items()}
AGE_BANDS = ((17, "0-17"), (34, "18-34"), (49, "35-49"), (64, "50-64"), (79, "65-79"),
             (89, "80-89"), (200, "90+"))  # fmt: skip
TRAILING_MONTHS = 3


class Published:
    """The records of a hospital that are published at the end of its business date."""

    def __init__(self, hospital: Hospital) -> None:
        self.name = hospital.name
        self.today = hospital.today
        self.patients = hospital.patients.current.values()
        self.charges = hospital.transactions.current
        self.claims = hospital.claims.current.values()
        self.receivables = receivables.Receivables(hospital)

    @cached_property
    def months(self) -> dict[date, list[Transaction]]:
        """The charges by first day of the month of service."""
        charges = self.charges.values()
        months = grouped(charges, lambda one: (one.service_date.year, one.service_date.month))
        return {date(year, month, 1): members for (year, month), members in months.items()}

    @cached_property
    def payers(self) -> dict[str, list[Claim]]:
        """The claims by payer."""
        return grouped(self.claims, lambda claim: claim.payer_id)


def true_kpis(hospital: Hospital) -> dict[str, list[tuple[Any, ...]]]:
    """Returns the rows of every KPI for a hospital at the end of its business date."""
    published = Published(hospital)
    return {name: list(count(published)) for name, count in _KPIS.items()}


def _revenue(published: Published) -> Rows:
    for month, charges in published.months.items():
        sums = _sums(charges, "amount", "paid_amount", "patient_paid_amount",
                     "adjustment_amount", "write_off_amount", "open_amount")  # fmt: skip
        yield published.name, month, len(charges), *sums


def _payment_status(published: Published) -> Rows:
    claims = grouped(published.claims, lambda claim: claim.transaction_id)
    groups = grouped(
        published.charges.values(),
        lambda charge: _status_with_claims(charge, claims.get(charge.transaction_id, [])),
    )
    total = len(published.charges)
    for status, charges in groups.items():
        count = len(charges)
        yield (published.name, status, count, *_sums(charges, "amount"), total,
               ratio(count, total))  # fmt: skip


def _claim_outcomes(published: Published) -> Rows:
    for payer, claims in published.payers.items():
        statuses = [claim.claim_status for claim in claims]
        pending, denied = statuses.count("Pending"), statuses.count("Denied")
        rejected = statuses.count("Rejected")
        decided = len(claims) - pending
        approved = decided - denied - rejected
        yield (published.name, payer, len(claims), pending, decided, approved, denied, rejected,
               ratio(approved, decided), ratio(denied, decided))  # fmt: skip


def _processing_days(published: Published) -> Rows:
    for payer, claims in published.payers.items():
        decided = [claim for claim in claims if claim.claim_status != "Pending"]
        days = [
            (decision - claim.claim_date).days
            for claim in decided
            if (decision := _decision_date(published, claim)) and decision >= claim.claim_date
        ]
        yield (published.name, payer, len(decided), len(days), sum(days),
               len(decided) - len(days), ratio(sum(days), len(days)))  # fmt: skip


def _patient_volume(published: Published) -> Rows:
    for month, charges in published.months.items():
        patients = {charge.patient_id for charge in charges}
        encounters = {charge.encounter_id for charge in charges}
        yield published.name, month, len(patients), len(encounters), len(charges)


def _patient_demographics(published: Published) -> Rows:
    groups = grouped(
        published.patients,
        lambda person: (
            person.gender or "Unknown",
            _age_band(age_on(published.today, person.birth_date)),
        ),
    )
    for (gender, band), people in groups.items():
        yield published.name, gender, band, len(people)


def _insurance_mix(published: Published) -> Rows:
    charges = published.charges.values()
    total = sum(charge.amount for charge in charges)
    groups = grouped(charges, lambda charge: charge.line_of_business or "Unknown")
    for line, members in groups.items():
        billed = sum(charge.amount for charge in members)
        yield published.name, line, len(members), billed, total, ratio(billed, total)


def _collection(published: Published) -> Rows:
    for month, charges in published.months.items():
        billed, adjusted, paid, patient_paid = _sums(
            charges, "amount", "adjustment_amount", "paid_amount", "patient_paid_amount"
        )
        collected = paid + patient_paid
        yield (published.name, month, billed, adjusted, collected, ratio(collected, billed),
               ratio(collected, billed - adjusted))  # fmt: skip


def _days_in_ar(published: Published) -> Rows:
    charges = [
        (charge.service_date, charge.paid_date or date.max, charge.amount, charge.open_amount)
        for charge in published.charges.values()
    ]
    for month_end in _month_ends(min(charges)[0], published.today):
        start = _month_start(month_end, TRAILING_MONTHS - 1)
        open_cents = credit = trailing = 0
        for service, paid, amount, left in charges:
            if service > month_end:
                continue
            balance = left if paid <= month_end else amount
            open_cents += max(balance, 0)
            credit += max(-balance, 0)
            trailing += amount if service >= start else 0
        days = (month_end - start).days + 1
        yield (published.name, month_end, open_cents, credit, trailing, days,
               ratio(open_cents * days, trailing))  # fmt: skip


def _write_offs(published: Published) -> Rows:
    for month, charges in published.months.items():
        written, adjusted, billed = _sums(
            charges, "write_off_amount", "adjustment_amount", "amount"
        )
        yield published.name, month, written, adjusted, billed, ratio(written, billed)


def _status_with_claims(charge: Transaction, claims: list[Claim]) -> str:
    refused = all(claim_status(claim) == "Denied" for claim in claims)
    if charge.paid_amount == 0 and claims and refused:
        return "Denied"
    return transaction_status(charge)


def _decision_date(published: Published, claim: Claim) -> date | None:
    if claim.adjudication_date or claim.claim_status not in {"Approved", "Paid"}:
        return claim.adjudication_date
    charge = published.charges.get(claim.transaction_id)
    return charge.paid_date if charge else None


def _month_ends(first: date, last: date) -> Iterator[date]:
    """Yields the last days of the months from `first` that are over on `last`."""
    next_month = (first.replace(day=1) + timedelta(days=32)).replace(day=1)
    while (month_end := next_month - timedelta(days=1)) <= last:
        yield month_end
        next_month = (next_month + timedelta(days=32)).replace(day=1)


def _month_start(day: date, months_before: int) -> date:
    start = day.replace(day=1)
    for _ in range(months_before):
        start = (start - timedelta(days=1)).replace(day=1)
    return start


def _age_band(age: int) -> str:
    return next(band for oldest, band in AGE_BANDS if age <= oldest)


def _sums(items: Collection[Any], *fields: str) -> list[int]:
    return [sum(map(attrgetter(field), items)) for field in fields]


_KPIS: dict[str, Callable[[Published], Rows]] = {
    "kpi_revenue": _revenue,
    "kpi_payment_status": _payment_status,
    "kpi_claim_outcomes": _claim_outcomes,
    "kpi_processing_days": _processing_days,
    "kpi_patient_volume": _patient_volume,
    "kpi_patient_demographics": _patient_demographics,
    "kpi_insurance_mix": _insurance_mix,
    "kpi_collection": _collection,
    "kpi_days_in_ar": _days_in_ar,
    "kpi_write_offs": _write_offs,
    "fact_ledger": lambda published: published.receivables.ledger(),
    "fact_ar_balances": lambda published: published.receivables.ar_balances(),
    "kpi_aged_ar": lambda published: published.receivables.aged_ar(),
    "kpi_credit_balances": lambda published: published.receivables.credit_balances(),
    "ar_rollforward": lambda published: published.receivables.rollforward(),
}
