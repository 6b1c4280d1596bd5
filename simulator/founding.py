"""The hospitals before the first day: staff, departments and the people they know."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from simulator.care import Person, new_patient, new_person
from simulator.chance import Chance
from simulator.clock import Stamp
from simulator.contracts import Contracts
from simulator.defects import (
    BLANKS,
    INVALID_EMAILS,
    INVALID_PHONES,
    INVALID_SSNS,
    DefectRates,
    draw,
)
from simulator.hospital import Hospital
from simulator.model import Department, Patient, Provider
from simulator.values import Values
from simulator.vocabulary import DEPARTMENTS, PROVIDER_COUNTS, PROVIDER_PREFIXES

OLDEST_REGISTRATION_DAYS = 700
SHARED_RATE = 0.05


def open_departments(hospital: Hospital) -> None:
    """Writes the departments and the providers that work there."""
    stamp = hospital.changed("departments")
    for number, name in enumerate(DEPARTMENTS, start=1):
        hospital.write("departments", Department(f"DEPT{number:03}", name), stamp)
    departments = list(hospital.departments.current.values())
    for number in range(1, PROVIDER_COUNTS[hospital.name] + 1):
        department = hospital.chance.choice(departments)
        provider = Provider(
            provider_id=f"{PROVIDER_PREFIXES[hospital.name]}{number:04}",
            first_name=hospital.values.first_name(hospital.values.gender()),
            last_name=hospital.values.last_name(),
            specialization=department.name,
            department_id=department.department_id,
            npi=hospital.values.npi(),
        )
        hospital.write("providers", provider, stamp)


def open_contracts(hospital: Hospital, contracts: Contracts) -> None:
    """Writes what the payers have agreed to."""
    stamp = hospital.changed("fee_schedules")
    for fee in contracts.fee_schedules:
        hospital.write("fee_schedules", fee, stamp)
    for terms in contracts.payer_terms:
        hospital.write("payer_terms", terms, stamp)


def people_of_both(seed: int, patients: int, today: date) -> list[Person]:
    """Returns the people whom both hospitals know, for so many patients of a hospital."""
    name = f"{seed}/region"
    values = Values(name, Chance(name))
    return [new_person(values, today) for _ in range(round(patients * SHARED_RATE))]


def register_patients(
    hospital: Hospital, count: int, shared: Sequence[Person], rates: DefectRates
) -> None:
    """Writes `count` patients; some are patients of the other hospital under another id."""
    hospital.record("patients_of_both_hospitals", len(shared))
    known = [*shared, *(None for _ in range(count - len(shared)))]
    hospital.chance.shuffle(known)
    people = [new_patient(hospital, person) for person in known]
    repeated, without_id, unborn, phones, emails, ssns = draw(
        hospital.chance, people, rates.repeated_patient, rates.patient_without_id,
        rates.birth_date_in_future, rates.invalid_phone, rates.invalid_email, rates.invalid_ssn,
    )  # fmt: skip
    _hold_without_id(hospital, without_id)
    _hold_unborn(hospital, unborn)
    _write_with_blanked(hospital, phones, "phone", INVALID_PHONES)
    _write_with_blanked(hospital, emails, "email", INVALID_EMAILS)
    _write_with_blanked(hospital, ssns, "ssn", INVALID_SSNS)
    planted = {person.patient_id for person in (*without_id, *unborn, *phones, *emails, *ssns)}
    for person in people:
        if person.patient_id not in planted:
            hospital.write("patients", person, _registered(hospital))
    for person in repeated:
        hospital.repeat("patients", person.patient_id)


def _registered(hospital: Hospital) -> Stamp:
    return hospital.entered(_day_before(hospital, OLDEST_REGISTRATION_DAYS))


def _day_before(hospital: Hospital, longest: int) -> date:
    return hospital.today - timedelta(days=hospital.chance.below(longest + 1))


def _hold_without_id(hospital: Hospital, people: Sequence[Patient]) -> None:
    for person in people:
        typed = person._replace(patient_id=hospital.chance.choice(BLANKS))
        hospital.hold("patients", typed, _registered(hospital), "patient_id_missing")


def _hold_unborn(hospital: Hospital, people: Sequence[Patient]) -> None:
    for person in people:
        stamp = _registered(hospital)
        born = hospital.today + timedelta(days=hospital.chance.between(600, 900))
        hospital.hold("patients", person._replace(birth_date=born), stamp, "birth_date_in_future")


def _write_with_blanked(
    hospital: Hospital, people: Sequence[Patient], field: str, invalid: Sequence[str]
) -> None:
    for person in people:
        wrong: dict[str, Any] = {field: hospital.chance.choice(invalid)}
        typed = person._replace(**wrong)
        blanked: dict[str, Any] = {field: None}
        truth = person._replace(**blanked)
        hospital.write("patients", truth, _registered(hospital), typed)
        hospital.record(f"patients_{field}_invalid")
