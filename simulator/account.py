"""A charge's account: who owes what on it, with what has happened since it was last written."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

from simulator.model import (
    Appeal,
    Claim,
    Posting,
    ProviderAdjustment,
    Remittance,
    Transaction,
)
from simulator.vocabulary import SELF_PAY


@dataclass(slots=True)
class News:
    """What has to be written to the sources: every record in its latest state, once."""

    postings: list[Posting] = field(default_factory=list)
    remittances: list[Remittance] = field(default_factory=list)
    adjustments: list[ProviderAdjustment] = field(default_factory=list)
    claims: dict[str, tuple[Claim, date | None]] = field(default_factory=dict)
    appeals: dict[str, tuple[Appeal, date | None]] = field(default_factory=dict)
    has_charge: bool = False


@dataclass(slots=True)
class Account:
    """A charge with its balance by payer, in cents.

    `entered` is the charge's business date, `changed` that of its last change. `leak` names what
    is planted on the account, `denial_code` why its payer refused last. An account that is
    `closed` stays as it is. A `placeholder` stands for when the charge was entered. The amounts
    posted so far are kept here until the charge is written.
    """

    charge: Transaction
    entered: date
    leak: str | None
    secondary: str | None
    balances: dict[str, int] = field(default_factory=dict)
    claims: dict[str, Claim] = field(default_factory=dict)
    appeals: dict[str, Appeal] = field(default_factory=dict)
    remittances: dict[str, Remittance] = field(default_factory=dict)
    paid: int = 0
    patient_paid: int = 0
    adjusted: int = 0
    written_off: int = 0
    paid_date: date | None = None
    changed: date | None = None
    denial_code: str = ""
    instalment: int = 0
    placeholder: datetime | None = None
    is_void: bool = False
    is_closed: bool = False
    news: News = field(default_factory=News)

    def __post_init__(self) -> None:
        self.balances[self.charge.payer_id] = self.charge.amount
        self.news.has_charge = True

    @property
    def payer(self) -> str:
        """Who was to pay first."""
        return self.charge.payer_id

    def owed_by(self, payer: str) -> int:
        """Returns the balance of a payer; negative is a credit."""
        return self.balances.get(payer, 0)

    def stated(self) -> Transaction:
        """Returns the charge as it is written, with everything that is posted on it."""
        charge = self.charge
        if self.placeholder:
            charge = charge._replace(inserted_at=self.placeholder)
        if self.paid_date is None:
            return charge
        return charge._replace(
            paid_date=self.paid_date,
            paid_amount=self.paid,
            patient_paid_amount=self.patient_paid,
            adjustment_amount=self.adjusted,
            write_off_amount=self.written_off,
        )

    def change_charge(self, charge: Transaction, day: date) -> None:
        """Replaces the charge as entered; a new amount is owed by its payer."""
        self.balances[self.payer] += charge.amount - self.charge.amount
        self.charge, self.changed, self.news.has_charge = charge, day, True

    def change_claim(self, claim: Claim, changed: date | None = None) -> None:
        """Files a claim, sent on the day of its date or changed on a later day."""
        self.claims[claim.claim_id] = claim
        self.news.claims[claim.claim_id] = claim, changed

    def change_appeal(self, appeal: Appeal, changed: date | None = None) -> None:
        """Files an appeal, filed on the day of its date or decided on a later day."""
        self.appeals[appeal.claim_id] = appeal
        self.news.appeals[appeal.appeal_id] = appeal, changed

    def remit(self, remittance: Remittance) -> None:
        """Files a payer's message about a claim; the latest one stands."""
        self.remittances[remittance.claim_id] = remittance
        self.news.remittances.append(remittance)

    def post(self, posting: Posting) -> None:
        """Takes a posting into the balances and the charge's totals."""
        kind, amount, payer = posting.posting_kind, posting.amount, posting.payer_id
        self.news.postings.append(posting)
        self.balances[payer] = self.balances.get(payer, 0) + amount
        if kind == "transfer":
            self.balances[_receiver(posting)] = self.owed_by(_receiver(posting)) - amount
            return
        if kind == "write_off":
            self.written_off -= amount
        elif kind == "contractual":
            self.adjusted -= amount
        elif payer == SELF_PAY:
            self.patient_paid -= amount
        else:
            self.paid -= amount
        self.paid_date = self.changed = posting.posting_date
        self.news.has_charge = True

    def take_news(self) -> News:
        """Returns what happened since the last call."""
        news, self.news = self.news, News()
        return news


def _receiver(transfer: Posting) -> str:
    if transfer.to_payer_id is None:
        raise ValueError(f"{transfer.posting_id}: a transfer needs a payer that it goes to")
    return transfer.to_payer_id
