"""What a hospital does about a denial: a corrected claim, an appeal, a write-off, or nothing."""

from __future__ import annotations

from simulator import billing
from simulator.account import Account
from simulator.model import Appeal
from simulator.office import Office
from simulator.patient_billing import write_off

FILED_LATE, DUPLICATE = "29", "18"
CORRECTABLE = frozenset({"16", "22", "27", "97"})
IGNORED_RATES = {FILED_LATE: 0.8, DUPLICATE: 0.75}
IGNORED_RATE = 0.3
CORRECTION_DAYS = (4, 36)
APPEAL_DAYS = (4, 46)
DECISION_DAYS = (18, 61)
OVERTURNED_RATE = 0.48
WRITTEN_OFF_RATE = 0.8
WRITE_OFF_DAYS = (45, 121)
UPHELD_DAYS = (7, 41)


def work(office: Office, account: Account, claim_id: str) -> None:
    """Plans what will be done about a claim that was denied today."""
    chance, code = office.chance, account.denial_code
    is_first = account.claims[claim_id].claim_frequency == billing.ORIGINAL
    if chance.happens(IGNORED_RATES.get(code, IGNORED_RATE)):
        _expect_write_off(office, account, WRITE_OFF_DAYS)
    elif is_first and code in CORRECTABLE:
        office.plan(chance.between(*CORRECTION_DAYS), "correct", account, claim_id)
    else:
        office.plan(chance.between(*APPEAL_DAYS), "appeal", account, claim_id)


def appeal(office: Office, account: Account, claim_id: str) -> None:
    """The hospital appeals."""
    hospital = office.hospital
    appeal_id, at = hospital.next_id("APPEAL"), hospital.entered(office.today).at
    filed = Appeal(appeal_id, claim_id, office.today, None, "Pending", at)
    account.change_appeal(filed)
    office.plan(office.chance.between(*DECISION_DAYS), "decide_appeal", account, claim_id)


def decide_appeal(office: Office, account: Account, claim_id: str) -> None:
    """The payer gives way and pays the claim, or does not."""
    is_overturned = office.chance.happens(OVERTURNED_RATE)
    outcome = "Overturned" if is_overturned else "Upheld"
    decided = account.appeals[claim_id]._replace(outcome=outcome, decision_date=office.today)
    account.change_appeal(decided, office.today)
    if is_overturned:
        office.plan(0, "approve", account, claim_id)
    else:
        _expect_write_off(office, account, UPHELD_DAYS)


def write_off_denial(office: Office, account: Account, _: str) -> None:
    """The hospital gives up a charge that its payer denied."""
    reason = "TIMELY_FILING" if account.denial_code == FILED_LATE else "DENIAL"
    write_off(office, account, account.payer, reason)


def write_off_payer(office: Office, account: Account, _: str) -> None:
    """The hospital clears what it no longer asks a payer for."""
    write_off(office, account, account.payer, "ADMIN")


def _expect_write_off(office: Office, account: Account, days: tuple[int, int]) -> None:
    if office.chance.happens(WRITTEN_OFF_RATE):
        office.plan(office.chance.between(*days), "write_off_denial", account)
