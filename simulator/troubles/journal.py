"""What a hospital's journal says of charges that are not in its books."""

from __future__ import annotations

from simulator.clock import Stamp
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
        hospital.write("postings", orphan, Stamp(line.posting_date, line.inserted_at))
        hospital.record("postings_to_unknown_charges")
