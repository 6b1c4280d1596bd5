"""A dimension row that is there twice multiplies nothing in silence.

Every query that reads a dimension fails a check of its own, or gives the same rows.

The services are older than the first versions of what they name, because those of later days find
one row even of a version that is there twice: its periods do not overlap there.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.given_tables import BUSINESS_DATE, Row
from tests.warehouse_support import Warehouse
from utils.gcp import bigquery
from utils.gold.models import gold_models, resolver
from utils.gold.script import build_statement

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from utils.gold.models import Model

NAMED = {
    "source_system": "hospital_a",
    "patient_id": "P1",
    "provider_id": "D1",
    "department_id": "C1",
}
SILVER: dict[str, list[Row]] = {
    "patients": [{"source_system": "hospital_a", "patient_id": "P1"}],
    "providers": [{"source_system": "hospital_a", "provider_id": "D1"}],
    "departments": [{"source_system": "hospital_a", "department_id": "C1"}],
    "procedures": [{"source_system": "reference_codes", "procedure_code": "99213"}],
    "encounters": [
        {**NAMED, "encounter_id": "E1", "procedure_code": "99213", "encounter_date": "2019-03-01"}
    ],
    "transactions": [
        {
            **NAMED, "transaction_id": "T1", "payer_id": "Aetna", "procedure_code": "99213",
            "service_date": "2019-03-01", "amount": "100.00", "paid_amount": "0.00",
            "open_amount": "100.00", "payment_status": "Pending",
            "inserted_at": "2019-03-01T12:00:00Z", "billed_date": "2019-03-01",
        },
        {
            **NAMED, "transaction_id": "T2", "payer_id": "Aetna", "procedure_code": "99213",
            "service_date": "2019-03-01", "amount": "50.00", "paid_amount": "0.00",
            "open_amount": "50.00", "payment_status": "Pending",
            "inserted_at": "2019-03-01T12:00:00Z", "billed_date": "2019-03-01",
        },
        {
            **NAMED, "transaction_id": "T3", "payer_id": "Aetna", "procedure_code": "99213",
            "service_date": "2019-03-01", "amount": "70.00", "paid_amount": "0.00",
            "open_amount": "70.00", "payment_status": "Pending",
            "inserted_at": "2019-03-01T12:00:00Z", "billed_date": "2019-03-01",
        },
    ],
    "claims": [
        {
            **NAMED, "claim_id": "C1", "transaction_id": "T1", "payer_id": "Aetna",
            "service_date": "2019-03-01", "claim_date": "2019-03-02", "claim_amount": "100.00",
            "paid_amount": "0.00", "claim_status": "Denied", "payment_status": "Denied",
            "edit_count": 0,
        },
        {
            **NAMED, "claim_id": "C3", "transaction_id": "T3", "payer_id": "Aetna",
            "service_date": "2019-03-01", "claim_date": "2019-03-02", "claim_amount": "70.00",
            "paid_amount": "0.00", "claim_status": "Paid", "payment_status": "Paid",
            "edit_count": 0,
        },
    ],
    "postings": [
        {
            "source_system": "hospital_a", "posting_id": "J1", "transaction_id": "T1",
            "posting_date": "2019-04-01", "posting_kind": "takeback", "amount": "0.00",
            "payer_id": "Aetna",
        },
        {
            "source_system": "hospital_a", "posting_id": "J2", "transaction_id": "T1",
            "posting_date": "2019-04-01", "posting_kind": "refund", "amount": "5.00",
            "payer_id": "Aetna",
        },
    ],
    "remittances": [
        {
            "source_system": "hospital_a", "remittance_id": "R1", "claim_id": "C1",
            "payer_id": "Aetna", "remit_date": "2019-04-01", "status_code": "4",
            "charge_amount": "100.00", "paid_amount": "0.00", "adjustment_1_group": "CO",
            "adjustment_1_code": "16", "adjustment_1_amount": "100.00",
        },
        {
            "source_system": "hospital_a", "remittance_id": "R3", "claim_id": "C3",
            "payer_id": "Aetna", "remit_date": "2019-04-01", "status_code": "1",
            "charge_amount": "70.00", "paid_amount": "30.00", "allowed_amount": "30.00",
            "adjustment_1_group": "CO", "adjustment_1_code": "45", "adjustment_1_amount": "40.00",
        },
    ],
    "provider_adjustments": [
        {
            "source_system": "hospital_a", "adjustment_id": "P1", "payer_id": "Aetna",
            "check_number": "K1", "adjustment_date": "2019-04-01", "reason_code": "WO",
            "amount": "5.00", "claim_id": "C1",
        }
    ],
    "payer_terms": [
        {
            "source_system": "hospital_a", "payer_id": "Aetna", "valid_from": "2019-01-01",
            "timely_filing_days": 9000, "appeal_days": 9000,
        }
    ],
    "fee_schedules": [
        {
            "source_system": "hospital_a", "payer_id": "Aetna", "procedure_code": "99213",
            "valid_from": "2019-01-01", "allowed_percent": 50,
        }
    ],
}  # fmt: skip
OF_CARE = {"fact_transactions", "fact_claims", "fact_encounters", "fact_ledger"}
OF_PAYMENTS = {"fact_remittances", "fact_claim_adjustments", "fact_provider_adjustments"}
WITHOUT_DIMENSIONS = {"fact_ar_balances", "fact_denials"}  # only what other facts looked up
JOINED = {
    "patients": OF_CARE,
    "providers": OF_CARE,
    "departments": OF_CARE,
    "procedures": {"fact_transactions", "fact_encounters"},
}
DIMENSIONS = [name for name in gold_models() if name.startswith("dim_") and name != "dim_date"]


def joining(dimension: str) -> set[str]:
    """The models whose SELECT reads a dimension."""
    return {name for name, model in gold_models().items() if f'ref("{dimension}")' in model.query}


def models() -> Mapping[str, Model]:
    """The facts, the dimensions, and what joins them."""
    return {name: model for name, model in gold_models().items() if name in _needed()}


def _needed() -> set[str]:
    """Those models with the steps that they read."""
    joined = {name for dimension in DIMENSIONS for name in joining(dimension)}
    needed: set[str] = set()
    for name, model in reversed([*gold_models().items()]):
        if name.startswith(("dim_", "fact_")) or name in joined | needed:
            needed |= {name, *model.references}
    return needed


@pytest.fixture(scope="module")
def filled(warehouse: Warehouse) -> Warehouse:
    for entity, rows in SILVER.items():
        warehouse.fill(entity, rows)
    return warehouse


def failed_models(warehouse: Warehouse, run_id: str) -> set[str]:
    where = f"run_id = '{run_id}' AND layer = 'gold' AND severity = 'fail' AND rows_failed > 0"
    return {row["entity"] for row in warehouse.rows("audit", "dq_results", "entity", where)}


@pytest.fixture(scope="module")
def joined_twice(filled: Warehouse) -> dict[tuple[str, str], Row]:
    """What becomes of each model that joins a dimension when it alone sees every member twice.

    `failed` counts what breaks the model's promises; `once` and `twice` are its rows as texts.
    """
    built = models()
    ref = resolver(filled.environment, built)
    script = [build_statement(model, ref) for model in built.values()]
    results = []
    for dimension in DIMENSIONS:
        members = f"SELECT * FROM {dimension}"
        script.append(f"CREATE TEMP TABLE {dimension}_twice AS {members} UNION ALL {members};")
        for name in sorted(joining(dimension)):
            model = replace(built[name], name=f"{name}_of_{dimension}")
            script.append(build_statement(model, _with_twice(dimension, ref)))
            results.append(_result(dimension, name, built[name], ref))
    script.append("\nUNION ALL\n".join(results))
    values: dict[str, object] = {"business_date": BUSINESS_DATE, "run_id": "twice"}
    rows = bigquery.query("\n".join(script), values)
    return {(row["dimension"], row["model"]): row for row in rows}


def _with_twice(dimension: str, ref: Callable[[str], str]) -> Callable[[str], str]:
    return lambda name: f"{dimension}_twice" if name == dimension else ref(name)


def _result(dimension: str, name: str, model: Model, ref: Callable[[str], str]) -> str:
    rules = [rule for check in model.checks for rule in check.rules(ref, by_hospital=False)]
    failed = " + ".join(rule.failed for rule in rules if rule.severity == "fail")
    text = f"TO_JSON_STRING(STRUCT({', '.join(model.header.columns)}))"
    texts = f"STRING_AGG({text}, ';' ORDER BY {text})"
    return (
        f"SELECT '{dimension}' AS dimension, '{name}' AS model, "
        f"(SELECT {failed} FROM (SELECT TRUE AS is_row, * FROM {name}_of_{dimension})) AS failed, "
        f"(SELECT {texts} FROM {name}) AS once, "
        f"(SELECT {texts} FROM {name}_of_{dimension}) AS twice"
    )


def test_every_fact_is_looked_at() -> None:
    facts = {name for name in gold_models() if name.startswith("fact_")}

    assert facts == {"fact_links", *OF_CARE, *OF_PAYMENTS, *WITHOUT_DIMENSIONS}


def test_single_rows_are_published(filled: Warehouse) -> None:
    filled.refresh("single", models())

    assert failed_models(filled, "single") == set()


@pytest.mark.parametrize("entity", JOINED)
def test_row_of_silver_that_is_there_twice_fails_what_joins_it(
    filled: Warehouse, entity: str
) -> None:
    filled.fill(entity, SILVER[entity] * 2)

    filled.refresh(entity, models())

    filled.fill(entity, SILVER[entity])
    assert failed_models(filled, entity) >= JOINED[entity]
    held = filled.rows("audit", "gold_standings", "source_system", "is_held_back")
    assert {"source_system": "hospital_a"} in held


@pytest.mark.parametrize("spelling", ["Aetna", "AETNA"])
def test_rate_that_begins_while_another_is_open_stops_nothing(
    filled: Warehouse, spelling: str
) -> None:
    newer = {"payer_id": spelling, "valid_from": "2020-01-01", "allowed_percent": 60}
    filled.fill("fee_schedules", [*SILVER["fee_schedules"], SILVER["fee_schedules"][0] | newer])

    filled.refresh(f"rate-{spelling}", models())

    filled.fill("fee_schedules", SILVER["fee_schedules"])
    overlaps = filled.rows(
        "audit", "dq_results", "rows_failed",
        f"run_id = 'rate-{spelling}' AND rule LIKE '%rates_do_not_overlap%'",
    )  # fmt: skip
    assert overlaps == [{"rows_failed": 1}]


@pytest.mark.parametrize(
    ("dimension", "model"),
    [(dimension, name) for dimension in DIMENSIONS for name in sorted(joining(dimension))],
)
def test_member_that_is_there_twice_multiplies_nothing_in_silence(
    joined_twice: dict[tuple[str, str], Row], dimension: str, model: str
) -> None:
    result = joined_twice[dimension, model]

    assert result["once"], "without a row the model proves nothing"
    assert result["failed"] or result["twice"] == result["once"]
