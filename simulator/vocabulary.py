"""The words of the simulated world: payers, departments, codes, and how often each is met."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

SELF_PAY = "Self-Pay"


@dataclass(frozen=True)
class Payer:
    """A payer's terms: what it allows of a charge, what it refuses and why, how fast it decides.

    `filing_days` are the limits of its contracts, one after the other; `denial_causes` weighs the
    codes (CARC) that it refuses with.
    """

    name: str
    payer_type: str
    line_of_business: str
    amount_type: str
    cheque_prefix: str
    allowed_percents: tuple[int, ...]
    denial_rate: float
    decision_days: int
    filing_days: tuple[int, ...]
    appeal_days: int
    denial_causes: Mapping[str, float]


ESTABLISHED_PAYERS = {
    payer.name: payer
    for payer in (
        Payer("Aetna", "Private", "Commercial", "Insurance", "AE", (55, 60, 68, 74), 0.10, 18,
              (120,), 180,
              {"16": 25, "197": 25, "50": 15, "27": 12, "97": 10, "22": 8, "18": 5}),
        Payer("BlueCross", "Private", "Commercial", "Insurance", "BC", (58, 66, 72, 80), 0.09, 16,
              (180,), 180,
              {"16": 30, "27": 20, "197": 15, "97": 12, "50": 10, "22": 8, "18": 5}),
        Payer("UnitedHealthcare", "Private", "Commercial", "Insurance", "UH", (50, 60, 70), 0.13,
              21, (120, 90), 65,
              {"197": 35, "50": 20, "16": 18, "97": 12, "27": 8, "18": 7}),
        Payer("Medicare", "Government", "Medicare", "Medicare", "MC", (38, 42, 46), 0.08, 14,
              (365,), 120,
              {"50": 35, "16": 25, "97": 20, "18": 12, "22": 8}),
        Payer("Medicaid", "Government", "Medicaid", "Medicaid", "MD", (28, 33, 37), 0.11, 28,
              (120, 95), 60,
              {"27": 35, "16": 25, "22": 15, "197": 10, "50": 8, "18": 7}),
    )
}  # fmt: skip
NEW_PAYER = Payer("Cigna", "Private", "Commercial", "Insurance", "CI", (57, 63, 71), 0.10, 17,
                  (90,), 180, {"16": 30, "197": 25, "50": 20, "27": 15, "97": 10})  # fmt: skip
PAYERS = {**ESTABLISHED_PAYERS, NEW_PAYER.name: NEW_PAYER}
DENIAL_REMARKS: dict[str, tuple[str | None, ...]] = {
    "16": ("N290", "MA130", "M51"), "18": ("N522", None), "22": ("MA04", "N598"), "27": ("N30",),
    "29": ("N211", None), "50": ("N115", "M64"), "97": ("M15", "N19"), "197": ("N54", None),
}  # fmt: skip
SECONDARY_RATES = {"Medicare": 0.45}
SECONDARY_RATE = 0.04
PAYER_MIX_YOUNG = {
    "Aetna": 22.0, "BlueCross": 25.0, "UnitedHealthcare": 21.0, "Medicaid": 20.0, SELF_PAY: 10.0,
    "Medicare": 2.0,
}  # fmt: skip
PAYER_MIX_OLD = {"Medicare": 76.0, "UnitedHealthcare": 10.0, "Aetna": 9.0, "BlueCross": 5.0}

DEPARTMENTS = (
    "Emergency", "Cardiology", "Neurology", "Oncology", "Pediatrics", "Orthopedics", "Dermatology",
    "Gastroenterology", "Urology", "Radiology", "Anesthesiology", "Pathology", "Surgery",
    "Pulmonology", "Nephrology", "Ophthalmology", "Psychiatry", "Endocrinology", "Rheumatology",
    "Internal Medicine",
)  # fmt: skip
PROVIDER_COUNTS = {"hospital_a": 25, "hospital_b": 30}
PROVIDER_PREFIXES = {"hospital_a": "H1-PROV", "hospital_b": "H2-PROV"}


@dataclass(frozen=True)
class Visit:
    """A kind of encounter: how often, what it usually costs, and how long services go on."""

    encounter_type: str
    visit_type: str
    weight: float
    median_cents: int
    longest_stay_days: int = 0


VISITS = (
    Visit("Inpatient", "Inpatient", 8, 260_000, 5),
    Visit("Emergency", "Emergency", 14, 95_000, 1),
    Visit("Outpatient", "Outpatient", 38, 34_000),
    Visit("Telemedicine", "Follow-up", 15, 11_000),
    Visit("Routine Checkup", "Routine", 25, 16_000),
)
GENDERS: dict[str | None, float] = {"Female": 51.0, "Male": 46.0, "Other": 1.0, None: 2.0}

ICD_CODES = (
    "I10", "E11.9", "E78.5", "J45.909", "M54.50", "K21.9", "F41.1", "N39.0", "J06.9", "I25.10",
    "I48.91", "E03.9", "G43.909", "M17.11", "R07.9", "R10.9", "Z00.00", "J18.9", "L30.9", "H52.4",
    "C50.911", "D64.9", "F32.9", "I50.9", "N18.30", "S93.401A", "T78.40XA", "Z12.31", "R51.9",
    "K57.30",
)  # fmt: skip
PROCEDURE_CATEGORIES = {
    "Office visit": 99201, "Hospital care": 99221, "Emergency visit": 99281, "Imaging": 71010,
    "Laboratory panel": 80047, "Cardiac test": 93000, "Endoscopy": 43200, "Joint surgery": 27310,
    "Skin procedure": 11042, "Physical therapy": 97110,
}  # fmt: skip
EMERGING_PROCEDURES = ("0585T", "0586T", "0587T", "0588T")
CODES_PER_CATEGORY = 12
