"""What is worked out once from a hospital's records, for all tables that are counted from it."""

from __future__ import annotations

from functools import cached_property

from simulator.counting import grouped, month_end, month_of, month_start, trailing
from simulator.model import Transaction
from simulator.truth.adjudications import Adjudicated, adjudicated
from simulator.truth.agreements import Agreements
from simulator.truth.collectible import Collectible
from simulator.truth.denials import Denial, denials
from simulator.truth.members import Members
from simulator.truth.postings import CHARGE, Ledger
from simulator.truth.published import REJECTED, Published
from simulator.truth.receivables import Receivables
from simulator.truth.reconciling import Item, reconciling_items


class Books:
    """The books of a hospital at the end of a business date."""

    def __init__(self, published: Published) -> None:
        self.name = published.name
        self.today = published.today
        self.published = published

    def is_complete(self, month: int) -> bool:
        """Returns whether a month was over on the business date."""
        return month_end(month) <= self.today

    @cached_property
    def service_months(self) -> dict[int, list[Transaction]]:
        """The charges by month of service."""
        return grouped(
            self.published.charges.values(), lambda charge: month_of(charge.service_date)
        )

    @cached_property
    def patients(self) -> Members:
        """The people registered, with all versions."""
        return Members(self.published, "patients")

    @cached_property
    def providers(self) -> Members:
        """The clinicians, with all versions."""
        return Members(self.published, "providers")

    @cached_property
    def departments(self) -> Members:
        """The departments, with all versions."""
        return Members(self.published, "departments")

    @cached_property
    def procedures(self) -> Members:
        """The procedure codes, with all versions."""
        return Members(self.published, "procedures")

    @cached_property
    def reconciling_items(self) -> list[Item]:
        """The accounts on which journal and charges differ."""
        return reconciling_items(self.published)

    @cached_property
    def ledger(self) -> Ledger:
        """Everything that was posted."""
        return Ledger(self.published)

    @cached_property
    def receivables(self) -> Receivables:
        """The balances at the month ends."""
        return Receivables(self.published, self.ledger)

    @cached_property
    def collectible(self) -> Collectible:
        """What is expected of the balances."""
        return Collectible(self.published, self.ledger, self.receivables, self.agreements)

    def is_window_full(self, month: int) -> bool:
        """Returns whether charges were posted from the first day of the three months on."""
        days = [line.day for line in self.ledger.lines if line.kind == CHARGE]
        return bool(days) and min(days) <= month_start(trailing(month).start)

    @cached_property
    def agreements(self) -> Agreements:
        """The contracts with the payers."""
        return Agreements(self.published)

    @cached_property
    def adjudications(self) -> list[Adjudicated]:
        """Every claim with what its payer made of it."""
        return adjudicated(self.published, self.agreements)

    @cached_property
    def first_submissions(self) -> list[Adjudicated]:
        """The claims that billed a charge to its primary payer for the first time."""
        return [one for one in self.adjudications if one.is_first_submission]

    @cached_property
    def received(self) -> list[Adjudicated]:
        """Of them those that the payer got: nobody rejected them on the way."""
        return [one for one in self.first_submissions if one.claim.claim_status != REJECTED]

    @cached_property
    def denials(self) -> list[Denial]:
        """The first denial of every charge that was denied."""
        return denials(self.published, self.agreements)
