"""What a payer says with one remittance: whether it pays, refuses, takes back, and why.

A payer that knows the patient refuses with the status of a processed claim, pays nothing and says
why (X12 requests for interpretation 1423 and 1885); status 4 is only one of the ways.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from simulator.model import Claim, Remittance

DENIED, PAID, REVERSED = "Denied", "Paid", "Reversed"
STATUS_DENIED, STATUS_REVERSED = "4", "22"
UNDECIDED = frozenset({"23", "25"})
OF_LATER_PAYERS = frozenset({"2", "3", "20", "21"})
PATIENT_GROUP, OTHER_GROUP = "PR", "OA"
CAUSES = {
    "1": ("Patient", "none"),
    "2": ("Patient", "none"),
    "3": ("Patient", "none"),
    "4": ("Coding", "mid"),
    "11": ("Coding", "mid"),
    "15": ("Authorization", "front"),
    "16": ("Billing", "mid"),
    "18": ("Billing", "back"),
    "22": ("Eligibility", "front"),
    "23": ("Other payer", "none"),
    "24": ("Contractual", "none"),
    "26": ("Eligibility", "front"),
    "27": ("Eligibility", "front"),
    "29": ("Timely filing", "back"),
    "31": ("Eligibility", "front"),
    "45": ("Contractual", "none"),
    "50": ("Medical necessity", "mid"),
    "59": ("Contractual", "none"),
    "66": ("Patient", "none"),
    "94": ("Contractual", "none"),
    "96": ("Coverage", "front"),
    "97": ("Coding", "mid"),
    "100": ("Patient", "none"),
    "101": ("Predetermination", "none"),
    "104": ("Contractual", "none"),
    "109": ("Eligibility", "front"),
    "119": ("Coverage", "front"),
    "131": ("Contractual", "none"),
    "137": ("Contractual", "none"),
    "144": ("Contractual", "none"),
    "151": ("Medical necessity", "mid"),
    "167": ("Coverage", "mid"),
    "187": ("Patient", "none"),
    "197": ("Authorization", "front"),
    "204": ("Coverage", "front"),
    "226": ("Billing", "mid"),
    "237": ("Contractual", "none"),
    "252": ("Billing", "mid"),
    "253": ("Contractual", "none"),
}
OTHER_CAUSE = ("Other", "unknown")
_PLACES = [Remittance._fields.index(f"adjustment_{number}_group") for number in (1, 2, 3, 4)]


class Reason(NamedTuple):
    """Why a part of the charge is not paid (CAS of an 835); the amount is cents."""

    number: int
    group: str
    code: str
    amount: int
    remark: str | None

    @property
    def refuses(self) -> bool:
        """Whether it refuses what could have been paid, and is no share of the patient's."""
        return self.group != PATIENT_GROUP and self.cause[1] != "none"

    @property
    def cause(self) -> tuple[str, str]:
        """Category and stage."""
        return CAUSES.get(self.code, OTHER_CAUSE)


def reasons(remit: Remittance) -> list[Reason]:
    """Returns the adjustments of a remittance in the payer's order."""
    found = []
    for number, place in enumerate(_PLACES, start=1):
        adjustment: tuple[Any, ...] = remit[place : place + 4]
        group, code, amount, remark = adjustment
        if amount is not None:
            found.append(Reason(number, group or OTHER_GROUP, code or "unknown", amount, remark))
    return found


def outcome(remit: Remittance) -> str | None:
    """Returns DENIED, PAID or REVERSED; None if the payer decides nothing."""
    status = remit.status_code
    if status == STATUS_DENIED:
        return DENIED
    if status == STATUS_REVERSED:
        return REVERSED
    if status in UNDECIDED:
        return None
    if remit.paid_amount == 0 and any(why.amount > 0 and why.refuses for why in reasons(remit)):
        return DENIED
    return PAID


def refused(remit: Remittance) -> int:
    """Returns the cents that are refused with a reason that denies."""
    if outcome(remit) is None:
        return 0
    return sum(why.amount for why in reasons(remit) if why.refuses)


def is_crossover(remit: Remittance, claim: Claim | None) -> bool:
    """Returns whether a later payer decides a claim that was sent to the primary one."""
    is_primary = claim is not None and claim.payer_sequence == "P"
    return is_primary and remit.status_code in OF_LATER_PAYERS


def allowed(remit: Remittance) -> int:
    """Returns the cents allowed; what is not said is what is paid and what the patient owes."""
    if remit.allowed_amount is not None:
        return remit.allowed_amount
    if outcome(remit) == DENIED:
        return 0
    return remit.paid_amount + (remit.patient_responsibility_amount or 0)


def refusal(remit: Remittance) -> Reason:
    """Returns why a denied claim was refused; contractual amounts may stand before it."""
    why = sorted(reasons(remit), key=lambda one: (not one.refuses, one.number))
    return why[0] if why else Reason(0, OTHER_GROUP, "unknown", 0, None)


def in_order(remits: Iterable[Remittance]) -> list[Remittance]:
    """Returns a claim's remittances by day; of one day a reversal comes before its repayment.

    What decides nothing comes last.
    """
    return sorted(
        remits,
        key=lambda one: (
            outcome(one) is None, one.remit_date, outcome(one) != REVERSED, one.remittance_id
        ),
    )  # fmt: skip
