"""What happens at a hospital: people register, are seen, and charges are posted for it."""

from __future__ import annotations

from datetime import date
from typing import Any, NamedTuple

from simulator.derived import age_on
from simulator.hospital import Hospital
from simulator.model import Encounter, Patient, Provider, Transaction
from simulator.values import Values
from simulator.vocabulary import (
    ICD_CODES,
    PAYER_MIX_OLD,
    PAYER_MIX_YOUNG,
    PAYERS,
    SELF_PAY,
    VISITS,
    Visit,
)

CHARGE_SPREAD = 0.8
CHARGES_PER_VISIT = {1: 20.0, 2: 30.0, 3: 30.0, 4: 20.0}
POSTING_LAG_DAYS = (0, 0, 0, 1, 1, 2, 3)
UNKNOWN_LINE_OF_BUSINESS_RATE = 0.01
MISSING_VALUE_RATES = {"ssn": 0.02, "email": 0.12, "phone": 0.03, "insurance_name": 0.02}
RETIREMENT_AGE = 65
VISIT_WEIGHTS = {visit: visit.weight for visit in VISITS}


def is_insured(payer: str | None) -> bool:
    """Returns whether a payer, and not the patient, is billed."""
    return payer in PAYERS


class Person(NamedTuple):
    """What stays the same of a person, whoever registers them."""

    first_name: str
    last_name: str
    middle_name: str | None
    ssn: str
    gender: str | None
    birth_date: date


def new_person(values: Values, today: date) -> Person:
    """Returns a person who lives on a day."""
    gender = values.gender()
    return Person(
        first_name=values.first_name(gender),
        last_name=values.last_name(),
        middle_name=values.initial(),
        ssn=values.ssn(),
        gender=gender,
        birth_date=values.birth_date(today),
    )


def new_patient(hospital: Hospital, known: Person | None = None) -> Patient:
    """Returns a new registration; of a person whom another hospital registers too, if known."""
    values, chance = hospital.values, hospital.chance
    person = known or new_person(values, hospital.today)
    patient = Patient(
        patient_id=hospital.next_id("HOSP1-"),
        first_name=person.first_name,
        last_name=person.last_name,
        middle_name=person.middle_name,
        ssn=person.ssn,
        phone=values.phone(),
        email=values.email(person.first_name, person.last_name),
        gender=person.gender,
        birth_date=person.birth_date,
        address=values.address(),
        insurance_name=choose_payer(hospital, person.birth_date),
    )
    missing: dict[str, Any] = {
        field: None for field, rate in MISSING_VALUE_RATES.items() if chance.happens(rate)
    }
    if known:
        missing.pop("ssn", None)
    return patient._replace(**missing)


def choose_payer(hospital: Hospital, birth_date: date) -> str:
    """Returns who pays first for a person of this age."""
    old = age_on(hospital.today, birth_date) >= RETIREMENT_AGE
    return hospital.chance.pick(PAYER_MIX_OLD if old else PAYER_MIX_YOUNG)


def new_encounter(
    hospital: Hospital, patient: Patient, provider: Provider, procedure: str, day: date
) -> tuple[Encounter, Visit]:
    """Returns a visit of the patient on a day, and its kind."""
    visit = hospital.chance.pick(VISIT_WEIGHTS)
    encounter = Encounter(
        encounter_id=hospital.next_id("ENC"),
        patient_id=patient.patient_id,
        encounter_date=day,
        encounter_type=visit.encounter_type,
        provider_id=provider.provider_id,
        department_id=provider.department_id,
        procedure_code=procedure,
        inserted_at=hospital.entered(day).at,
    )
    return encounter, visit


def new_charge(
    hospital: Hospital, patient: Patient, encounter: Encounter, visit: Visit, procedure: str,
    service: date, entered: date,
) -> Transaction:  # fmt: skip
    """Returns a charge for a service of the visit as it is entered, not yet billed."""
    chance = hospital.chance
    payer = patient.insurance_name or SELF_PAY
    terms = PAYERS.get(payer)
    line_of_business = terms.line_of_business if terms else SELF_PAY
    number = int(patient.patient_id[-6:]) + 10_000
    return Transaction(
        transaction_id=hospital.next_id("TRANS"),
        encounter_id=encounter.encounter_id,
        patient_id=patient.patient_id,
        provider_id=encounter.provider_id,
        department_id=encounter.department_id,
        visit_date=encounter.encounter_date,
        service_date=service,
        paid_date=None,
        visit_type=visit.visit_type,
        amount=max(1_500, chance.around(visit.median_cents, CHARGE_SPREAD)),
        amount_type=terms.amount_type if terms else "Self-pay",
        paid_amount=0,
        patient_paid_amount=0,
        adjustment_amount=0,
        write_off_amount=0,
        claim_id=None,
        payer_id=payer,
        procedure_code=procedure,
        icd_code=chance.choice(ICD_CODES),
        line_of_business=(
            None if chance.happens(UNKNOWN_LINE_OF_BUSINESS_RATE) else line_of_business
        ),
        medicaid_id=f"MEDI{number}" if payer == "Medicaid" else None,
        medicare_id=f"MCARE{number}" if payer == "Medicare" else None,
        billed_date=None,
        inserted_at=hospital.charge_entered(entered).at,
    )
