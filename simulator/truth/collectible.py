"""What a hospital expects to collect of its open balances at month ends, in whole cents.

An insurer's balance that has its contractual adjustment is decided and taken as it is, and so is a
patient's. Any other is worth what the contract allows of the charge, or what the payer allowed of a
billed dollar so far, less the cash that came. From this goes what was written off within half a
year of the balances of the same age that stood half a year ago and before.
"""

from __future__ import annotations

from collections import defaultdict
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property
from typing import NamedTuple

from simulator.counting import month_end, month_of
from simulator.model import Posting
from simulator.truth.agreements import Agreements
from simulator.truth.outcomes import PAID, REVERSED, allowed, is_crossover, outcome
from simulator.truth.postings import CHARGE, Ledger, Posted
from simulator.truth.published import Published
from simulator.truth.receivables import Receivables, Standing
from simulator.vocabulary import SELF_PAY

LOOK_BACK_MONTHS = 6
CASH_KINDS = frozenset({"payment", "patient_payment", "takeback", "refund"})
WHOLE_CENT = Decimal(1)
ALL_PAYERS = ""
Age = tuple[bool, str]


class Balance(NamedTuple):
    """An open balance at a month end: by whom, how old, how much, and what is expected of it.

    `account` is None for postings to charges that are not there.
    """

    account: str | None
    payer: str
    age: Age
    owed: int
    collectible: int


class Expected(NamedTuple):
    """What is expected at a month end; `reserve` is None where an age has no experience."""

    allowance: int
    reserve: int | None


class Collectible:
    """The values of a hospital's open balances at the ends of complete months."""

    def __init__(
        self,
        published: Published,
        ledger: Ledger,
        receivables: Receivables,
        agreements: Agreements,
    ) -> None:
        self._published = published
        self._receivables = receivables
        self._agreements = agreements
        self._lines: dict[str | None, list[Posted]] = defaultdict(list)
        for line in ledger.lines:
            self._lines[line.transaction_id].append(line)
        self._write_offs: dict[str | None, list[Posting]] = defaultdict(list)
        for posting in published.postings:
            if posting.posting_kind == "write_off":
                self._write_offs[posting.transaction_id].append(posting)

    def expected(self, month: int) -> Expected:
        """Returns allowance and reserve at the end of a month."""
        collectible: dict[Age, int] = defaultdict(int)
        allowance = 0
        for balance in self._balances.get(month, ()):
            collectible[balance.age] += balance.collectible
            allowance += balance.owed - balance.collectible
        reserve: int | None = 0
        for age, amount in collectible.items():
            if not amount:
                continue
            stood, lost = self._experience(month, age)
            if not stood or reserve is None:
                reserve = None
            else:
                share = Decimal(amount * lost) / stood
                reserve += int(share.quantize(WHOLE_CENT, ROUND_HALF_UP))
        return Expected(allowance, reserve)

    def _experience(self, month: int, age: Age) -> tuple[int, int]:
        """Returns what stood at this age half a year ago and before, and what was lost of it."""
        cohorts = [
            cohort
            for (past, of), cohort in self._cohorts.items()
            if of == age and past <= month - LOOK_BACK_MONTHS
        ]
        return sum(stood for stood, _ in cohorts), sum(lost for _, lost in cohorts)

    @cached_property
    def _cohorts(self) -> dict[tuple[int, Age], tuple[int, int]]:
        found: dict[tuple[int, Age], tuple[int, int]] = {}
        for month, everything in self._balances.items():
            balances = [balance for balance in everything if balance.account is not None]
            payers: dict[str | None, int] = defaultdict(int)
            for balance in balances:
                payers[balance.account] += 1
            for balance in balances:
                is_only = payers[balance.account] == 1
                stood, lost = found.get((month, balance.age), (0, 0))
                loss = min(max(self._lost(balance, month, is_only), 0), balance.owed)
                found[month, balance.age] = stood + balance.owed, lost + loss
        return found

    def _lost(self, balance: Balance, month: int, is_only: bool) -> int:
        first, last = month_end(month), month_end(month + LOOK_BACK_MONTHS)
        return -sum(
            line.amount
            for line in self._write_offs.get(balance.account, ())
            if first < line.posting_date <= last and (is_only or line.payer_id == balance.payer)
        )

    @cached_property
    def _balances(self) -> dict[int, list[Balance]]:
        found: dict[int, list[Balance]] = defaultdict(list)
        for one in self._receivables.standings:
            if one.balance > 0 and month_end(one.month) <= self._published.today:
                age = one.payer == SELF_PAY, one.bucket
                balance = Balance(one.transaction_id, one.payer, age, one.balance, self._value(one))
                found[one.month].append(balance)
        return found

    def _value(self, of: Standing) -> int:
        """Returns the cents of a balance that are expected before anything is written off."""
        before = [line for line in self._lines[of.transaction_id] if month_of(line.day) <= of.month]
        adjusted = sum(line.amount for line in before if line.kind == "contractual")
        if of.payer == SELF_PAY or of.transaction_id is None or adjusted:
            return of.balance
        charge = self._published.charges[of.transaction_id]
        billed = sum(line.amount for line in before if line.kind == CHARGE)
        cash = -sum(line.amount for line in before if line.kind in CASH_KINDS)
        agreed = self._agreements.allowed_of_charge(charge, billed)
        if agreed is None:
            agreed = self._by_experience(charge.payer_id, billed, of.month)
        return min(of.balance, max(agreed - cash, 0))

    def _by_experience(self, payer: str, billed: int, month: int) -> int:
        for of in (payer, ALL_PAYERS):
            decided, agreed = self._decided(of, month)
            if decided:
                share = Decimal(billed * agreed) / decided
                return int(share.quantize(WHOLE_CENT, ROUND_HALF_UP))
        return billed

    def _decided(self, payer: str, until: int) -> tuple[int, int]:
        """Returns what a payer decided on and allowed until a month ended, reversals deducted."""
        cells = [
            cell
            for (of, month), cell in self._decisions.items()
            if month <= until and payer in {of, ALL_PAYERS}
        ]
        return sum(decided for decided, _ in cells), sum(agreed for _, agreed in cells)

    @cached_property
    def _decisions(self) -> dict[tuple[str, int], tuple[int, int]]:
        """What primary payers decided on and allowed, by payer and month."""
        found: dict[tuple[str, int], tuple[int, int]] = {}
        for remit in self._published.remittances:
            claim = self._published.claims.get(remit.claim_id)
            is_of_primary = claim and claim.payer_sequence == "P" and not is_crossover(remit, claim)
            if is_of_primary and outcome(remit) in {PAID, REVERSED}:
                place = remit.payer_id, month_of(remit.remit_date)
                decided, agreed = found.get(place, (0, 0))
                found[place] = decided + remit.charge_amount, agreed + allowed(remit)
        return found
