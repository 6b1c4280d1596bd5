"""What is odd about a row that is loaded all the same, by the rule that names it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Any

from simulator.clock import is_told

_NPI = re.compile(r"[12][0-9]{9}")
Oddity = Callable[[Any, date], bool]
ODDITIES: dict[str, dict[str, Oddity]] = {
    "patients": {
        "born_after_change": lambda one, changed: one.birth_date > changed,
    },
    "providers": {
        "npi_shape": lambda one, _: one.npi is not None and not _NPI.fullmatch(one.npi),
    },
    "postings": {
        "inserted_at_is_placeholder": lambda one, _: not is_told(one.inserted_at),
    },
    "transactions": {
        "inserted_at_is_placeholder": lambda one, _: not is_told(one.inserted_at),
        "paid_over_billed": lambda one, _: one.paid_amount > one.amount,
        "paid_before_service": lambda one, _: _is_before(one.paid_date, one.service_date),
        "service_before_visit": lambda one, _: _is_before(one.service_date, one.visit_date),
    },
    "claims": {
        "paid_over_billed": lambda one, _: one.paid_amount > one.claim_amount,
        "paid_on_refused_claim": lambda one, _: (
            one.claim_status in {"Denied", "Rejected"} and one.paid_amount != 0
        ),
        "patient_share_over_billed": lambda one, _: (
            one.deductible_amount + one.coinsurance_amount + one.copay_amount > one.claim_amount
        ),
        "claim_before_service": lambda one, _: _is_before(one.claim_date, one.service_date),
    },
    "appeals": {
        "decided_before_filed": lambda one, _: _is_before(one.decision_date, one.filed_date),
    },
}


def oddities(entity: str, record: Any, changed: date) -> tuple[str, ...]:
    """Returns the rules that a record breaks, as its source types it on a UTC day."""
    rules = ODDITIES.get(entity, {})
    return tuple(rule for rule, is_odd in rules.items() if is_odd(record, changed))


def _is_before(day: date | None, other: date | None) -> bool:
    return day is not None and other is not None and day < other
