"""Writes what happened to accounts: each record in its latest state, stamped with its last day."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from simulator.account import Account, News
from simulator.clock import Stamp
from simulator.hospital import Hospital
from simulator.model import Claim, Posting
from simulator.troubles.journal import becomes_wrong, is_read_meanwhile, spoil_charge
from simulator.troubles.placeholders import hold_posting, is_of_no_day, posting_as_entered

ChangedClaim = tuple[Claim, date | None]


def write_account(hospital: Hospital, account: Account) -> None:
    """Writes the news of an account: the charge with its totals, and the journal that explains it.

    The totals of the charge and its postings are written together, so they agree, unless the tables
    are read in between or the charge becomes one that a rule holds.
    """
    news = account.take_news()
    if is_read_meanwhile(hospital, account, news):
        hospital.in_flight[account.charge.transaction_id] = account
    elif becomes_wrong(hospital, account, news):
        spoil_charge(hospital, account)
    else:
        write_charge(hospital, account, news)
    write_claims(hospital, news.claims.values())
    write_journal(hospital, news)


def write_charge(hospital: Hospital, account: Account, news: News) -> None:
    """Writes the charge if it is new or changed."""
    if news.has_charge:
        stamp = Stamp(account.entered, account.charge.inserted_at)
        if account.changed:
            stamp = hospital.changed("transactions", account.changed)
        hospital.write("transactions", account.stated(), stamp)


def write_claims(hospital: Hospital, claims: Iterable[ChangedClaim]) -> None:
    """Writes claims in their latest state."""
    for claim, changed in claims:
        hospital.write("claims", claim, claim_stamp(hospital, claim, changed))


def claim_stamp(hospital: Hospital, claim: Claim, changed: date | None) -> Stamp:
    """Returns when a claim was sent or last changed."""
    if changed:
        return hospital.changed("claims", changed)
    return Stamp(claim.claim_date, claim.inserted_at)


def write_posting(hospital: Hospital, posting: Posting) -> None:
    """Writes a posting, or one that a rule holds because its day stands for none."""
    stamp = Stamp(posting.posting_date, posting.inserted_at)
    entered = posting_as_entered(hospital, posting)
    if is_of_no_day(hospital, entered):
        hold_posting(hospital, entered, stamp)
    else:
        hospital.write("postings", entered, stamp)


def write_journal(hospital: Hospital, news: News) -> None:
    """Writes postings, remittances, payers' adjustments and appeals."""
    for posting in news.postings:
        write_posting(hospital, posting)
    for remittance in news.remittances:
        stamp = Stamp(remittance.remit_date, remittance.inserted_at)
        hospital.write("remittances", remittance, stamp)
    for adjustment in news.adjustments:
        stamp = Stamp(adjustment.adjustment_date, adjustment.inserted_at)
        hospital.write("provider_adjustments", adjustment, stamp)
    for appeal, decided in news.appeals.values():
        stamp = Stamp(appeal.filed_date, appeal.inserted_at)
        if decided:
            stamp = hospital.changed("appeals", decided)
        hospital.write("appeals", appeal, stamp)
