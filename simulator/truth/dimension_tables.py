"""The dimensions that are counted hospital by hospital, with all versions of their members."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from simulator.derived import age_on, derived
from simulator.model import Department, Patient, Procedure, Provider
from simulator.truth.books import Books
from simulator.truth.fact_tables import CODES_ARRIVE
from simulator.truth.gold import Rows, gold_table
from simulator.truth.keys import UNKNOWN, surrogate, version_key
from simulator.truth.members import OPEN_END, Members
from simulator.truth.record_tables import age_band

NOBODY = "Unknown"
FIRST_INSTANT = datetime(1900, 1, 1, tzinfo=UTC)
SINCE_EVER = (0, FIRST_INSTANT, OPEN_END, True)
VALIDITY = "version effective_date expiry_date is_current"
SMALL_ZIP3 = frozenset(
    {"036", "059", "063", "102", "203", "556", "692", "790", "821", "823", "830", "831", "878",
     "879", "884", "890", "893"}
)  # fmt: skip  # 45 CFR 164.514(b)(2)(i)(B): where 20,000 people or fewer lived in 2000


@gold_table(
    key="patient_version_key",
    measures=f"patient_key gender age_band zip3 insurance_name {VALIDITY}",
    member=(UNKNOWN, UNKNOWN, UNKNOWN, NOBODY, NOBODY, None, None, *SINCE_EVER),
)
def dim_patients(books: Books) -> Rows:
    """People, by what identifies nobody."""
    for keys, values, validity in _versions(books.name, books.patients):
        person = Patient(*values[: len(Patient._fields)])
        zip3, _ = derived("patients", person, validity[1])
        yield (*keys, person.gender or NOBODY, age_band(age_on(books.today, person.birth_date)),
               "000" if zip3 in SMALL_ZIP3 else zip3, person.insurance_name,
               *validity)  # fmt: skip


@gold_table(
    key="provider_version_key",
    measures=f"provider_key provider_id provider_name specialization department_id npi {VALIDITY}",
    member=(UNKNOWN, UNKNOWN, UNKNOWN, NOBODY, NOBODY, None, None, None, *SINCE_EVER),
)
def dim_providers(books: Books) -> Rows:
    """Clinicians."""
    for keys, values, validity in _versions(books.name, books.providers):
        one = Provider(*values)
        yield (*keys, one.provider_id, f"{one.first_name} {one.last_name}", one.specialization,
               one.department_id, one.npi, *validity)  # fmt: skip


@gold_table(
    key="department_version_key",
    measures=f"department_key department_id department_name {VALIDITY}",
    member=(UNKNOWN, UNKNOWN, UNKNOWN, NOBODY, NOBODY, *SINCE_EVER),
)
def dim_departments(books: Books) -> Rows:
    """Departments."""
    for keys, values, validity in _versions(books.name, books.departments):
        one = Department(*values)
        yield *keys, one.department_id, one.name, *validity


@gold_table(
    key="procedure_code version",
    measures="procedure_key procedure_category procedure_description code_status is_current",
    member=(UNKNOWN, NOBODY, 0, UNKNOWN, NOBODY, NOBODY, None, True),
    of_codes=True,
    procedure_version_key=CODES_ARRIVE,
    effective_date=CODES_ARRIVE,
    expiry_date=CODES_ARRIVE,
)
def dim_procedures(books: Books) -> Rows:
    """Procedure codes."""
    for keys, values, validity in _versions(books.name, books.procedures):
        code = Procedure(*values)
        yield (code.procedure_code, validity[0], keys[1], code.category, code.description,
               code.code_status, validity[3])  # fmt: skip


def _versions(
    name: str, members: Members
) -> Iterator[tuple[tuple[str, str], tuple[Any, ...], tuple[int, datetime, datetime, bool]]]:
    """Yields the keys of version and member, what the version says, and its validity."""
    for version, expiry_date, is_current in members.periods():
        record_id, since = version.values[0], version.effective_date
        keys = version_key(name, record_id, since), surrogate(name, record_id)
        yield keys, version.values, (version.number, since, expiry_date, is_current)
