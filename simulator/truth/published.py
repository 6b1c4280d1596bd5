"""The records of a hospital as they must be published now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from datetime import date, datetime, timedelta
from functools import cached_property
from operator import attrgetter
from typing import Any

from simulator.counting import grouped
from simulator.model import (
    Appeal,
    Claim,
    Department,
    Encounter,
    FeeSchedule,
    Patient,
    PayerTerms,
    Posting,
    Procedure,
    Provider,
    ProviderAdjustment,
    Remittance,
    Transaction,
)
from simulator.shelf import Shelf, Version

REJECTED = "Rejected"


class Published:
    """What stands on a hospital's shelves at the end of its business date.

    Args:
        name: the hospital.
        today: the business date.
        shelves: by entity; the code set's procedures among them.
        in_flight: the charges that do not say yet what is posted on them.
    """

    def __init__(
        self,
        name: str,
        today: date,
        shelves: Mapping[str, Shelf[Any]],
        in_flight: Collection[str] = (),
    ) -> None:
        self.name = name
        self.in_flight = in_flight
        self._changed_at: dict[str, dict[str, datetime]] = {}
        self.today = today
        self._shelves = shelves
        self.patients: dict[str, Patient] = self.current("patients")
        self.providers: dict[str, Provider] = self.current("providers")
        self.departments: dict[str, Department] = self.current("departments")
        self.encounters: dict[str, Encounter] = self.current("encounters")
        self.charges: dict[str, Transaction] = self.current("transactions")
        self.claims: dict[str, Claim] = self.current("claims")
        self.procedures: dict[str, Procedure] = self.current("procedures")
        self.postings: list[Posting] = list(self.current("postings").values())
        self.provider_adjustments: list[ProviderAdjustment] = list(
            self.current("provider_adjustments").values()
        )
        self.appeals: list[Appeal] = list(self.current("appeals").values())
        self.fee_schedules: list[FeeSchedule] = list(self.current("fee_schedules").values())
        self.payer_terms: list[PayerTerms] = list(self.current("payer_terms").values())

    def current(self, entity: str) -> dict[Any, Any]:
        """Returns the records of an entity by key."""
        return self._shelves[entity].current if entity in self._shelves else {}

    def versions(self, entity: str) -> list[Version]:
        """Returns all versions of an entity's records, in the order in which they were booked."""
        return self._shelves[entity].versions if entity in self._shelves else []

    def held_ids(self, entity: str) -> set[str]:
        """Returns the keys of the records of which a rule holds a row."""
        return {row.record_id for row in self._shelves[entity].held() if row.record_id}

    def removed(self, entity: str) -> list[Any]:
        """Returns the keys of the records that the source deleted; nobody has noticed yet."""
        return self._shelves[entity].removed()

    @cached_property
    def held_postings(self) -> Counter[str]:
        """The cents of the postings that a rule holds, by the charge that they name."""
        amounts: Counter[str] = Counter()
        for row in self._shelves["postings"].held():
            if row.account_id:
                amounts[row.account_id] += row.paid or 0
        return amounts

    def changed_at(self, entity: str) -> dict[str, datetime]:
        """Returns when each record changed last."""
        if entity not in self._changed_at:
            versions = self.versions(entity)
            self._changed_at[entity] = {one.values[0]: one.effective_date for one in versions}
        return self._changed_at[entity]

    @cached_property
    def first_date(self) -> date | None:
        """The first business date, on which the hospital was read for the first time."""
        days = [version.day for shelf in self._shelves.values() for version in shelf.versions]
        return self.today - timedelta(max(days)) if days else None

    @cached_property
    def remittances(self) -> list[Remittance]:
        """The payers' remittances, in the order of their days."""
        remits = self.current("remittances").values()
        return sorted(remits, key=attrgetter("remit_date", "remittance_id"))

    @cached_property
    def claims_of(self) -> dict[str, list[Claim]]:
        """The claims that bill a transaction."""
        return grouped(self.claims.values(), attrgetter("transaction_id"))

    @cached_property
    def primary_claims_of(self) -> dict[str, list[Claim]]:
        """The claims that bill a transaction to its primary payer."""
        primary = [claim for claim in self.claims.values() if claim.payer_sequence == "P"]
        return grouped(primary, attrgetter("transaction_id"))

    def is_claimed(self, account: str) -> bool:
        """Returns whether the primary payer got a claim for a transaction: one not rejected."""
        claims = self.primary_claims_of.get(account, [])
        return any(claim.claim_status != REJECTED for claim in claims)

    @cached_property
    def remittances_of(self) -> dict[str, list[Remittance]]:
        """The remittances of a claim, in the order of their days."""
        return grouped(self.remittances, attrgetter("claim_id"))
