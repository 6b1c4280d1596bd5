"""A hospital with other columns, another grain and other words comes in by one file, no code.

The clinic's charges are 125.50 + 49.99 + 300.00 = 475.49 USD. Insurers paid 90.25 (80.25 + 10.00)
and 49.99, that is 140.24 on the first date, and 200.00 more on the second: 340.24. A patient paid
15.00, so that 475.49 - 340.24 - 15.00 = 120.25 USD are open.
"""

from __future__ import annotations

import shutil
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import MySQLdb
import pytest

from local.paths import ROOT
from local.stack.client import mysql_parameters
from tests.configs_support import lay_configs
from tests.pipeline_support import Pipeline, pipeline, rows
from utils.contracts import sources as contract

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FIXTURE = ROOT / "tests" / "fixtures" / "third_hospital"
FIRST, SECOND = date(2026, 1, 31), date(2026, 2, 1)


def run_statements(variables: dict[str, str], text: str) -> None:
    parameters: dict[str, Any] = mysql_parameters(variables["AIRFLOW_CONN_CLINIC_X_DB"])
    connection = MySQLdb.connect(**parameters)
    with connection.cursor() as cursor:
        for statement in filter(str.strip, text.split(";\n")):
            cursor.execute(statement)
    connection.commit()
    connection.close()


def configs_with_the_clinic(folder: Path) -> Path:
    configs = lay_configs(folder)
    for name in ("hospital_a", "hospital_b"):
        (configs / "sources" / f"{name}.yaml").unlink()
    shutil.copy(FIXTURE / "clinic_x.yaml", configs / "sources")
    return configs


@pytest.fixture(scope="module")
def clinic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    """Two business dates; between them an insurer pays charge 102 in part."""
    folder = tmp_path_factory.mktemp("clinic")
    configs = configs_with_the_clinic(folder / "configs")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RCM_CONFIGS", str(configs))
        patch.setattr(contract, "CONFIGS", configs)
        contract.sources.cache_clear()
        with pipeline(folder, patch) as running, running.worker() as worker:
            run_statements(running.variables, (FIXTURE / "clinic_x.sql").read_text())
            claims = running.landing / "claims" / "clinic_x"
            claims.mkdir(parents=True)
            shutil.copy(FIXTURE / "clinic_x.csv", claims / "2026-01.csv")
            running.deliver()
            worker.run(FIRST, lambda task, seconds: None)
            run_statements(
                running.variables,
                "INSERT INTO payments VALUES "
                "(5, 102, 'insurer', 200.00, '2026-02-01', '2026-02-01 08:00:00')",
            )
            worker.run(SECOND, lambda task, seconds: None)
            with running.worker("rcm_reconcile_keys") as comparing:
                comparing.run(SECOND, lambda task, seconds: None)
            yield running
    contract.sources.cache_clear()


def current(table: str, *columns: str) -> set[tuple[object, ...]]:
    found = rows("silver", table, ", ".join(columns), "is_current AND source_system = 'clinic_x'")
    return {tuple(row.values()) for row in found}


def test_nothing_is_held_or_refused(clinic: Pipeline) -> None:
    assert rows("audit", "quarantine") == []
    assert [row["state"] for row in rows("audit", "files")] == ["LANDED"]
    states = {row["state"] for row in rows("audit", "pipeline_runs")}
    assert states == {"SUCCEEDED"}


def test_charges_and_their_payments_add_up_in_gold(clinic: Pipeline) -> None:
    [total] = rows(
        "gold",
        "fact_transactions",
        "SUM(billed_amount) AS billed, SUM(paid_amount) AS paid, "
        "SUM(patient_paid_amount) AS by_patients, SUM(open_amount) AS still_open",
        "source_system = 'clinic_x'",
    )
    assert total == {
        "billed": Decimal("475.49"),
        "paid": Decimal("340.24"),
        "by_patients": Decimal("15.00"),
        "still_open": Decimal("120.25"),
    }


def test_a_later_payment_opens_a_version_of_its_charge(clinic: Pipeline) -> None:
    versions = rows(
        "silver", "transactions", "version, paid_amount", "transaction_id = '102' ORDER BY version"
    )
    assert versions == [
        {"version": 1, "paid_amount": Decimal("0.00")},
        {"version": 2, "paid_amount": Decimal("200.00")},
    ]
    assert len(rows("silver", "transactions", where="source_system = 'clinic_x'")) == 4


def test_names_are_split_and_words_and_constants_are_the_contracts(clinic: Pipeline) -> None:
    assert current("patients", "patient_id", "first_name", "last_name", "gender") == {
        ("1", "Ana", "Rivera", "Female"),
        ("2", "Pat", "O'Brien", "Male"),
    }
    assert current("providers", "first_name", "last_name") == {("Chidi", "Okafor")}
    assert current("encounters", "encounter_id", "encounter_type") == {
        ("10", "Outpatient"),
        ("11", "Outpatient"),
    }
    assert current("claims", "claim_id", "claim_status", "payer_type", "paid_amount") == {
        ("C-1", "Paid", "Private", Decimal("90.25")),
        ("C-2", "Paid", "Private", Decimal("49.99")),
        ("C-3", "Denied", "Private", Decimal("0.00")),
    }


def test_bronze_keeps_what_the_source_said(clinic: Pipeline) -> None:
    said = rows("bronze", "clinic_x_deliveries__claims", "DISTINCT Result AS result")
    assert {row["result"] for row in said} == {"Insurance Payment", "Turned Down"}
    names = rows("bronze", "clinic_x__people", "full_name")
    assert {row["full_name"] for row in names} == {"Rivera, Ana", "O'BRIEN, pat"}


def test_the_rows_of_a_query_are_compared_with_silver_like_a_tables(clinic: Pipeline) -> None:
    found = rows("audit", "dq_results", where="rule LIKE '%(transactions)' AND layer = 'source'")
    assert {row["rule"]: (row["rows_checked"], row["rows_failed"]) for row in found} == {
        "gone_at_source(transactions)": (3, 0),
        "overlooked_by_windows(transactions)": (3, 0),
        "changed_without_stamp(transactions)": (3, 0),
    }


def test_control_totals_balance_from_the_source_to_silver(clinic: Pipeline) -> None:
    loads = rows("audit", "table_loads", where="table_name IN ('transactions', 'claims')")
    assert {load["state"] for load in loads} == {"PUBLISHED"}
    [first] = [load for load in loads if load["load_id"] == "clinic_x.transactions.20260131"]
    assert (first["billed_landed"], first["paid_landed"]) == (Decimal("475.49"), Decimal("140.24"))
