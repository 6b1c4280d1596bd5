"""The gate in front of gold: one posting is tampered with, and the gate names where."""

from __future__ import annotations

import random
import re
from dataclasses import replace

import pytest

from local.paths import ROOT
from tests.gate_support import Tampering, places, tamper, what_the_gate_names
from tests.gate_world import HOSPITALS, JOURNAL, PAYERS, TODAY, journal, silver
from tests.given_tables import Row, silver_row
from tests.model_cases import run_model
from tests.warehouse_support import Warehouse
from utils.contracts.entities import entities
from utils.gcp import bigquery
from utils.gold.models import gold_models

RUNBOOK = ROOT / "docs" / "runbook.md"
TRIES = 1_000
CAUGHT = 0.99


@pytest.fixture(scope="module")
def postings() -> list[Row]:
    links = [
        {
            "fact": "transactions",
            "fact_key": silver_row(entities()["transactions"], row)["transaction_version_key"],
            "payer_key": row["payer_id"] or "unknown",
        }
        for row in silver()
    ]
    given = {"transactions": silver(), "fact_links": links, "postings": journal()}
    accounts = run_model("accounts", given, TODAY)
    payers = [{"payer_key": payer, "payer_code": payer.upper()} for payer in PAYERS[:-1]]
    given |= {"accounts": accounts, "dim_payers": payers}
    return run_model("fact_ledger", given, TODAY)


def test_gate_catches_a_posting_that_was_tampered_with_and_names_the_cell(
    postings: list[Row],
) -> None:
    chance = random.Random(20250630)  # noqa: S311 (chooses tests, keeps no secret)
    tamperings = [tamper(chance, postings) for _ in range(TRIES)]

    found = what_the_gate_names([*tamperings, Tampering("none", postings[0])], postings)

    assert found.pop(TRIES, set()) == set(), "the copy that nobody touched ties"
    missed = [one for number, one in enumerate(tamperings) if not found[number]]
    assert len(missed) <= (1 - CAUGHT) * TRIES, missed
    for number, one in enumerate(tamperings):
        assert not found[number] or places(one) <= found[number], one


@pytest.fixture(scope="module")
def published(warehouse: Warehouse) -> Warehouse:
    warehouse.fill("transactions", silver())
    warehouse.fill("postings", journal())
    warehouse.knows_hospitals(*HOSPITALS, JOURNAL)
    warehouse.refresh("whole", business_date=TODAY)
    return warehouse


def test_query_of_the_runbook_explains_a_cell(published: Warehouse) -> None:
    [query] = re.findall(
        r"^```sql\n(SELECT transaction_key.*?)^```", RUNBOOK.read_text("utf-8"), re.DOTALL | re.M
    )
    for documented, meant in {
        "silver.transactions": f"`{published.environment.table('silver', 'transactions')}`",
        "2026-01-01": "2025-03-01",
        "2026-02-01": "2025-04-01",
    }.items():
        assert documented in query
        query = query.replace(documented, meant)

    behind = bigquery.query(query)

    [cell] = published.rows(
        "gold",
        "ar_rollforward",
        "end_amount - begin_amount AS change_amount",
        "source_system = 'hospital_a' AND payer_name = 'Aetna' AND month_end_date = '2025-03-31'",
    )
    assert cell["change_amount"] == 229
    assert sum(row["posted_amount"] for row in behind) == cell["change_amount"]
    assert {(row["transaction_key"], row["version"]) for row in behind} == {("hospital_a/T2", 2)}


def test_posting_that_is_lost_holds_its_hospital_back_and_the_reason_has_the_dollars(
    published: Warehouse,
) -> None:
    before = published.rows("gold", "fact_ledger", "transaction_key, posted_amount")
    ledger = gold_models()["fact_ledger"]
    lossy = replace(
        ledger,
        query=f"SELECT * FROM ({ledger.query}) WHERE transaction_key != 'hospital_b/T2' "  # noqa: S608
        "OR posting_kind != 'patient_payment'",
    )

    published.refresh("lossy", {**gold_models(), "fact_ledger": lossy}, business_date=TODAY)

    [standing] = published.rows(
        "gold", "hospital_standings", "source_system, gold_date, reason", "is_held_back"
    )
    reason = re.sub(r"for 1 of \d+ rows", "for 1 row", standing["reason"])
    assert (standing["source_system"], standing["gold_date"]) == ("hospital_b", TODAY)
    assert (
        "gold.ar_rollforward: range(difference) failed for 1 row, first source_system hospital_b, "
        "payer_name Aetna, month_end_date 2025-03-31, difference 11.00"
    ) in reason
    assert (
        "gold.charge_identity: range(patient_payment_difference) failed for 1 row, first "
        "source_system hospital_b, transaction_key hospital_b/T2, patient_payment_difference 11.00"
    ) in reason
    assert published.rows("gold", "fact_ledger", "transaction_key, posted_amount") == before
