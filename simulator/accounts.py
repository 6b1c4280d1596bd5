"""A charge and its claims while their history is made, before any row of them is written."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from simulator.model import Claim, Transaction


@dataclass
class SentClaim:
    """A claim in its state today and the day of its last change."""

    claim: Claim
    changed: date | None = None


@dataclass
class Account:
    """A charge in its state today, the day of its last change, and the claims sent for it."""

    charge: Transaction
    posted: date
    changed: date | None = None
    claims: list[SentClaim] = field(default_factory=list)
