"""A dimension row that is there twice multiplies facts: each fact that joins it fails a check.

The services are older than the first versions of what they name, because those of later days find
one row even of a version that is there twice: its periods do not overlap there.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from google.api_core.exceptions import GoogleAPICallError

from tests.sql_support import Row, Warehouse
from utils.sql import gold_models

if TYPE_CHECKING:
    from collections.abc import Mapping

    from utils.sql import Model

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
        }
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
OF_PAYMENTS = {"fact_remittances", "fact_claim_adjustments"}
WITHOUT_DIMENSIONS = {"fact_ar_balances", "fact_denials"}  # only what other facts looked up
JOINED = {
    "patients": OF_CARE,
    "providers": OF_CARE,
    "departments": OF_CARE,
    "procedures": {"fact_transactions", "fact_encounters"},
    "payers": {"fact_transactions", "fact_claims", "fact_ledger"} | OF_PAYMENTS,
    "payer_terms": {"fact_denials"},
    "fee_schedules": {"fact_claims"},
}
# What has to count as often as another KPI, what counts days or dates, and steps that others check:
# there the dimension's own promise, that a payer is there once, is the only one that is broken.
GUARDED_BY_THE_DIMENSION = {
    "kpi_processing_days", "kpi_lags", "kpi_dnfb", "kpi_filing_exposure", "charge_identity",
    "cash_forecasts", "kpi_cash_forecast",
}  # fmt: skip


def models(*, payers_twice: bool = False) -> Mapping[str, Model]:
    """The dimensions, the facts, and what joins the payers, which are no table of silver."""
    chosen = {name: model for name, model in gold_models().items() if name in _needed()}
    if payers_twice:
        query = chosen["dim_payers"].query
        twice = replace(chosen["dim_payers"], query=f"({query})\nUNION ALL\n({query})")
        chosen["dim_payers"] = twice
    return chosen


def _needed() -> set[str]:
    """Those models with the steps that they read."""
    needed: set[str] = set()
    for name, model in reversed(gold_models().items()):
        is_chosen = name.startswith(("dim_", "fact_")) or "dim_payers" in model.references
        if is_chosen or name in needed:
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


def test_every_fact_is_looked_at() -> None:
    facts = {name for name in gold_models() if name.startswith("fact_")}

    assert facts == {"fact_links", *OF_CARE, *OF_PAYMENTS, *WITHOUT_DIMENSIONS}


def test_single_rows_are_published(filled: Warehouse) -> None:
    filled.refresh("single", models())

    assert failed_models(filled, "single") == set()


@pytest.mark.parametrize("entity", [name for name in JOINED if name != "payers"])
def test_row_of_a_dimension_that_is_there_twice_fails_each_fact(
    filled: Warehouse, entity: str
) -> None:
    filled.fill(entity, SILVER[entity] * 2)

    with pytest.raises(GoogleAPICallError, match="fact_[a-z]+: unique"):
        filled.refresh(entity, models())

    filled.fill(entity, SILVER[entity])
    assert failed_models(filled, entity) >= JOINED[entity]


def test_payer_that_is_there_twice_fails_whatever_joins_it(filled: Warehouse) -> None:
    with pytest.raises(GoogleAPICallError, match="fact_links: unique"):
        filled.refresh("payers", models(payers_twice=True))

    joined = {name for name, model in models().items() if "dim_payers" in model.references}
    expected = JOINED["payers"] | {"dim_payers"} | joined - GUARDED_BY_THE_DIMENSION
    assert expected - failed_models(filled, "payers") == set()
