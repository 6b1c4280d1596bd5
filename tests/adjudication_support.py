"""Worlds by seed and business date, and what their accounts and claims must come to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from simulator.world import generate
from tests.simulator_support import DAYS, PLAIN, START, Record, simulated

SEEDS = (5, 21, 22)
SELF_PAY = "Self-Pay"

Key = tuple[str, str]


@cache
def published(seed: int, day: int) -> dict[str, list[Record]]:
    """The current records of a world after a business date."""
    tables = simulated().keys[day] if seed == SEEDS[0] else small_keys(seed)[day]
    return {
        name.split(".")[1]: [row for row in table.to_pylist() if row.get("is_current", True)]
        for name, table in tables.items()
        if name.startswith(("silver.", "planted."))
    }


@cache
def small_keys(seed: int) -> list[dict[str, Any]]:
    with TemporaryDirectory() as folder:
        world = generate(seed, 300, DAYS, START, Path(folder), PLAIN)
        return [world.answer_key.tables(day) for day in range(DAYS + 1)]


def by_key(rows: list[Record], column: str) -> dict[Key, list[Record]]:
    groups: dict[Key, list[Record]] = defaultdict(list)
    for row in rows:
        groups[row["source_system"], row[column]].append(row)
    return groups


def worlds() -> Iterator[tuple[int, int]]:
    return ((seed, day) for seed in SEEDS for day in range(DAYS + 1))


every_world = pytest.mark.parametrize(("seed", "day"), list(worlds()))

in_every_seed = pytest.mark.parametrize("seed", SEEDS)


def totals(journal: list[Record]) -> dict[str, Any]:
    def credited(chosen: Callable[[str, str], bool]) -> Decimal:
        amounts = [
            line["amount"] for line in journal if chosen(line["posting_kind"], line["payer_id"])
        ]
        return -sum(amounts, Decimal())

    cash = {"payment", "takeback", "patient_payment", "refund"}
    days = [line["posting_date"] for line in journal if line["posting_kind"] != "transfer"]
    return {
        "paid": credited(lambda kind, payer: kind in cash and payer != SELF_PAY),
        "patient paid": credited(lambda kind, payer: kind in cash and payer == SELF_PAY),
        "adjusted": credited(lambda kind, _: kind == "contractual"),
        "written off": credited(lambda kind, _: kind == "write_off"),
        "open": -credited(lambda kind, _: kind != "transfer"),
        "last": max(days, default=None),
    }


def covers(agreed: Record, day: date) -> bool:
    return bool(agreed["valid_from"] <= day <= (agreed["valid_to"] or date.max))


def underpaid(tables: dict[str, list[Record]], remits_of: dict[Key, list[Record]]) -> Iterator[Key]:
    charges = by_key(tables["transactions"], "transaction_id")
    for key, (claim,) in by_key(tables["claims"], "claim_id").items():
        remits, hospital = remits_of.get(key, []), claim["source_system"]
        charge = charges.get((hospital, claim["transaction_id"]))
        if claim["payer_sequence"] != "P" or not remits or not charge:
            continue
        last = max(remits, key=lambda one: (one["remit_date"], one["remittance_id"]))
        percent = next(
            fee["allowed_percent"]
            for fee in tables["fee_schedules"]
            if (fee["source_system"], fee["payer_id"], fee["procedure_code"])
            == (hospital, claim["payer_id"], charge[0]["procedure_code"])
            and covers(fee, claim["service_date"])
        )
        agreed = (claim["claim_amount"] * percent) // 1 / 100
        allowed = sum(one["allowed_amount"] for one in remits)
        if last["status_code"] in {"1", "2"} and allowed < agreed:
            yield key


def late(tables: dict[str, list[Record]]) -> Iterator[Key]:
    for key, (claim,) in by_key(tables["claims"], "claim_id").items():
        (limit,) = (
            terms["timely_filing_days"]
            for terms in tables["payer_terms"]
            if (terms["source_system"], terms["payer_id"])
            == (claim["source_system"], claim["payer_id"])
            and covers(terms, claim["service_date"])
        )
        is_first = (claim["claim_frequency"], claim["payer_sequence"]) == ("1", "P")
        if is_first and (claim["claim_date"] - claim["service_date"]).days > limit:
            yield key
