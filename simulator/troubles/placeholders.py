"""Days that stand for "none" where a system has to write one."""

from __future__ import annotations

from datetime import date

from simulator.account import Account
from simulator.clock import Stamp, midnight
from simulator.hospital import Hospital
from simulator.model import Posting

FIRST_OF_CALENDAR, LAST_OF_CALENDAR = date(1, 1, 1), date(9999, 12, 31)
NO_ENTRY = (FIRST_OF_CALENDAR, date(1900, 1, 1), date(1970, 1, 1), LAST_OF_CALENDAR)
NO_POSTING = {
    FIRST_OF_CALENDAR: "posting_date_out_of_range",
    LAST_OF_CALENDAR: "posting_date_in_future",
}


def forget_entry(hospital: Hospital, account: Account) -> None:
    """Has the billing system say, now and then, that a charge was entered on no day."""
    if hospital.trouble.happens(hospital.rates.entry_on_placeholder_day):
        day = hospital.trouble.choice(NO_ENTRY)
        account.placeholder = midnight(day, hospital.zone("transactions"))


def posting_as_entered(hospital: Hospital, posting: Posting) -> Posting:
    """Returns a posting as the billing system says when it was entered."""
    if not hospital.trouble.happens(hospital.rates.entry_on_placeholder_day):
        return posting
    day = hospital.trouble.choice(NO_ENTRY)
    return posting._replace(inserted_at=midnight(day, hospital.zone("postings")))


def is_of_no_day(hospital: Hospital, posting: Posting) -> bool:
    """Returns whether the day of a posting is typed as one that stands for none."""
    is_transfer = posting.to_payer_id is not None
    return not is_transfer and hospital.trouble.happens(hospital.rates.posting_on_placeholder_day)


def hold_posting(hospital: Hospital, posting: Posting, stamp: Stamp) -> None:
    """Writes a posting with a day that stands for none, which a rule holds."""
    day = hospital.trouble.choice(tuple(NO_POSTING))
    typed = posting._replace(posting_date=day)
    hospital.hold("postings", typed, stamp, NO_POSTING[day], None, typed.amount)
