"""The gold tables about the records themselves: who is registered, what is known, what changed."""

from __future__ import annotations

from collections import Counter

from simulator.counting import grouped, ratio
from simulator.derived import age_on
from simulator.truth.books import Books
from simulator.truth.gold import Rows, gold_table

AGE_BANDS = ((17, "0-17"), (34, "18-34"), (49, "35-49"), (64, "50-64"), (79, "65-79"),
             (89, "80-89"), (200, "90+"))  # fmt: skip
EXPECTED_COLUMNS = {
    "patients": ("ssn", "phone", "email", "gender", "insurance_name"),
    "transactions": ("payer_id", "line_of_business", "icd_code", "billed_date"),
    "claims": ("adjudication_date",),
}
VERSIONED = ("patients", "providers", "departments", "encounters", "transactions", "claims")


@gold_table(key="gender age_band", measures="patient_count")
def kpi_patient_demographics(books: Books) -> Rows:
    """Registered patients."""
    groups = grouped(
        books.published.patients.values(),
        lambda person: (person.gender or "Unknown", age_band(age_on(books.today,
                                                                     person.birth_date))),
    )  # fmt: skip
    for group, people in groups.items():
        yield *group, len(people)


@gold_table(key="entity column", measures="row_count filled_count completeness_rate")
def kpi_data_completeness(books: Books) -> Rows:
    """How many current records have a value in the columns that are expected to have one."""
    for entity, columns in EXPECTED_COLUMNS.items():
        records = books.published.current(entity).values()
        for column in columns if records else ():
            filled = sum(getattr(record, column) is not None for record in records)
            yield entity, column, len(records), filled, ratio(filled, len(records))


@gold_table(key="entity version_count", measures="key_count")
def kpi_version_distribution(books: Books) -> Rows:
    """How many records have how many versions."""
    for entity in VERSIONED:
        versions = Counter(version.values[0] for version in books.published.versions(entity))
        for number, keys in Counter(versions.values()).items():
            yield entity, number, keys


def age_band(age: int) -> str:
    """Returns the band of an age; all from 90 on are one."""
    return next(band for oldest, band in AGE_BANDS if age <= oldest)
