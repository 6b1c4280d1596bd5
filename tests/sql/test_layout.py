"""Gold's tables and the views are created once and follow their declarations."""

from __future__ import annotations

import dataclasses

import pytest

from tests.warehouse_support import Warehouse
from utils.audit.tables import audit_table, create_audit_tables
from utils.errors import StateError
from utils.gcp import bigquery
from utils.gold.models import Column, Model, gold_models
from utils.gold.tables import create_gold_tables
from utils.orchestration.warehouse import create_views


def described(warehouse: Warehouse, table: str) -> dict[str, str | None]:
    found = bigquery.client().get_table(warehouse.environment.table("gold", table), timeout=30)
    return {field.name: field.description for field in found.schema}


def declared(name: str, columns: dict[str, Column]) -> dict[str, Model]:
    model = gold_models()[name]
    header = model.header.model_copy(update={"columns": columns})
    return {name: dataclasses.replace(model, header=header)}


def test_every_published_model_has_a_table_with_its_columns_and_no_other_does(
    warehouse: Warehouse,
) -> None:
    dataset = warehouse.environment.dataset("gold")
    tables = {table.table_id for table in bigquery.client().list_tables(dataset, timeout=30)}

    assert tables == {name for name, model in gold_models().items() if model.header.published}
    columns = gold_models()["fact_claims"].header.columns
    assert described(warehouse, "fact_claims") == {
        name: column.description for name, column in columns.items()
    }


def test_tables_carry_partitioning_clustering_and_key(warehouse: Warehouse) -> None:
    table = bigquery.client().get_table(
        warehouse.environment.table("gold", "fact_claims"), timeout=30
    )

    assert (table.time_partitioning.type_, table.time_partitioning.field) == (
        "MONTH",
        "service_date",
    )
    assert table.clustering_fields == ["source_system", "payer_key"]
    constraints = table.table_constraints
    assert constraints
    assert constraints.primary_key
    assert constraints.primary_key.columns == ["claim_key"]


def test_unchanged_declarations_send_no_statement(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = bigquery.client()
    for name in ("create_table", "update_table", "query"):
        monkeypatch.setattr(client, name, lambda *_, **__: pytest.fail("nothing was changed"))

    create_gold_tables(warehouse.environment)
    create_views(warehouse.environment)


def test_column_that_a_model_gained_is_added(warehouse: Warehouse) -> None:
    columns = gold_models()["kpi_revenue"].header.columns
    gained = {**columns, "refund_amount": Column(type="NUMERIC", description="Refunds in USD.")}

    create_gold_tables(warehouse.environment, declared("kpi_revenue", gained))

    assert described(warehouse, "kpi_revenue")["refund_amount"] == "Refunds in USD."


def test_column_that_a_model_lost_is_not_dropped_silently(warehouse: Warehouse) -> None:
    columns = dict(gold_models()["kpi_write_offs"].header.columns)
    del columns["write_off_rate"]

    with pytest.raises(StateError, match=r"write_off_rate \(\S+kpi_write_offs\).*drop the table"):
        create_gold_tables(warehouse.environment, declared("kpi_write_offs", columns))


def test_views_follow_the_bronze_tables_that_exist(warehouse: Warehouse) -> None:
    table = warehouse.environment.table("bronze", "hospital_a__patients")
    bigquery.query(
        f"CREATE OR REPLACE TABLE `{table}` AS "
        "SELECT 'L1' AS _load_id, TIMESTAMP '2025-01-01 00:00:00+00' AS _extracted_at "
        "FROM UNNEST([1, 2])"
    )

    create_views(warehouse.environment)

    assert warehouse.rows("bronze", "arrivals", "table_name, load_id, row_count") == [
        {"table_name": "hospital_a__patients", "load_id": "L1", "row_count": 2}
    ]


def test_column_that_an_audit_table_gained_is_added(warehouse: Warehouse) -> None:
    """An older installation's tables follow the newer code, and keep their rows."""
    table = audit_table("dq_results")
    bigquery.query(f"ALTER TABLE {table} DROP COLUMN examples")

    create_audit_tables()

    assert bigquery.query(f"SELECT examples FROM {table}") == []
