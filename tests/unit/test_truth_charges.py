"""Charges by service, and what is known of the records, by hand."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from simulator.truth.keys import surrogate, version_key
from tests.books_support import (
    HOSPITAL,
    PROCEDURE,
    PROVIDER,
    SERVICE,
    TODAY,
    Since,
    at,
    books,
    charge,
    claim,
    patient,
    rows,
)


def test_collection_is_mature_120_days_after_the_month() -> None:
    of = books(
        TODAY,
        transactions=[
            charge("T1", service_date=date(2025, 10, 31), paid_amount=30_00),
            charge("T2", service_date=date(2025, 11, 1), paid_amount=40_00,
                   patient_paid_amount=8_00, adjustment_amount=20_00),
        ],
    )  # fmt: skip

    assert [tuple(row.values()) for row in rows("kpi_collection", of)] == [
        (date(2025, 10, 1), True, 100_00, 0, 30_00, Decimal("0.3"), Decimal("0.3")),
        (date(2025, 11, 1), False, 100_00, 20_00, 48_00, None, None),
    ]


def test_patients_value_is_the_sum_of_their_charges_and_unknown_patients_are_one() -> None:
    of = books(
        patients=[patient("P1")],
        transactions=[
            charge(
                "T1", service_date=date(2026, 1, 5), paid_amount=60_00, patient_paid_amount=5_00
            ),
            charge("T2", service_date=date(2026, 2, 7), amount=50_00),
            charge("T3", encounter_id="E2", adjustment_amount=100_00),
            charge("T4", patient_id="P404"),
            charge("T5", patient_id="P405"),
        ],
    )

    known, unknown = rows("kpi_patient_value", of)

    assert known == {
        "patient_key": surrogate(HOSPITAL, "P1"),
        "first_service_date": date(2026, 1, 5),
        "last_service_date": date(2026, 2, 7),
        "encounter_count": 2,
        "transaction_count": 3,
        "billed_amount": 250_00,
        "collected_amount": 65_00,
        "open_amount": 85_00,
    }
    assert (unknown["patient_key"], unknown["transaction_count"]) == ("unknown", 2)


def test_procedures_yield_what_was_collected_per_charge() -> None:
    of = books(
        procedures=[PROCEDURE],
        transactions=[
            charge("T1", paid_amount=60_00, adjustment_amount=20_00),
            charge("T2", patient_paid_amount=10_01, write_off_amount=5_00),
            charge("T3", paid_amount=7_00),
            charge("T4", procedure_code="00000"),
        ],
    )

    known, unknown = rows("kpi_procedure_profitability", of)

    assert tuple(known.values()) == (
        "99201", "Office visit", 3, 300_00, 20_00, 77_01, 5_00, 197_99, Decimal("25.67"),
        Decimal("0.275035714"),
    )  # fmt: skip
    assert (unknown["procedure_code"], unknown["category"]) == ("Unknown", "Unknown")


def test_season_is_an_average_of_its_complete_months_over_the_average_season() -> None:
    of = books(
        TODAY,
        transactions=[
            charge("T1", service_date=date(2025, 1, 5), amount=100_00),
            charge("T2", service_date=date(2026, 1, 5), amount=200_00),
            charge("T3", service_date=date(2026, 1, 6), amount=100_00),
            charge("T4", service_date=date(2026, 2, 6), amount=50_00),
            charge("T5", service_date=date(2026, 3, 6), amount=999_00),
        ],
    )

    # Averages of 200.00 and 50.00; ten months of the year have not been yet.
    assert [tuple(row.values()) for row in rows("kpi_seasonality", of)] == [
        (1, 2, 3, 400_00, False, 200_00, None),
        (2, 1, 1, 50_00, False, 50_00, None),
    ]


def test_season_is_told_once_every_month_of_the_year_has_been() -> None:
    months = [date(2025, month, 5) for month in range(2, 13)]
    of = books(
        TODAY,
        transactions=[
            charge("T0", service_date=date(2026, 1, 5), amount=200_00),
            *(charge(f"T{day:%m}", service_date=day, amount=90_91) for day in months),
        ],
    )

    # Eleven months of 90.91 and one of 200.00; their mean is 100.0008.
    january, *_, december = rows("kpi_seasonality", of)
    assert sorted([january["seasonal_index"], december["seasonal_index"]]) == [
        Decimal("0.909092424"),
        Decimal("1.999983333"),
    ]


def test_payment_status_is_denied_if_every_claim_was_refused() -> None:
    of = books(
        transactions=[charge("T1"), charge("T2"), charge("T3", paid_amount=1)],
        claims=[claim("C1", claim_status="Denied"), claim("C3", "T3", claim_status="Denied")],
    )
    assert [(row["payment_status"], row["transaction_rate"]) for row in rows(
        "kpi_payment_status", of
    )] == [
        ("Denied", Decimal("0.333333333")),
        ("Pending", Decimal("0.333333333")),
        ("Partial", Decimal("0.333333333")),
    ]  # fmt: skip


def test_completeness_counts_the_values_of_current_records() -> None:
    of = books(
        patients=[patient("P1", ssn="x"), patient("P2"), patient("P3", ssn="y", gender="Male")]
    )

    found = {row["column"]: tuple(row.values()) for row in rows("kpi_data_completeness", of)}

    assert set(found) == {"ssn", "phone", "email", "gender", "insurance_name"}
    assert found["ssn"] == ("patients", "ssn", 3, 2, Decimal("0.666666667"))
    assert found["gender"][3:] == (1, Decimal("0.333333333"))
    assert found["phone"][3:] == (0, Decimal(0))


def test_versions_are_counted_per_record() -> None:
    changed = patient("P1", ssn="x")
    of = books(patients=[patient("P1"), patient("P2"), changed, patient("P3")])
    assert [tuple(row.values()) for row in rows("kpi_version_distribution", of)] == [
        ("patients", 2, 1),
        ("patients", 1, 2),
    ]


def test_a_charge_names_the_versions_that_were_in_force_on_its_day_of_service() -> None:
    moved = PROVIDER._replace(department_id="DEPT2")
    of = books(
        transactions=[
            charge("T1", service_date=date(2026, 1, 5)),
            charge("T2", service_date=date(2026, 2, 1), patient_id="P404"),
        ],
        providers=[PROVIDER, Since(moved, date(2026, 2, 1))],
        patients=[patient()],
    )

    first, second = rows("fact_transactions", of)

    assert first["provider_key"] == second["provider_key"] == surrogate(HOSPITAL, "D1")
    assert first["provider_version_key"] == version_key(HOSPITAL, "D1", at(SERVICE))
    assert second["provider_version_key"] == version_key(HOSPITAL, "D1", at(date(2026, 2, 1)))
    assert first["patient_key"] == surrogate(HOSPITAL, "P1")
    assert second["patient_version_key"] == "unknown"
    assert (first["billed_amount"], first["open_amount"], first["claim_count"]) == (
        100_00, 100_00, 0
    )  # fmt: skip
