"""Clean values to source rows: one line of a table's export per entity, columns in schema order."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from simulator.clock import local_text
from simulator.model import (
    Claim,
    Department,
    Encounter,
    Patient,
    Procedure,
    Provider,
    Transaction,
)
from simulator.scribe import Scribe, day, money

Fields = tuple[str | None, ...]
MYSQL_NULL = r"\N"


def mysql_line(fields: Fields) -> str:
    """Returns a line for LOAD DATA: tabs between the fields. No field holds a tab or backslash."""
    return "\t".join([MYSQL_NULL if field is None else field for field in fields])


def csv_line(fields: Fields) -> str:
    """Returns a line of comma separated values (RFC 4180); None is an empty field."""
    return ",".join([_quoted(field or "") for field in fields])


def render(entity: str, truth: Any, at: datetime, zone: ZoneInfo, scribe: Scribe) -> str:
    """Returns the line that says `truth` the way its source types it."""
    fields = _FIELDS[entity](truth, local_text(at, zone), zone, scribe.next_row())
    return csv_line(fields) if entity in {"claims", "procedures"} else mysql_line(fields)


def _patient(patient: Patient, stamp: str, _: ZoneInfo, scribe: Scribe) -> Fields:
    return (
        scribe.code(patient.patient_id),
        scribe.name(patient.first_name),
        scribe.name(patient.last_name),
        scribe.name(patient.middle_name),
        scribe.ssn(patient.ssn),
        scribe.phone(patient.phone),
        scribe.email(patient.email),
        scribe.gender(patient.gender),
        day(patient.birth_date),
        scribe.text(patient.address),
        scribe.text(patient.insurance_name),
        stamp,
    )


def _provider(provider: Provider, _stamp: str, _: ZoneInfo, scribe: Scribe) -> Fields:
    return (
        scribe.code(provider.provider_id),
        scribe.name(provider.first_name),
        scribe.name(provider.last_name),
        scribe.text(provider.specialization),
        scribe.code(provider.department_id),
        scribe.npi(provider.npi),
    )


def _department(department: Department, _stamp: str, _: ZoneInfo, scribe: Scribe) -> Fields:
    return scribe.code(department.department_id), scribe.text(department.name)


def _encounter(encounter: Encounter, stamp: str, zone: ZoneInfo, scribe: Scribe) -> Fields:
    return (
        scribe.code(encounter.encounter_id),
        scribe.code(encounter.patient_id),
        day(encounter.encounter_date),
        scribe.text(encounter.encounter_type),
        scribe.code(encounter.provider_id),
        scribe.code(encounter.department_id),
        scribe.code(encounter.procedure_code),
        local_text(encounter.inserted_at, zone),
        stamp,
    )


def _transaction(charge: Transaction, stamp: str, zone: ZoneInfo, scribe: Scribe) -> Fields:
    return (
        scribe.code(charge.transaction_id),
        scribe.code(charge.encounter_id),
        scribe.code(charge.patient_id),
        scribe.code(charge.provider_id),
        scribe.code(charge.department_id),
        day(charge.visit_date),
        day(charge.service_date),
        day(charge.paid_date),
        scribe.text(charge.visit_type),
        money(charge.amount),
        scribe.text(charge.amount_type),
        money(charge.paid_amount),
        money(charge.patient_paid_amount),
        money(charge.adjustment_amount),
        money(charge.write_off_amount),
        scribe.code(charge.claim_id),
        scribe.text(charge.payer_id),
        scribe.code(charge.procedure_code),
        scribe.code(charge.icd_code),
        scribe.line_of_business(charge.line_of_business),
        scribe.code(charge.medicaid_id),
        scribe.code(charge.medicare_id),
        local_text(charge.inserted_at, zone),
        stamp,
    )


def _claim(claim: Claim, stamp: str, zone: ZoneInfo, scribe: Scribe) -> Fields:
    return (
        scribe.code(claim.claim_id),
        scribe.code(claim.transaction_id),
        scribe.code(claim.patient_id),
        scribe.code(claim.encounter_id),
        scribe.code(claim.provider_id),
        scribe.code(claim.department_id),
        day(claim.service_date),
        day(claim.claim_date),
        day(claim.adjudication_date),
        scribe.text(claim.payer_id),
        money(claim.claim_amount),
        money(claim.paid_amount),
        scribe.claim_status(claim.claim_status),
        scribe.text(claim.payer_type),
        money(claim.deductible_amount),
        money(claim.coinsurance_amount),
        money(claim.copay_amount),
        local_text(claim.inserted_at, zone),
        stamp,
    )


def _procedure(procedure: Procedure, _stamp: str, _: ZoneInfo, scribe: Scribe) -> Fields:
    return (
        scribe.text(procedure.category),
        scribe.code(procedure.procedure_code),
        scribe.text(procedure.description),
        scribe.text(procedure.code_status),
    )


def _quoted(field: str) -> str:
    if '"' not in field and "," not in field:
        return field
    return '"' + field.replace('"', '""') + '"'


_FIELDS: dict[str, Callable[[Any, str, ZoneInfo, Scribe], Fields]] = {
    "patients": _patient,
    "providers": _provider,
    "departments": _department,
    "encounters": _encounter,
    "transactions": _transaction,
    "claims": _claim,
    "procedures": _procedure,
}
