"""The defects that are planted, at which rate, and how they look in the source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from simulator.chance import Chance

T = TypeVar("T")
INVALID_PHONES = ("12345", "555-0199", "none given", "(000)")
INVALID_EMAILS = ("unknown", "name(at)example.com", "patient@", "@example.com", "a b@example.com")
INVALID_SSNS = ("000-12-3456", "666-45-6789", "900-11-2222", "123-00-4567", "123-45-0000")
INVALID_CLAIM_STATUSES = ("In Review", "Unknown", "Approvd", "???")
BLANKS: tuple[Any, ...] = (None, "", "  ")


@dataclass(frozen=True)
class DefectRates:
    """The share of a table's rows that carries each defect. Under 1 % of rows are quarantined.

    The last ones are leaks: what a hospital loses money by without any row being wrong. Each
    account that can have one has it by chance.
    """

    repeated_patient: float = 0.002
    patient_without_id: float = 0.001
    birth_date_in_future: float = 0.001
    invalid_phone: float = 0.003
    invalid_email: float = 0.003
    invalid_ssn: float = 0.001
    repeated_encounter: float = 0.002
    encounter_without_patient: float = 0.001
    repeated_transaction: float = 0.002
    transaction_without_id: float = 0.0005
    transaction_without_patient: float = 0.0005
    negative_amount: float = 0.001
    unknown_provider: float = 0.002
    unknown_patient: float = 0.001
    overpaid: float = 0.004
    repeated_claim: float = 0.002
    invalid_claim_status: float = 0.001
    claim_without_transaction: float = 0.0005
    repeated_posting: float = 0.001
    posting_without_transaction: float = 0.0003
    unbalanced_remittance: float = 0.001
    encounter_without_charge: float = 0.01
    charge_never_billed: float = 0.008
    charge_never_claimed: float = 0.012
    claim_without_remittance: float = 0.006
    claim_filed_late: float = 0.006
    underpaid_claim: float = 0.03


def draw(chance: Chance, items: Sequence[T], *rates: float) -> list[list[T]]:
    """Returns a group of items per rate. No item is in two groups."""
    counts = [round(len(items) * rate) for rate in rates]
    drawn = iter(chance.sample(items, sum(counts)))
    return [[next(drawn) for _ in range(count)] for count in counts]
