"""Money that goes back: credits refunded, payments that payers take back, claims voided."""

from __future__ import annotations

from simulator import billing
from simulator.account import Account
from simulator.office import Office
from simulator.vocabulary import SELF_PAY

REFUNDED_RATE = 0.6
REFUND_DAYS = (20, 81)
TAKEN_BACK_RATE, TAKEN_BACK_DAYS = 0.014, (25, 180)
VOIDED_RATE, VOIDED_DAYS = 0.003, (5, 60)
TAKEBACK_POSTED_DAYS = (0, 1, 3, 7)
FORWARDED_RATE, FORWARDED_DAYS = 0.25, 14
PAID_AGAIN_RATE, PAID_AGAIN_DAYS = 0.5, (15, 46)
GIVEN_UP_RATE, GIVEN_UP_DAYS = 0.7, (20, 91)


def refund_credits(office: Office, account: Account) -> None:
    """Plans that the hospital gives back what was paid too much, if it ever does."""
    for payer, owed in account.balances.items():
        if owed < 0 and office.chance.happens(REFUNDED_RATE):
            step = "refund_patient" if payer == SELF_PAY else "refund_payer"
            office.plan(office.chance.between(*REFUND_DAYS), step, account)


def refund_patient(office: Office, account: Account, _: str) -> None:
    """The patient gets back what is not owed."""
    _refund(office, account, SELF_PAY)


def refund_payer(office: Office, account: Account, _: str) -> None:
    """The payer gets back what it paid over the charge."""
    _refund(office, account, account.payer)


def expect(office: Office, account: Account, claim_id: str) -> None:
    """Plans that a paid claim is voided or taken back; most are not.

    Claims that nothing else depends on: whose patient has no second payer, and that were not paid
    over the charge.
    """
    claim = account.claims[claim_id]
    if account.secondary or not 0 < claim.paid_amount <= claim.claim_amount:
        return
    draw = office.chance.random()
    if draw < VOIDED_RATE:
        office.plan(office.chance.between(*VOIDED_DAYS), "void", account, claim_id)
    elif draw < VOIDED_RATE + TAKEN_BACK_RATE:
        office.plan(office.chance.between(*TAKEN_BACK_DAYS), "take_back", account, claim_id)


def void(office: Office, account: Account, claim_id: str) -> None:
    """The hospital takes a claim back, and the payer its money."""
    hospital = office.hospital
    at, void_id = hospital.claim_entered(office.today).at, hospital.next_id("CLAIM")
    claim = billing.submit(account.charge, void_id, at, office.today, edit_count=0)
    account.change_claim(billing.voiding(claim, claim_id))
    account.is_void = True
    hospital.record("claims_voided")
    take_back(office, account, claim_id)


def take_back(office: Office, account: Account, claim_id: str) -> None:
    """The payer reverses its decision and keeps the money back from a cheque, or from the next."""
    claim, paid = account.claims[claim_id], account.remittances[claim_id]
    account.change_claim(billing.take_back(claim), office.today)
    account.remit(billing.reverse(paid, office.message(claim.payer_id)))
    office.adjust(account, claim.payer_id, "WO", paid.paid_amount, claim_id)
    if office.chance.happens(FORWARDED_RATE):
        office.adjust(account, claim.payer_id, "FB", -paid.paid_amount, claim_id)
        office.plan(FORWARDED_DAYS, "carry_forward", account, claim_id)
    lag = office.chance.choice(TAKEBACK_POSTED_DAYS)
    office.plan(lag, "post_takeback", account, claim_id)
    office.hospital.record("claims_taken_back")


def carry_forward(office: Office, account: Account, claim_id: str) -> None:
    """The payer keeps back what the last cheque was too small for."""
    reversal = account.remittances[claim_id]
    office.adjust(account, reversal.payer_id, "FB", -reversal.paid_amount, claim_id)


def post_takeback(office: Office, account: Account, claim_id: str) -> None:
    """The hospital books the money out again; the patient no longer owes anything."""
    chance, reversal = office.chance, account.remittances[claim_id]
    payer = reversal.payer_id
    office.post(account, "takeback", -reversal.paid_amount, payer, claim_id=claim_id)
    if account.adjusted:
        office.post(account, "contractual", account.adjusted, payer, billing.CONTRACTUAL_REASON,
                    claim_id)  # fmt: skip
    if (owed := account.owed_by(SELF_PAY)) > 0:
        office.post(account, "transfer", -owed, SELF_PAY, "PATIENT", claim_id, payer)
    if not account.is_void and chance.happens(PAID_AGAIN_RATE):
        office.plan(chance.between(*PAID_AGAIN_DAYS), "approve", account, claim_id)
    elif chance.happens(GIVEN_UP_RATE):
        office.plan(chance.between(*GIVEN_UP_DAYS), "write_off_payer", account)


def _refund(office: Office, account: Account, payer: str) -> None:
    if (credit := -account.owed_by(payer)) > 0:
        office.post(account, "refund", credit, payer)
        office.hospital.record("refunds")
