"""The clean truth: what each entity's published row must say.

The fields of a class are the entity's columns in contract order; the first one is its key unless
KEYS says otherwise. Payers number what they send by themselves.
Money is whole cents (USD), instants are UTC, a missing value is None.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, NamedTuple


class Patient(NamedTuple):
    """A person as registered at one hospital."""

    patient_id: str
    first_name: str
    last_name: str
    middle_name: str | None
    ssn: str | None
    phone: str | None
    email: str | None
    gender: str | None
    birth_date: date
    address: str
    insurance_name: str | None


class Provider(NamedTuple):
    """A clinician of one hospital."""

    provider_id: str
    first_name: str
    last_name: str
    specialization: str
    department_id: str
    npi: str


class Department(NamedTuple):
    """A department of one hospital."""

    department_id: str
    name: str


class Encounter(NamedTuple):
    """A visit of a patient."""

    encounter_id: str
    patient_id: str
    encounter_date: date
    encounter_type: str
    provider_id: str
    department_id: str
    procedure_code: str
    inserted_at: datetime


class Transaction(NamedTuple):
    """A charge with what was paid and adjusted on it so far."""

    transaction_id: str
    encounter_id: str
    patient_id: str
    provider_id: str
    department_id: str
    visit_date: date
    service_date: date
    paid_date: date | None
    visit_type: str
    amount: int
    amount_type: str
    paid_amount: int
    patient_paid_amount: int
    adjustment_amount: int
    write_off_amount: int
    claim_id: str | None
    payer_id: str
    procedure_code: str
    icd_code: str
    line_of_business: str | None
    medicaid_id: str | None
    medicare_id: str | None
    billed_date: date | None
    inserted_at: datetime

    @property
    def settled_amount(self) -> int:
        """Everything paid, adjusted and written off, in cents."""
        return (
            self.paid_amount
            + self.patient_paid_amount
            + self.adjustment_amount
            + self.write_off_amount
        )

    @property
    def open_amount(self) -> int:
        """Balance still owed in cents; negative is a credit."""
        return self.amount - self.settled_amount


class Claim(NamedTuple):
    """A claim with the payer's decision so far."""

    claim_id: str
    transaction_id: str
    patient_id: str
    encounter_id: str
    provider_id: str
    department_id: str
    service_date: date
    claim_date: date
    adjudication_date: date | None
    payer_id: str
    claim_amount: int
    paid_amount: int
    claim_status: str
    payer_type: str
    deductible_amount: int
    coinsurance_amount: int
    copay_amount: int
    claim_frequency: str
    original_claim_id: str | None
    payer_sequence: str
    edit_count: int
    inserted_at: datetime


class Posting(NamedTuple):
    """One line of a hospital's posting journal: what became of a charge's balance.

    `amount` is what the account's balance changes by, except of a transfer: that takes its
    negative amount off `payer_id` and brings it to `to_payer_id`.
    """

    posting_id: str
    transaction_id: str
    posting_date: date
    posting_kind: str
    reason_code: str | None
    amount: int
    claim_id: str | None
    payer_id: str
    to_payer_id: str | None
    inserted_at: datetime


class Appeal(NamedTuple):
    """An appeal against the denial of a claim, with the payer's decision so far."""

    appeal_id: str
    claim_id: str
    filed_date: date
    decision_date: date | None
    outcome: str
    inserted_at: datetime


class Remittance(NamedTuple):
    """What a payer says it pays on a claim, as in the claim level of an ASC X12 835.

    `charge_amount` less the adjustments is `paid_amount`.
    """

    remittance_id: str
    claim_id: str
    payer_id: str
    remit_date: date
    check_number: str
    status_code: str
    charge_amount: int
    paid_amount: int
    patient_responsibility_amount: int
    allowed_amount: int | None
    adjustment_1_group: str | None
    adjustment_1_code: str | None
    adjustment_1_amount: int | None
    adjustment_1_remark: str | None
    adjustment_2_group: str | None
    adjustment_2_code: str | None
    adjustment_2_amount: int | None
    adjustment_2_remark: str | None
    adjustment_3_group: str | None
    adjustment_3_code: str | None
    adjustment_3_amount: int | None
    adjustment_3_remark: str | None
    adjustment_4_group: str | None
    adjustment_4_code: str | None
    adjustment_4_amount: int | None
    adjustment_4_remark: str | None
    inserted_at: datetime


class ProviderAdjustment(NamedTuple):
    """What a payer keeps back from a cheque, or adds to it, apart from claims (PLB of an 835)."""

    adjustment_id: str
    payer_id: str
    check_number: str
    adjustment_date: date
    reason_code: str
    amount: int
    claim_id: str | None
    inserted_at: datetime


class FeeSchedule(NamedTuple):
    """What a payer's contract allows of the charge for a procedure, from a day of service on."""

    payer_id: str
    procedure_code: str
    valid_from: date
    valid_to: date | None
    allowed_percent: int


class PayerTerms(NamedTuple):
    """How long a payer takes claims and appeals."""

    payer_id: str
    valid_from: date
    valid_to: date | None
    timely_filing_days: int
    appeal_days: int


class Procedure(NamedTuple):
    """A procedure code of the published code set."""

    procedure_code: str
    category: str
    description: str
    code_status: str


ENTITIES: dict[str, type[Any]] = {
    "patients": Patient,
    "providers": Provider,
    "departments": Department,
    "encounters": Encounter,
    "transactions": Transaction,
    "claims": Claim,
    "procedures": Procedure,
    "postings": Posting,
    "appeals": Appeal,
    "remittances": Remittance,
    "provider_adjustments": ProviderAdjustment,
    "fee_schedules": FeeSchedule,
    "payer_terms": PayerTerms,
}
KEYS = {
    "remittances": ("payer_id", "remittance_id"),
    "provider_adjustments": ("payer_id", "adjustment_id"),
    "fee_schedules": ("payer_id", "procedure_code", "valid_from"),
    "payer_terms": ("payer_id", "valid_from"),
}


def key_of(entity: str) -> tuple[str, ...]:
    """Returns the columns that identify a record of the entity in its source system."""
    first: tuple[str, ...] = ENTITIES[entity]._fields[:1]
    return KEYS.get(entity, first)


def key_places(entity: str) -> tuple[int, ...]:
    """Returns where these columns stand in a record."""
    return tuple(ENTITIES[entity]._fields.index(column) for column in key_of(entity))
