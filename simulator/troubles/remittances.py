"""What payers make of the messages in which they pay and refuse."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from simulator import billing
from simulator.model import Remittance

if TYPE_CHECKING:
    from simulator.account import Account
    from simulator.office import Office

Messages = list[Remittance]
Trouble = Callable[["Office", "Account", Remittance], Messages]
PAID_STATUSES = {billing.PAID_FIRST: "19", billing.PAID_SECOND: "20"}
NOT_OURS, PRICE_ONLY = "23", "25"
NOT_OURS_REASON, PRICE_REASON = "109", "101"
CONTRACTUAL_PERCENT = 30


def remit(office: Office, account: Account, remittance: Remittance) -> None:
    """Files what a payer says about a claim, in the messages that it really sends."""
    messages = [remittance]
    for name, trouble in TROUBLES.items():
        if office.trouble.happens(getattr(office.rates, name)):
            *before, last = messages
            messages = [*before, *trouble(office, account, last)]
    for message in messages:
        account.remit(message)


def _denied_as_processed(_: Office, __: Account, one: Remittance) -> Messages:
    """A payer that knows the patient denies with the status of a processed claim."""
    if one.status_code != billing.DENIED:
        return [one]
    return [one._replace(status_code=billing.PAID_FIRST)]


def _reason_behind_contractual(_: Office, __: Account, one: Remittance) -> Messages:
    """Why a claim is refused stands behind what the contract takes off."""
    if one.paid_amount or one.adjustment_2_amount is not None or not one.adjustment_1_amount:
        return [one]
    above = one.charge_amount * CONTRACTUAL_PERCENT // 100
    if one.adjustment_1_code == "45" or not 0 < above < one.adjustment_1_amount:
        return [one]
    return [
        one._replace(
            adjustment_1_group="CO",
            adjustment_1_code="45",
            adjustment_1_amount=above,
            adjustment_1_remark=None,
            adjustment_2_group=one.adjustment_1_group,
            adjustment_2_code=one.adjustment_1_code,
            adjustment_2_amount=one.adjustment_1_amount - above,
            adjustment_2_remark=one.adjustment_1_remark,
        )
    ]


def _allowed_not_said(_: Office, __: Account, one: Remittance) -> Messages:
    """The allowed amount is left out, as X12 permits."""
    return [one._replace(allowed_amount=None)]


def _crossover(_: Office, account: Account, one: Remittance) -> Messages:
    """The payer forwards the paid claim to the next one itself."""
    if account.secondary is None or not one.paid_amount:
        return [one]
    return [one._replace(status_code=PAID_STATUSES.get(one.status_code, one.status_code))]


def _forwarded_as_not_ours(office: Office, _: Account, one: Remittance) -> Messages:
    """The payer first says that the claim is not its own."""
    return [_undecided(office, one, NOT_OURS, NOT_OURS_REASON), _after(office, one)]


def _priced_only(office: Office, _: Account, one: Remittance) -> Messages:
    """The payer first says what it would pay."""
    return [_undecided(office, one, PRICE_ONLY, PRICE_REASON), _after(office, one)]


def _corrected_on_one_day(office: Office, _: Account, one: Remittance) -> Messages:
    """The payer pays, takes back and pays again in one cheque; the last word has a lower number."""
    if one.paid_amount <= 0:
        return [one]
    again, reversal = _after(office, one), office.message(one.payer_id)
    return [one, billing.reverse(one, reversal), again]


def _undecided(office: Office, one: Remittance, status: str, code: str) -> Remittance:
    """Returns a message about the same claim that decides nothing."""
    why = billing.Adjustment("OA", code, one.charge_amount)
    nothing = billing.Adjustment()
    message = office.message(one.payer_id)
    return Remittance(
        message.remittance_id, one.claim_id, one.payer_id, message.day, message.check_number,
        status, one.charge_amount, 0, 0, None, *why, *nothing, *nothing, *nothing, message.at,
    )  # fmt: skip


def _after(office: Office, one: Remittance) -> Remittance:
    """Returns the message under a number that follows."""
    message = office.message(one.payer_id)
    return one._replace(remittance_id=message.remittance_id, inserted_at=message.at)


TROUBLES: dict[str, Trouble] = {
    "denied_as_processed": _denied_as_processed,
    "reason_behind_contractual": _reason_behind_contractual,
    "crossover": _crossover,
    "corrected_on_one_day": _corrected_on_one_day,
    "allowed_not_said": _allowed_not_said,
    "forwarded_as_not_ours": _forwarded_as_not_ours,
    "priced_only": _priced_only,
}
