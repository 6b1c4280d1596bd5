"""What a hospital's journal says that its charges do not."""

from __future__ import annotations

from collections.abc import Sequence

from simulator.account import Account, News
from simulator.hospital import Hospital
from simulator.model import Posting

UNKNOWN_CHARGE = "TRANS9{:05}"


def post_to_unknown_charges(hospital: Hospital, rate: float) -> None:
    """Writes postings once more under another number, to charges that nobody has entered."""
    payments = [
        line
        for line in hospital.postings.current.values()
        if line.posting_kind in {"payment", "contractual", "patient_payment"}
    ]
    for number, line in enumerate(hospital.trouble.share(payments, rate), start=1):
        orphan: Posting = line._replace(
            posting_id=hospital.next_id("POST"),
            transaction_id=UNKNOWN_CHARGE.format(number),
            claim_id=None,
        )
        hospital.write("postings", orphan, hospital.postings.rows[line.posting_id].stamp)
        hospital.record("postings_to_unknown_charges")


def is_read_meanwhile(hospital: Hospital, account: Account, news: News) -> bool:
    """Returns whether the tables are read between today's postings and the charge's totals."""
    return _is_posted(hospital, account, news) and hospital.trouble.happens(
        hospital.rates.posted_while_read
    )


def becomes_wrong(hospital: Hospital, account: Account, news: News) -> bool:
    """Returns whether a charge that was published becomes one that a rule holds."""
    return _is_posted(hospital, account, news) and hospital.trouble.happens(
        hospital.rates.charge_held_later
    )


def spoil_charge(hospital: Hospital, account: Account) -> None:
    """Writes a published charge so that a rule holds it; nothing more happens to the account."""
    charge = account.stated()
    typed = charge._replace(amount=-charge.amount)
    stamp = hospital.changed("transactions")
    hospital.spoil("transactions", typed, stamp, "amount_negative", typed.amount, typed.paid_amount)
    account.is_closed = True


def delete_charges(hospital: Hospital, quiet: Sequence[Account]) -> None:
    """Deletes charges on which something was posted; nothing more happens to their accounts."""
    for account in quiet:
        is_there = account.charge.transaction_id in hospital.transactions.rows
        if (
            account.paid_date
            and is_there
            and hospital.trouble.happens(hospital.rates.charge_deleted)
        ):
            hospital.transactions.remove(account.charge.transaction_id)
            hospital.record("transactions_deleted")
            account.is_closed = True


def catch_up(hospital: Hospital) -> list[Account]:
    """Returns the accounts whose charges say today what was posted on them before."""
    accounts = [account for account in hospital.in_flight.values() if not account.is_closed]
    hospital.in_flight = {}
    for account in accounts:
        account.news.has_charge, account.changed = True, hospital.today
    return accounts


def _is_posted(hospital: Hospital, account: Account, news: News) -> bool:
    """Returns whether something is posted on a charge that is published."""
    return bool(news.postings) and account.charge.transaction_id in hospital.transactions.rows
