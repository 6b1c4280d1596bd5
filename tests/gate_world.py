"""A small world of charges and postings that ties: two hospitals without a journal, one with."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from tests.given_tables import Row

TODAY = date(2025, 6, 30)
PAYERS = ("Aetna", "Cigna", "Self-Pay", "unknown")
HOSPITALS = ("hospital_a", "hospital_b")
JOURNAL = "hospital_c"
KINDS = (
    "charge", "payment", "patient_payment", "contractual", "write_off", "refund", "takeback",
    "transfer",
)  # fmt: skip


OPEN, OPEN_END = "9999-12-31", "9999-12-31T00:00:00Z"


class Version(NamedTuple):
    """One version of a charge: from when on, whose, what stands on it, whether it was deleted."""

    begin: str
    payer: str
    amounts: tuple[int, int, int, int, int]
    end: str = OPEN
    is_deleted: bool = False


CHARGES = {
    "T1": [
        Version("2025-01-10", "Aetna", (100, 0, 0, 0, 0), "2025-02-11"),
        Version("2025-02-11", "Aetna", (100, 60, 0, 30, 0), "2025-04-01"),
        Version("2025-04-01", "Aetna", (100, 50, 7, 30, 3)),
    ],
    "T2": [
        Version("2025-01-20", "Cigna", (250, 0, 0, 0, 0), "2025-03-05"),
        Version("2025-03-05", "Aetna", (240, 0, 11, 0, 0)),
    ],
    "T3": [
        Version("2025-02-01", "Cigna", (80, 95, 0, 0, 0), "2025-03-31", is_deleted=True),
        Version("2025-05-01", "Cigna", (81, 0, 0, 0, 0)),
    ],
    "T4": [Version("2025-03-31", "unknown", (64, 0, 20, 0, 44))],
    "T5": [Version("2025-06-01", "Cigna", (33, 12, 1, 8, 0))],
}

JOURNAL_CHARGES = {
    "T1": [
        Version("2025-04-30", "Aetna", (100, 60, 7, 30, 3)),
    ],
    "T2": [
        Version("2025-02-02", "Cigna", (250, 0, 0, 0, 0), "2025-05-06"),
        Version("2025-05-06", "Cigna", (240, 25, 0, 110, 0)),
    ],
}

JOURNAL_POSTINGS = [
    ("T1", "2025-01-31", "payment", -75, "Aetna", None),
    ("T1", "2025-01-31", "contractual", -30, "Aetna", None),
    ("T1", "2025-02-11", "takeback", 15, "Aetna", None),
    ("T1", "2025-02-12", "transfer", -10, "Aetna", "Self-Pay"),
    ("T1", "2025-03-09", "patient_payment", -11, "Self-Pay", None),
    ("T1", "2025-04-01", "refund", 4, "Self-Pay", None),
    ("T1", "2025-04-30", "write_off", -3, "Self-Pay", None),
    ("T2", "2025-05-06", "contractual", -110, "Cigna", None),
    ("T2", "2025-05-06", "payment", -40, "Cigna", None),
    ("T2", "2025-06-06", "refund", 15, "Cigna", None),
]

_CHARGES = {**dict.fromkeys(HOSPITALS, CHARGES), JOURNAL: JOURNAL_CHARGES}


def silver() -> list[Row]:
    names = (
        "amount",
        "paid_amount",
        "patient_paid_amount",
        "adjustment_amount",
        "write_off_amount",
    )
    return [
        {
            "source_system": hospital,
            "transaction_id": charge,
            "patient_id": "P1",
            "payment_status": "Pending",
            "version": number,
            "payer_id": None if version.payer == "unknown" else version.payer,
            "service_date": "2025-01-05",
            "inserted_at": "2025-01-20T12:00:00Z" if hospital == JOURNAL else None,
            **dict(zip(names, version.amounts, strict=True)),
            "open_amount": version.amounts[0] - sum(version.amounts[1:]),
            "effective_date": f"{version.begin}T12:00:00Z",
            "expiry_date": OPEN_END if version.end == OPEN else f"{version.end}T12:00:00Z",
            "is_current": version.end == OPEN,
            "is_deleted": version.is_deleted,
        }
        for hospital, charges in _CHARGES.items()
        for charge, versions in charges.items()
        for number, version in enumerate(versions, start=1)
    ]


def journal() -> list[Row]:
    return [
        {
            "source_system": JOURNAL,
            "posting_id": f"J{number}",
            "transaction_id": charge,
            "posting_date": day,
            "posting_kind": kind,
            "amount": amount,
            "payer_id": payer,
            "to_payer_id": to_payer,
        }
        for number, (charge, day, kind, amount, payer, to_payer) in enumerate(JOURNAL_POSTINGS)
    ]
