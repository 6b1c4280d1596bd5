"""What a payer says with one remittance: whether it pays, refuses, takes back, and why.

A payer that knows the patient refuses with the status of a processed claim, pays nothing and says
why (X12 requests for interpretation 1423 and 1885); status 4 is only one of the ways.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from simulator.model import Remittance

DENIED, PAID, REVERSED = "Denied", "Paid", "Reversed"
STATUS_DENIED, STATUS_REVERSED = "4", "22"
UNDECIDED = frozenset({"23", "25"})
PATIENT_GROUP, OTHER_GROUP = "PR", "OA"
CAUSES = {
    "16": ("Billing", "mid"),
    "18": ("Billing", "back"),
    "22": ("Eligibility", "front"),
    "27": ("Eligibility", "front"),
    "29": ("Timely filing", "back"),
    "50": ("Medical necessity", "mid"),
    "97": ("Coding", "mid"),
    "197": ("Authorization", "front"),
    "45": ("Contractual", "none"),
    "23": ("Other payer", "none"),
    "1": ("Patient", "none"),
    "2": ("Patient", "none"),
    "3": ("Patient", "none"),
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
        if self.code in CAUSES:
            return CAUSES[self.code][1] != "none"
        return self.group != PATIENT_GROUP

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
