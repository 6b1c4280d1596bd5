"""The troubles of the simulated world: how often each is met, and how defects look."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Any, TypeVar

from simulator.chance import Chance

T = TypeVar("T")
INVALID_PHONES = ("12345", "555-0199", "none given", "(000)")
INVALID_EMAILS = ("unknown", "name(at)example.com", "patient@", "@example.com", "a b@example.com")
INVALID_SSNS = ("000-12-3456", "666-45-6789", "900-11-2222", "123-00-4567", "123-45-0000")
INVALID_CLAIM_STATUSES = ("In Review", "Unknown", "Approvd", "???")
BLANKS: tuple[Any, ...] = (None, "", "  ")


LEVELS = ("none", "default", "high")


def _rate(default: float, high: float) -> float:
    """Declares how often a trouble is met, in a world as usual and in an absurd one."""
    rate: float = field(default=default, metadata={"high": high})
    return rate


@dataclass(frozen=True)
class DefectRates:
    """How often each trouble is met: a share of the rows, records or files that can have it.

    `docs/troubles.md` says of each what must come of it. Under 1 % of rows are quarantined by
    default, and never so many of a load that it is refused. The leaks are what a hospital loses
    money by without any row being wrong: each account that can have one has it by chance.
    """

    # Rows that were typed wrong, or twice.
    repeated_patient: float = _rate(0.002, 0.05)
    patient_without_id: float = _rate(0.001, 0.02)
    birth_date_in_future: float = _rate(0.001, 0.02)
    invalid_phone: float = _rate(0.003, 0.1)
    invalid_email: float = _rate(0.003, 0.1)
    invalid_ssn: float = _rate(0.001, 0.05)
    repeated_encounter: float = _rate(0.002, 0.05)
    encounter_without_patient: float = _rate(0.001, 0.03)
    repeated_transaction: float = _rate(0.002, 0.05)
    transaction_without_id: float = _rate(0.0005, 0.01)
    transaction_without_patient: float = _rate(0.0005, 0.01)
    negative_amount: float = _rate(0.001, 0.02)
    stamp_set_back: float = _rate(0.001, 0.01)
    unknown_provider: float = _rate(0.002, 0.05)
    unknown_patient: float = _rate(0.001, 0.05)
    repeated_claim: float = _rate(0.002, 0.05)
    invalid_claim_status: float = _rate(0.001, 0.02)
    claim_without_transaction: float = _rate(0.0005, 0.02)
    repeated_posting: float = _rate(0.001, 0.05)
    posting_without_transaction: float = _rate(0.0003, 0.02)
    unbalanced_remittance: float = _rate(0.001, 0.03)
    file_sent_again: float = _rate(1, 1)
    # Leaks.
    overpaid: float = _rate(0.004, 0.02)
    encounter_without_charge: float = _rate(0.01, 0.05)
    charge_never_billed: float = _rate(0.008, 0.03)
    charge_never_claimed: float = _rate(0.012, 0.03)
    claim_without_remittance: float = _rate(0.006, 0.03)
    claim_filed_late: float = _rate(0.006, 0.03)
    underpaid_claim: float = _rate(0.03, 0.1)
    # What payers send.
    denied_as_processed: float = _rate(0.5, 1)
    reason_behind_contractual: float = _rate(0.1, 0.5)
    allowed_not_said: float = _rate(0.1, 0.6)
    crossover: float = _rate(0.7, 1)
    forwarded_as_not_ours: float = _rate(0.004, 0.1)
    priced_only: float = _rate(0.002, 0.1)
    corrected_on_one_day: float = _rate(0.004, 0.2)
    number_of_two_payers: float = _rate(0.01, 0.3)
    amount_without_zero: float = _rate(0.5, 1)
    invisible_in_amount: float = _rate(0.002, 0.3)
    time_in_another_spelling: float = _rate(0.02, 0.8)
    day_with_midnight: float = _rate(0.01, 0.5)
    # What contracts say.
    rate_left_open: float = _rate(0.02, 0.8)
    new_payer: float = _rate(1, 1)
    end_that_never_comes: float = _rate(0.1, 1)
    start_since_ever: float = _rate(0.02, 0.5)
    limit_that_is_none: float = _rate(0.1, 0.4)
    # What hospitals' books do.
    posting_to_unknown_charge: float = _rate(0.0005, 0.03)
    held_charge_with_journal: float = _rate(0.3, 1)
    posted_while_read: float = _rate(0.02, 0.3)
    charge_held_later: float = _rate(0.002, 0.05)
    charge_deleted: float = _rate(0.0005, 0.005)
    entry_on_placeholder_day: float = _rate(0.002, 0.1)
    posting_on_placeholder_day: float = _rate(0.001, 0.03)
    key_spelled_alike: float = _rate(0.002, 0.1)
    evening_charge: float = _rate(0.08, 0.6)
    dst_night: float = _rate(0.05, 1)
    column_retyped: float = _rate(0, 1)

    @classmethod
    def at(cls, level: str) -> DefectRates:
        """Returns the rates of a level: none, default or high.

        Raises:
            ValueError: there is no such level.
        """
        if level not in LEVELS:
            raise ValueError(f"TROUBLE is one of {', '.join(LEVELS)}, and not {level}")
        if level == "default":
            return cls()
        is_high = level == "high"
        return cls(**{one.name: one.metadata["high"] if is_high else 0 for one in fields(cls)})


def draw(chance: Chance, items: Sequence[T], *rates: float) -> list[list[T]]:
    """Returns a group of items per rate. No item is in two groups."""
    counts = [round(len(items) * rate) for rate in rates]
    drawn = iter(chance.sample(items, sum(counts)))
    return [[next(drawn) for _ in range(count)] for count in counts]
