"""The fact tables of charges, visits, claims and remittances, row by row."""

from __future__ import annotations

from datetime import date

from simulator.clock import recorded_day
from simulator.counting import grouped
from simulator.derived import DERIVED_COLUMNS, derived
from simulator.model import Remittance, Transaction
from simulator.truth.adjudications import Adjudicated
from simulator.truth.books import Books
from simulator.truth.charge_tables import payment_status
from simulator.truth.claim_tables import decision_date
from simulator.truth.gold import Rows, gold_table
from simulator.truth.keys import UNKNOWN, payer_key, surrogate
from simulator.truth.outcomes import (
    DENIED,
    allowed,
    in_order,
    is_crossover,
    outcome,
    reasons,
    refused,
)

CODES_ARRIVE = "a code set has no time of change: its versions begin when its file arrives"
PLB_KINDS = {"WO": "recoupment", "FB": "forwarded", "L6": "interest"}
PEOPLE = ("patient_key patient_version_key provider_key provider_version_key department_key "
          "department_version_key")  # fmt: skip


@gold_table(
    key="transaction_key",
    measures=f"encounter_key {PEOPLE} procedure_key payer_key service_date visit_date paid_date "
    "visit_type amount_type line_of_business icd_code billed_amount paid_amount "
    "patient_paid_amount adjustment_amount write_off_amount open_amount coverage_rate "
    "claim_count payment_status",
    procedure_version_key=CODES_ARRIVE,
)
def fact_transactions(books: Books) -> Rows:
    """Charges."""
    claims = books.published.claims_of
    for account, charge in books.published.charges.items():
        of_charge = claims.get(account, ())
        yield (surrogate(books.name, account), _encounter_key(books, charge.encounter_id),
               *_people(books, charge, charge.service_date),
               books.procedures.key(charge.procedure_code), payer_key(charge.payer_id),
               charge.service_date, charge.visit_date, charge.paid_date, charge.visit_type,
               charge.amount_type, charge.line_of_business, charge.icd_code, charge.amount,
               charge.paid_amount, charge.patient_paid_amount, charge.adjustment_amount,
               charge.write_off_amount, charge.open_amount, _coverage(charge), len(of_charge),
               payment_status(charge, of_charge))  # fmt: skip


@gold_table(
    key="encounter_key",
    measures=f"{PEOPLE} procedure_key encounter_date encounter_type",
    procedure_version_key=CODES_ARRIVE,
)
def fact_encounters(books: Books) -> Rows:
    """Visits."""
    for visit in books.published.encounters.values():
        yield (surrogate(books.name, visit.encounter_id),
               *_people(books, visit, visit.encounter_date),
               books.procedures.key(visit.procedure_code), visit.encounter_date,
               visit.encounter_type)  # fmt: skip


@gold_table(
    key="claim_key",
    measures=f"transaction_key encounter_key {PEOPLE} payer_key claim_frequency "
    "original_claim_key payer_sequence edit_count service_date charge_posted_date bill_date "
    "claim_date adjudication_date decision_date first_remit_date first_outcome final_outcome "
    "cash_posted_date is_first_pass processing_days claim_status payment_status payer_type "
    "billed_amount paid_amount expected_allowed_amount allowed_amount is_allowed_stated "
    "remitted_amount "
    "deductible_amount coinsurance_amount copay_amount coverage_rate",
)
def fact_claims(books: Books) -> Rows:
    """Claims and what the payer made of them."""
    for one in books.adjudications:
        claim, charge = one.claim, one.charge
        coverage, status = derived("claims", claim, claim.inserted_at)
        decided = decision_date(books, claim)
        yield (surrogate(books.name, claim.claim_id),
               _charge_key(books, claim.transaction_id),
               _encounter_key(books, claim.encounter_id),
               *_people(books, claim, claim.service_date), payer_key(claim.payer_id),
               claim.claim_frequency, _original_key(books, claim.original_claim_id),
               claim.payer_sequence, claim.edit_count, claim.service_date,
               recorded_day(charge.inserted_at, books.name) if charge else None,
               charge.billed_date if charge else None,
               claim.claim_date, claim.adjudication_date, decided, one.first_remit_date,
               one.first_outcome, one.final_outcome, one.cash_posted_date, one.is_first_pass,
               _processing_days(one, decided), claim.claim_status, status, claim.payer_type,
               claim.claim_amount, claim.paid_amount, one.expected, one.allowed,
               one.is_allowed_stated, one.remitted,
               claim.deductible_amount, claim.coinsurance_amount, claim.copay_amount,
               coverage)  # fmt: skip


@gold_table(
    key="remittance_key",
    measures="claim_key transaction_key payer_key remit_date check_number status_code "
    "charge_amount allowed_amount is_allowed_stated paid_amount patient_responsibility_amount "
    "adjusted_amount refused_amount is_crossover place is_last",
)
def fact_remittances(books: Books) -> Rows:
    """Remittances, each in its place among those of its claim."""
    claims = books.published.claims
    sides = grouped(
        books.published.remittances,
        lambda remit: (remit.claim_id, is_crossover(remit, claims.get(remit.claim_id))),
    )
    for (claim_id, is_later_payers), remits in sides.items():
        ordered = in_order(remits)
        last = max(
            range(len(ordered)), key=lambda place: (outcome(ordered[place]) is not None, place)
        )
        claim = claims.get(claim_id)
        claim_key = surrogate(books.name, claim_id) if claim else UNKNOWN
        charge_key = _charge_key(books, claim.transaction_id) if claim else UNKNOWN
        for place, remit in enumerate(ordered):
            adjusted = sum(why.amount for why in reasons(remit))
            yield (_remittance_key(books, remit), claim_key, charge_key,
                   payer_key(remit.payer_id), remit.remit_date, remit.check_number,
                   remit.status_code, remit.charge_amount, allowed(remit),
                   remit.allowed_amount is not None, remit.paid_amount,
                   remit.patient_responsibility_amount or 0, adjusted, refused(remit),
                   is_later_payers, place + 1, place == last)  # fmt: skip


@gold_table(
    key="remittance_key adjustment_number",
    measures="claim_key payer_key remit_date is_denial is_refusal group_code reason_code "
    "remark_code amount",
)
def fact_claim_adjustments(books: Books) -> Rows:
    """Why payers pay less than was billed."""
    claims = books.published.claims
    for remit in books.published.remittances:
        is_denial = outcome(remit) == DENIED
        claim = remit.claim_id
        claim_key = surrogate(books.name, claim) if claim in claims else UNKNOWN
        for why in reasons(remit):
            yield (_remittance_key(books, remit), why.number, claim_key,
                   payer_key(remit.payer_id), remit.remit_date, is_denial, why.refuses,
                   why.group, why.code, why.remark, why.amount)  # fmt: skip


@gold_table(
    key="provider_adjustment_key",
    measures="payer_key claim_key check_number adjustment_date reason_code kind amount",
)
def fact_provider_adjustments(books: Books) -> Rows:
    """What payers keep back from a check, or add to it, apart from its claims."""
    for line in books.published.provider_adjustments:
        claim = line.claim_id
        known = surrogate(books.name, claim) if claim in books.published.claims else UNKNOWN
        yield (_payers_key(books, line.payer_id, line.adjustment_id), payer_key(line.payer_id),
               known if claim else None, line.check_number, line.adjustment_date,
               line.reason_code, PLB_KINDS.get(line.reason_code, "other"),
               line.amount)  # fmt: skip


def _people(books: Books, record: object, day: date) -> tuple[str, ...]:
    return (
        *books.patients.on(getattr(record, "patient_id", None), day),
        *books.providers.on(getattr(record, "provider_id", None), day),
        *books.departments.on(getattr(record, "department_id", None), day),
    )


def _encounter_key(books: Books, encounter: str) -> str:
    is_known = encounter in books.published.encounters
    return surrogate(books.name, encounter) if is_known else UNKNOWN


def _remittance_key(books: Books, remit: Remittance) -> str:
    return _payers_key(books, remit.payer_id, remit.remittance_id)


def _payers_key(books: Books, payer: str, number: str) -> str:
    """Payers number what they pay by themselves: two payers may use one number."""
    return surrogate(books.name, payer.upper(), number)


def _charge_key(books: Books, account: str) -> str:
    return surrogate(books.name, account) if account in books.published.charges else UNKNOWN


def _original_key(books: Books, claim: str | None) -> str | None:
    if claim is None:
        return None
    return surrogate(books.name, claim) if claim in books.published.claims else UNKNOWN


def _coverage(charge: Transaction) -> int | None:
    columns = derived("transactions", charge, charge.inserted_at)
    coverage: int | None = columns[DERIVED_COLUMNS["transactions"].index("coverage_rate")]
    return coverage


def _processing_days(one: Adjudicated, decided: date | None) -> int | None:
    if decided is None or decided < one.claim.claim_date:
        return None
    return (decided - one.claim.claim_date).days
