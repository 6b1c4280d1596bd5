"""The gold tables that are counted from the charges, by service."""

from __future__ import annotations

from collections.abc import Collection
from fractions import Fraction

from simulator.clock import recorded_day
from simulator.counting import (
    CENTS,
    grouped,
    is_mature,
    month_end,
    month_of,
    month_start,
    ratio,
    sums,
)
from simulator.derived import claim_status, transaction_status
from simulator.model import Claim, Transaction
from simulator.truth.books import Books
from simulator.truth.gold import Rows, gold_table
from simulator.truth.keys import UNKNOWN, surrogate

UNKNOWN_MEMBER = "Unknown"
MONTHS_OF_A_YEAR = 12
LATE_AFTER_DAYS = 3


@gold_table(
    key="service_month",
    measures="transaction_count billed_amount paid_amount patient_paid_amount adjustment_amount "
    "write_off_amount open_amount",
)
def kpi_revenue(books: Books) -> Rows:
    """Charges and what was paid and adjusted on them."""
    for month, charges in books.service_months.items():
        amounts = sums(charges, "amount", "paid_amount", "patient_paid_amount",
                       "adjustment_amount", "write_off_amount", "open_amount")  # fmt: skip
        yield month_start(month), len(charges), *amounts


@gold_table(
    key="payment_status",
    measures="transaction_count billed_amount total_transaction_count transaction_rate",
)
def kpi_payment_status(books: Books) -> Rows:
    """Charges by what they got."""
    charges, claims = books.published.charges, books.published.claims_of
    groups = grouped(
        charges.values(), lambda one: payment_status(one, claims.get(one.transaction_id, []))
    )
    for status, members in groups.items():
        count = len(members)
        yield status, count, *sums(members, "amount"), len(charges), ratio(count, len(charges))


@gold_table(key="service_month", measures="patient_count encounter_count transaction_count")
def kpi_patient_volume(books: Books) -> Rows:
    """People, visits and charges."""
    for month, charges in books.service_months.items():
        patients = {charge.patient_id for charge in charges}
        encounters = {charge.encounter_id for charge in charges}
        yield month_start(month), len(patients), len(encounters), len(charges)


@gold_table(
    key="line_of_business",
    measures="transaction_count billed_amount total_billed_amount billed_rate",
)
def kpi_insurance_mix(books: Books) -> Rows:
    """Charges by line of business."""
    charges = books.published.charges.values()
    (total,) = sums(charges, "amount")
    groups = grouped(charges, lambda charge: charge.line_of_business or UNKNOWN_MEMBER)
    for line, members in groups.items():
        (billed,) = sums(members, "amount")
        yield line, len(members), billed, total, ratio(billed, total)


@gold_table(
    key="service_month",
    measures="is_mature billed_amount adjustment_amount collected_amount gross_collection_rate "
    "net_collection_rate",
)
def kpi_collection(books: Books) -> Rows:
    """What was collected of the charges."""
    for month, charges in books.service_months.items():
        billed, adjusted = sums(charges, "amount", "adjustment_amount")
        collected = sum(sums(charges, "paid_amount", "patient_paid_amount"))
        mature = is_mature(month, books.today)
        rates = (
            ratio(collected, whole) if mature else None for whole in (billed, billed - adjusted)
        )
        yield month_start(month), mature, billed, adjusted, collected, *rates


@gold_table(
    key="service_month",
    measures="write_off_amount adjustment_amount billed_amount write_off_rate",
)
def kpi_write_offs(books: Books) -> Rows:
    """What was written off of the charges."""
    for month, charges in books.service_months.items():
        written, adjusted, billed = sums(charges, "write_off_amount", "adjustment_amount", "amount")
        yield month_start(month), written, adjusted, billed, ratio(written, billed)


@gold_table(
    key="patient_key",
    measures="first_service_date last_service_date encounter_count transaction_count "
    "billed_amount collected_amount open_amount",
)
def kpi_patient_value(books: Books) -> Rows:
    """Charges by patient; all patients who are not registered are one."""
    patients = books.published.patients
    people = grouped(
        books.published.charges.values(),
        lambda charge: charge.patient_id if charge.patient_id in patients else None,
    )
    for patient, charges in people.items():
        days = [charge.service_date for charge in charges]
        billed, still_open = sums(charges, "amount", "open_amount")
        yield (surrogate(books.name, patient) if patient else UNKNOWN, min(days), max(days),
               len({charge.encounter_id for charge in charges}), len(charges), billed,
               sum(sums(charges, "paid_amount", "patient_paid_amount")), still_open)  # fmt: skip


@gold_table(
    key="month_end_date",
    measures="is_complete charge_count charge_amount late_charge_count late_charge_amount "
    "late_charge_rate",
)
def kpi_late_charges(books: Books) -> Rows:
    """Charges that were entered more than three days after the last service of their visit."""
    charges, encounters = books.published.charges.values(), books.published.encounters
    last = {
        visit: max(charge.service_date for charge in members)
        for visit, members in grouped(charges, lambda charge: charge.encounter_id).items()
        if visit in encounters
    }
    entered = {
        charge: day for charge in charges if (day := recorded_day(charge.inserted_at, books.name))
    }
    for month, members in grouped(entered, lambda charge: month_of(entered[charge])).items():
        late = [
            charge
            for charge in members
            if (entered[charge] - last.get(charge.encounter_id, charge.service_date)).days
            > LATE_AFTER_DAYS
        ]
        (amount,), (late_amount,) = sums(members, "amount"), sums(late, "amount")
        is_complete = books.is_complete(month)
        yield (month_end(month), is_complete, len(members), amount, len(late), late_amount,
               ratio(late_amount, amount) if is_complete else None)  # fmt: skip


@gold_table(
    key="procedure_code category",
    measures="transaction_count billed_amount adjustment_amount collected_amount "
    "write_off_amount open_amount collected_per_charge net_collection_rate",
)
def kpi_procedure_profitability(books: Books) -> Rows:
    """Charges by procedure; all codes that are not in the code set are one."""
    procedures = books.published.procedures
    groups = grouped(
        books.published.charges.values(),
        lambda charge: charge.procedure_code if charge.procedure_code in procedures else None,
    )
    for code, charges in groups.items():
        billed, adjusted, written, still_open = sums(
            charges, "amount", "adjustment_amount", "write_off_amount", "open_amount"
        )
        collected = sum(sums(charges, "paid_amount", "patient_paid_amount"))
        category = procedures[code].category if code else UNKNOWN_MEMBER
        yield (code or UNKNOWN_MEMBER, category, len(charges), billed, adjusted, collected,
               written, still_open, ratio(collected, CENTS * len(charges)),
               ratio(collected, billed - adjusted))  # fmt: skip


@gold_table(
    key="month_of_year",
    measures="month_count transaction_count billed_amount is_window_full average_billed_amount "
    "seasonal_index",
)
def kpi_seasonality(books: Books) -> Rows:
    """Charges of complete months of service by month of the year."""
    complete = [month for month in books.service_months if books.is_complete(month)]
    seasons = grouped(complete, lambda month: month % 12 + 1)
    charges = {
        season: [charge for month in months for charge in books.service_months[month]]
        for season, months in seasons.items()
    }
    billed = {season: sum(charge.amount for charge in charges[season]) for season in seasons}
    averages = {season: Fraction(billed[season], len(months)) for season, months in seasons.items()}
    for season, months in seasons.items():
        average = averages[season]
        index = average * len(averages) / sum(averages.values())
        is_full = len(seasons) == MONTHS_OF_A_YEAR
        yield (season, len(months), len(charges[season]), billed[season], is_full,
               int(average + Fraction(1, 2)),
               ratio(index.numerator, index.denominator) if is_full else None)  # fmt: skip


def payment_status(charge: Transaction, claims: Collection[Claim]) -> str:
    """Returns Denied if every claim was and payers paid nothing, else the status by the money."""
    refused = all(claim_status(claim) == "Denied" for claim in claims)
    if charge.paid_amount == 0 and claims and refused:
        return "Denied"
    return transaction_status(charge)
