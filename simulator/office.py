"""A hospital's billing office: its accounts, what it and the payers do next, and its journal.

A step is one thing that happens to an account on a day, and plans what follows. The months of
history and every business date after them are the same: all steps of a day, one day after the
other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import NamedTuple

from simulator.account import Account
from simulator.billing import Message
from simulator.contracts import Contracts
from simulator.hospital import Hospital
from simulator.model import Posting, ProviderAdjustment
from simulator.vocabulary import (
    ESTABLISHED_PAYERS,
    PAYERS,
    SECONDARY_RATE,
    SECONDARY_RATES,
    SELF_PAY,
)

Step = Callable[["Office", Account, str], None]
Planned = tuple[str, Account, str]
Entry = Callable[[], None]


class Numbered(NamedTuple):
    """Which payer had a number last."""

    payer: str
    number: str


class Office:
    """The accounts of a hospital on the day `today`, which may lie in its history.

    Steps are planned by their names in `steps`. A step is called with the office, the account and
    the number of the claim that it is about, which may be empty.
    """

    def __init__(self, hospital: Hospital, contracts: Contracts, steps: Mapping[str, Step]) -> None:
        self.hospital = hospital
        self.steps = steps
        self.chance = hospital.chance
        self.trouble = hospital.trouble
        self.rates = hospital.rates
        self.contracts = contracts
        self.today = hospital.today
        self.accounts: dict[str, Account] = {}
        self._agenda: dict[date, list[Planned]] = defaultdict(list)
        self._entries: dict[date, list[Entry]] = defaultdict(list)
        self._touched: dict[str, Account] = {}
        self._last_number: Numbered | None = None
        self._secondary: dict[str, str | None] = {}

    def open(self, account: Account) -> None:
        """Takes a new account into the books."""
        self.accounts[account.charge.transaction_id] = account
        self.touch(account)

    def close(self, account: Account) -> None:
        """Takes an account out of the books again; nothing more happens to it."""
        account.is_closed = True
        del self.accounts[account.charge.transaction_id]

    def touch(self, account: Account) -> None:
        """Notes that an account has news to write."""
        self._touched[account.charge.transaction_id] = account

    def take_touched(self) -> list[Account]:
        """Returns the accounts that something happened to since the last call."""
        touched, self._touched = self._touched, {}
        return list(touched.values())

    def is_touched(self, account: Account) -> bool:
        """Returns whether something happened to the account since they were last taken."""
        return account.charge.transaction_id in self._touched

    def plan(self, days: int, step: str, account: Account, claim_id: str = "") -> None:
        """Plans a step so many days from now."""
        self._agenda[self.today + timedelta(days=days)].append((step, account, claim_id))

    def plan_entry(self, day: date, entry: Entry) -> None:
        """Plans that a charge is entered on a day."""
        self._entries[day].append(entry)

    def live(self, today: date) -> None:
        """Takes every step of a day; those that follow on the same day too."""
        self.today = today
        for entry in self._entries.pop(today, ()):
            entry()
        for step, account, claim_id in self._agenda[today]:  # grows while it is read
            if not account.is_closed:
                self.steps[step](self, account, claim_id)
                self.touch(account)
        del self._agenda[today]

    def hasten(self, today: date, *steps: str) -> None:
        """Lets something of each kind happen today, even if it was planned for a later day."""
        for step in steps:
            if all(planned != step for planned, _, _ in self._agenda[today]):
                self._pull_forward(today, step)

    def post(
        self, account: Account, kind: str, amount: int, payer: str, reason: str | None = None,
        claim_id: str | None = None, to: str | None = None,
    ) -> None:  # fmt: skip
        """Posts to an account's journal; `amount` is cents by which the balance changes."""
        posting = Posting(
            self.hospital.next_id("POST"), account.charge.transaction_id, self.today, kind, reason,
            amount, claim_id, payer, to, self.hospital.changed("postings", self.today).at,
        )  # fmt: skip
        account.post(posting)

    def adjust(self, account: Account, payer: str, reason: str, amount: int, claim: str) -> None:
        """Files what a payer keeps back from a cheque; a negative amount is paid on top."""
        adjustment = ProviderAdjustment(
            self.hospital.next_id("PLB"), payer, self._cheque(payer), self.today, reason, amount,
            claim, self.hospital.changed("provider_adjustments", self.today).at,
        )  # fmt: skip
        account.news.adjustments.append(adjustment)

    def message(self, payer: str) -> Message:
        """Returns number, cheque and time of a remittance of today."""
        at = self.hospital.changed("remittances", self.today).at
        return Message(self._remittance_number(payer), self._cheque(payer), self.today, at)

    def secondary_of(self, patient_id: str, payer: str) -> str | None:
        """Returns who pays what the patient's first payer leaves; None if it is the patient."""
        if patient_id not in self._secondary:
            is_covered = self.chance.happens(SECONDARY_RATES.get(payer, SECONDARY_RATE))
            others = [name for name in ESTABLISHED_PAYERS if name != payer]
            self._secondary[patient_id] = self.chance.choice(others) if is_covered else None
        secondary = self._secondary[patient_id]
        return None if payer in {SELF_PAY, secondary} else secondary

    def _remittance_number(self, payer: str) -> str:
        """Payers number for themselves: now and then one has the number that another just had."""
        number, last = self.hospital.next_id("REMIT"), self._last_number
        if last and last.payer != payer and self.trouble.happens(self.rates.number_of_two_payers):
            self._last_number = None
            return last.number
        self._last_number = Numbered(payer, number)
        return number

    def _cheque(self, payer: str) -> str:
        return f"{PAYERS[payer].cheque_prefix}{self.today:%y%m%d}"

    def _pull_forward(self, today: date, step: str) -> None:
        for day in sorted(self._agenda):
            for planned in self._agenda[day]:
                if planned[0] == step and not planned[1].is_closed:
                    self._agenda[day].remove(planned)
                    self._agenda[today].append(planned)
                    return
