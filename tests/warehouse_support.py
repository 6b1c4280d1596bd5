"""Datasets that a SQL test module has for itself, and the run that writes them."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from google.cloud.bigquery import QueryJobConfig

from tests.given_tables import (
    BUSINESS_DATE,
    Row,
    column_types,
    given_name,
    given_table,
    in_order,
    rows_json,
)
from utils.audit import lease
from utils.audit.loads import Load, record_loads
from utils.audit.rows import now
from utils.audit.runs import Run
from utils.contracts.entities import entities
from utils.gcp import bigquery
from utils.gold.script import refresh_script
from utils.silver.names import staged_table

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    import pytest
    from google.cloud.bigquery import TableReference

    from utils.gold.models import Model
    from utils.settings import Settings


def use_settings(patch: pytest.MonkeyPatch, environment: Settings) -> None:
    """Gives every module of `utils` that asks for the settings another environment's."""
    for name, module in list(sys.modules.items()):
        if name.startswith("utils.") and name != "utils.settings" and hasattr(module, "settings"):
            patch.setattr(module, "settings", lambda: environment)


def named_run(run_id: str) -> Run:
    """The run of the tests' DAG with this id."""
    return Run(run_id=run_id, dag_id="tests", business_date=BUSINESS_DATE)


def hold_lease(run_id: str) -> None:
    """Gives a run the lease, whoever held it."""
    run = named_run(run_id)
    if not (holder := lease.take(run)).is_run(run):
        lease.take(run, instead_of=holder)


@dataclass(frozen=True)
class Warehouse:
    """Datasets that a test module has for itself."""

    environment: Settings

    def fill(self, entity: str, rows: list[Row]) -> None:
        """Replaces the content of a silver table."""
        columns = column_types(entity)
        table = f"`{self.environment.table('silver', entity)}`"
        bigquery.query(
            f"{given_table(entity, columns)}\nDELETE FROM {table} WHERE TRUE;\n"
            f"INSERT INTO {table} ({', '.join(columns)}) "
            f"SELECT {', '.join(columns)} FROM {given_name(entity)};",
            {given_name(entity): rows_json(entity, rows)},
        )

    def stage_entity(
        self, batch_id: str, entity: str, versions: list[Row], revisions: list[Row]
    ) -> None:
        """Stages a batch's rows of an entity."""
        content = {"versions": rows_json(entity, versions), "revisions": json.dumps(revisions)}
        for table in entities()[entity].silver_tables():
            columns = list(column_types(table.name).items())
            self.stage(batch_id, table.name, columns, content[table.folder])

    def stage(
        self, batch_id: str, name: str, columns: list[tuple[str, str]], rows_json: str = "[]"
    ) -> None:
        """Fills a staging table of a batch."""
        table = f"`{staged_table(batch_id, name)}`"
        declared = ", ".join(" ".join(column) for column in columns)
        bigquery.query(
            f"CREATE OR REPLACE TABLE {table} ({declared});\n"
            f"{given_table(name, dict(columns))}\n"
            f"INSERT INTO {table} SELECT * FROM {given_name(name)};",
            {given_name(name): rows_json},
        )

    def refresh(
        self,
        run_id: str,
        models: Mapping[str, Model] | None = None,
        business_date: date = BUSINESS_DATE,
        unbuilt: Mapping[str, str] | None = None,
    ) -> int:
        """Runs the gold script and returns how many rows of gold it wrote or removed."""
        hold_lease(run_id)
        left_out = [{"source_system": name, "reason": why} for name, why in (unbuilt or {}).items()]
        values = {
            **named_run(run_id).identity,
            "business_date": business_date,
            "unbuilt": json.dumps(left_out),
        }
        config = QueryJobConfig(
            query_parameters=[bigquery.parameter(name, value) for name, value in values.items()]
        )
        client = bigquery.client()
        script = refresh_script(self.environment, models, unbuilt or ())
        job = client.query(script, job_config=config, timeout=30)
        job.result(timeout=120)
        return sum(
            child.num_dml_affected_rows or 0
            for child in client.list_jobs(parent_job=job.job_id, timeout=30)
            if any(self._is_gold(table) for table in child.referenced_tables or [])
        )

    def knows_hospitals(self, *hospitals: str) -> None:
        """Records a load for each, as a run does before gold is built."""
        record_loads(
            [
                Load(
                    load_id=f"known-{name}",
                    run_id="known",
                    business_date=BUSINESS_DATE,
                    source=name,
                    source_system=name,
                    table_name="charges",
                    entity="transactions",
                    load_type="full",
                    state="PUBLISHED",
                    planned_at=now(),
                )
                for name in hospitals
            ]
        )

    def _is_gold(self, table: TableReference) -> bool:
        return table.dataset_id == self.environment.dataset("gold")

    def rows(self, layer: str, table: str, columns: str, where: str = "TRUE") -> list[Row]:
        """Rows of a table in order of the columns."""
        name = self.environment.table(layer, table)
        return in_order(bigquery.query(f"SELECT {columns} FROM `{name}` WHERE {where}"))
