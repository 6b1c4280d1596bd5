"""The way of a charge to its money: entered, billed, claimed, decided by the payer, posted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate

from simulator import billing, denial_work, patient_billing, recoveries
from simulator.account import Account
from simulator.billing import Shares
from simulator.care import is_insured
from simulator.defects import DefectRates
from simulator.model import Claim, Transaction
from simulator.office import Office
from simulator.troubles.placeholders import forget_entry
from simulator.troubles.remittances import remit
from simulator.vocabulary import DENIAL_REMARKS, PAYERS, SELF_PAY

BILL_HOLD_DAYS = (1, 2, 3, 3, 4, 4, 5, 7)
LONG_HOLD_RATE, LONG_HOLD_DAYS = 0.05, (10, 30)
SUBMIT_LAG_DAYS = (0, 0, 0, 1, 1, 2, 4)
LATE_DAYS = (1, 60)
EDITED_RATE, EDITED_CORRECTION_RATE = 0.16, 0.3
EDIT_COUNTS = (1, 1, 1, 2, 3)
REJECTED_RATE, RESUBMITTED_RATE = 0.022, 0.85
CORRECTION_DENIED_RATE = 0.25
DECISION_SPREAD = 0.6
MISSING_ADJUDICATION_RATE = 0.04
POST_LAG_DAYS = (0, 0, 0, 0, 2, 5, 9, 14)
COPAYS = (0, 0, 1_000, 2_000, 3_500)
DEDUCTIBLE_PERCENTS = (0, 0, 0, 10, 25)
COINSURANCE_PERCENTS = (0, 10, 20)
SECOND_PAYER_PERCENTS = (100, 100, 80, 60)
UNDERPAID_POINTS = (3, 5, 8, 12)
GENEROUS_RATE, GENEROUS_POINTS = 0.008, (2, 4)
OVERPAID_CENTS = (100, 20_000)
POINT_OF_SERVICE_RATE, POINT_OF_SERVICE_CENTS = 0.05, (1_500, 2_000, 4_000)
LATE_PAYMENT_DAYS, INTEREST_RATE = 45, 0.3

NEVER_BILLED, NEVER_CLAIMED, UNANSWERED = "never billed", "never claimed", "unanswered"
LATE, UNDERPAID, OVERPAID = "late", "underpaid", "overpaid"


@dataclass(frozen=True)
class Leaks:
    """What may be planted on an insured account, and how likely it is up to each of them."""

    kinds: tuple[str, ...]
    bounds: tuple[float, ...]

    @classmethod
    def at(cls, rates: DefectRates) -> Leaks:
        """Returns the leaks at their rates."""
        shares = {
            NEVER_BILLED: rates.charge_never_billed,
            NEVER_CLAIMED: rates.charge_never_claimed,
            UNANSWERED: rates.claim_without_remittance,
            LATE: rates.claim_filed_late,
            UNDERPAID: rates.underpaid_claim,
            OVERPAID: rates.overpaid,
        }
        return cls(tuple(shares), tuple(accumulate(shares.values())))

    def of(self, draw: float) -> str | None:
        """Returns the leak of an account for a number from 0 to 1; None for most."""
        for kind, bound in zip(self.kinds, self.bounds, strict=True):
            if draw < bound:
                return kind
        return None


def enter(office: Office, charge: Transaction, leaks: Leaks) -> Account:
    """Opens the account of a charge that is entered today."""
    chance, payer = office.chance, charge.payer_id
    insured = is_insured(payer)
    leak = leaks.of(chance.random()) if insured else None
    secondary = office.secondary_of(charge.patient_id, payer) if insured else None
    account = Account(charge, office.today, leak, secondary)
    forget_entry(office.hospital, account)
    office.open(account)
    if insured and chance.happens(POINT_OF_SERVICE_RATE):
        amount = chance.choice(POINT_OF_SERVICE_CENTS)
        patient_billing.pay(office, account, amount, "POS")
    if leak != NEVER_BILLED:
        office.plan(_bill_hold(office), "bill", account)
    return account


def bill(office: Office, account: Account, _: str) -> None:
    """The hospital bills the charge: to the payer, or to the patient who has none."""
    account.change_charge(account.charge._replace(billed_date=office.today), office.today)
    if not is_insured(account.payer):
        patient_billing.bill(office, account, "")
    elif account.leak != NEVER_CLAIMED:
        office.plan(_submit_lag(office, account), "submit", account)


def submit(office: Office, account: Account, _: str) -> None:
    """A claim goes out; the clearinghouse may reject it, then the payer decides."""
    claim = _new_claim(office, account, EDITED_RATE)
    account.change_charge(account.charge._replace(claim_id=claim.claim_id), office.today)
    account.change_claim(claim)
    if account.leak == UNANSWERED:
        return
    if office.chance.happens(REJECTED_RATE):
        office.plan(1 + office.chance.below(2), "reject", account, claim.claim_id)
    else:
        _await_decision(office, account, claim)


def correct(office: Office, account: Account, claim_id: str) -> None:
    """A corrected claim replaces one that was denied."""
    claim = billing.correcting(_new_claim(office, account, EDITED_CORRECTION_RATE), claim_id)
    account.change_claim(claim)
    _await_decision(office, account, claim)


def submit_to_secondary(office: Office, account: Account, _: str) -> None:
    """The second payer is asked for what the first one left."""
    secondary = account.secondary or SELF_PAY
    claim = billing.to_secondary(_new_claim(office, account, EDITED_RATE), secondary)
    account.change_claim(claim)
    office.plan(_decision_lag(office, secondary), "decide_as_secondary", account, claim.claim_id)


def reject(office: Office, account: Account, claim_id: str) -> None:
    """The clearinghouse sends a claim back; mostly it is sent again."""
    claim = billing.refuse(account.claims[claim_id], "Rejected", _known(office))
    account.change_claim(claim, office.today)
    if office.chance.happens(RESUBMITTED_RATE):
        office.plan(office.chance.between(3, 15), "submit", account)


def decide(office: Office, account: Account, claim_id: str) -> None:
    """The payer refuses the claim or pays it, and says so in a remittance."""
    claim = account.claims[claim_id]
    code = _refusal(office, claim)
    if code is None:
        approve(office, account, claim_id)
        return
    account.denial_code = code
    account.change_claim(billing.refuse(claim, "Denied", _known(office)), office.today)
    remark = office.chance.choice(DENIAL_REMARKS[code])
    message = office.message(claim.payer_id)
    remit(office, account, billing.remit_denial(claim, code, remark, message))
    denial_work.work(office, account, claim_id)


def approve(office: Office, account: Account, claim_id: str) -> None:
    """The payer pays a claim by the contract, or not quite."""
    claim = account.claims[claim_id]
    shares = _shares(office, account, claim)
    claim = billing.approve(claim, shares, _known(office))
    account.change_claim(claim, office.today)
    remit(office, account, billing.remit(claim, office.message(claim.payer_id)))
    waited = (office.today - claim.claim_date).days
    if waited > LATE_PAYMENT_DAYS and office.chance.happens(INTEREST_RATE):
        interest = 1 + shares.paid * waited // 10_000
        office.adjust(account, claim.payer_id, "L6", -interest, claim_id)
    office.plan(office.chance.choice(POST_LAG_DAYS), "post", account, claim_id)


def decide_as_secondary(office: Office, account: Account, claim_id: str) -> None:
    """The secondary payer pays a part of what the primary one left."""
    claim = account.claims[claim_id]
    left = max(account.owed_by(claim.payer_id), 0)
    paid = left * office.chance.choice(SECOND_PAYER_PERCENTS) // 100
    claim = billing.approve(claim, Shares(paid, coinsurance=left - paid), _known(office))
    account.change_claim(claim, office.today)
    remit(office, account, billing.remit(claim, office.message(claim.payer_id)))
    office.plan(office.chance.choice(POST_LAG_DAYS), "post", account, claim_id)


def post(office: Office, account: Account, claim_id: str) -> None:
    """The payer's money is posted, and what it leaves goes to who pays next."""
    claim = account.claims[claim_id]
    payer = claim.payer_id
    account.change_claim(claim._replace(claim_status="Paid"), office.today)
    if claim.paid_amount:
        office.post(account, "payment", -claim.paid_amount, payer, claim_id=claim_id)
    contractual = billing.disallowed(claim)
    if claim.payer_sequence == billing.PRIMARY and contractual > 0:
        office.post(account, "contractual", -contractual, payer, billing.CONTRACTUAL_REASON,
                    claim_id)  # fmt: skip
    _pass_on(office, account, claim)


def _pass_on(office: Office, account: Account, claim: Claim) -> None:
    """Moves what a payer leaves to the next one."""
    payer, left = claim.payer_id, account.owed_by(claim.payer_id)
    is_primary = claim.payer_sequence == billing.PRIMARY
    has_next = is_primary and account.secondary is not None
    if left > 0 and has_next:
        office.post(account, "transfer", -left, payer, "SECONDARY", claim.claim_id,
                    account.secondary)  # fmt: skip
        office.plan(office.chance.between(2, 9), "submit_to_secondary", account)
        return
    if left > 0:
        office.post(account, "transfer", -left, payer, "PATIENT", claim.claim_id, SELF_PAY)
        patient_billing.bill(office, account, "")
    recoveries.refund_credits(office, account)
    if is_primary:
        recoveries.expect(office, account, claim.claim_id)


def _new_claim(office: Office, account: Account, edited_rate: float) -> Claim:
    chance = office.chance
    edits = chance.choice(EDIT_COUNTS) if chance.happens(edited_rate) else 0
    at = office.hospital.claim_entered(office.today).at
    claim_id = office.hospital.next_id("CLAIM")
    return billing.submit(account.charge, claim_id, at, office.today, edits)


def _await_decision(office: Office, account: Account, claim: Claim) -> None:
    office.plan(_decision_lag(office, claim.payer_id), "decide", account, claim.claim_id)


def _decision_lag(office: Office, payer: str) -> int:
    return max(2, office.chance.around(PAYERS[payer].decision_days, DECISION_SPREAD))


def _bill_hold(office: Office) -> int:
    if office.chance.happens(LONG_HOLD_RATE):
        return office.chance.between(*LONG_HOLD_DAYS)
    return office.chance.choice(BILL_HOLD_DAYS)


def _submit_lag(office: Office, account: Account) -> int:
    lag = office.chance.choice(SUBMIT_LAG_DAYS)
    if account.leak != LATE:
        return lag
    waited = (office.today - account.charge.service_date).days
    left = _filing_days(office, account.charge) - waited
    return max(lag, left + office.chance.between(*LATE_DAYS))


def _filing_days(office: Office, of: Transaction | Claim) -> int:
    return office.contracts.terms(of.payer_id, of.service_date).timely_filing_days


def _refusal(office: Office, claim: Claim) -> str | None:
    """Returns the code that the payer refuses the claim with; None if it pays."""
    payer, is_first = PAYERS[claim.payer_id], claim.claim_frequency == billing.ORIGINAL
    if is_first and claim.claim_date - claim.service_date > timedelta(_filing_days(office, claim)):
        return "29"
    rate = payer.denial_rate if is_first else CORRECTION_DENIED_RATE
    return office.chance.pick(payer.denial_causes) if office.chance.happens(rate) else None


def _shares(office: Office, account: Account, claim: Claim) -> Shares:
    chance = office.chance
    if account.leak == OVERPAID:
        office.hospital.record("transactions_paid_over_billed")
        return Shares(claim.claim_amount + chance.between(*OVERPAID_CENTS))
    percent = office.contracts.allowed_percent(
        claim.payer_id, account.charge.procedure_code, claim.service_date
    )
    if account.leak == UNDERPAID:
        percent -= chance.choice(UNDERPAID_POINTS)
    elif chance.happens(GENEROUS_RATE):
        percent += chance.choice(GENEROUS_POINTS)
    allowed = claim.claim_amount * percent // 100
    copay = min(allowed, chance.choice(COPAYS))
    deductible = (allowed - copay) * chance.choice(DEDUCTIBLE_PERCENTS) // 100
    coinsurance = (allowed - copay - deductible) * chance.choice(COINSURANCE_PERCENTS) // 100
    return Shares(allowed - copay - deductible - coinsurance, deductible, coinsurance, copay)


def _known(office: Office) -> date | None:
    """Some payers leave the day of the decision out of their files."""
    return None if office.chance.happens(MISSING_ADJUDICATION_RATE) else office.today
