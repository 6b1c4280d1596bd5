"""Gold of three small models over one silver table."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.given_tables import Row
    from tests.warehouse_support import Warehouse
    from utils.gold.models import Model

CHARGES = """/*---
description: Charges.
grain: one row per transaction
keys: [charge_key]
owner: tests
columns:
  charge_key: {type: STRING, description: Identity.}
  source_system: {type: STRING, description: Hospital.}
  billed_amount: {type: NUMERIC, description: Gross charge in USD.}
  visit_type: {type: STRING, description: Kind of visit.}
checks:
  - {range: {billed_amount: [0, null]}, named_by: [source_system, charge_key]}
  - {accepted: {visit_type: [Routine]}, severity: warn}
---*/
SELECT visit_type, transaction_key AS charge_key, source_system, amount AS billed_amount
FROM {{ ref("transactions_current") }}
"""
TOTALS = """/*---
description: Charges by hospital.
grain: one row per source system
keys: [source_system]
owner: tests
columns:
  source_system: {type: STRING, description: Hospital.}
  billed_amount: {type: NUMERIC, description: Gross charges in USD.}
  business_date: {type: DATE, description: The run's date.}
---*/
SELECT source_system, SUM(billed_amount) AS billed_amount, @business_date AS business_date
FROM {{ ref("charges") }}
GROUP BY source_system
"""
KINDS = """/*---
description: Kinds of visit of all hospitals.
grain: one row per kind
keys: [visit_type]
owner: tests
columns:
  visit_type: {type: STRING, description: Kind of visit.}
checks:
  - {accepted: {visit_type: [Routine, Odd, New]}}
---*/
SELECT DISTINCT visit_type FROM {{ ref("charges") }} WHERE visit_type IS NOT NULL
"""
DAY = date(2025, 6, 30)


class Gold:
    """Gold of two models over one silver table."""

    def __init__(self, warehouse: Warehouse, models: Mapping[str, Model]) -> None:
        self.warehouse, self.models = warehouse, models

    def refresh(
        self,
        run_id: str,
        *charges: Row,
        business_date: date = DAY,
        unbuilt: Mapping[str, str] | None = None,
    ) -> int:
        rows = [{"source_system": "hospital_a", "amount": 5, **charge} for charge in charges]
        self.warehouse.fill("transactions", rows)
        return self.warehouse.refresh(run_id, self.models, business_date, unbuilt)

    def kinds(self) -> list[object]:
        return [row["visit_type"] for row in self.warehouse.rows("gold", "kinds", "visit_type")]

    def standings(self) -> dict[str, tuple[object, ...]]:
        """Of each hospital the date that gold shows, since when it is held back, and why."""
        columns = "source_system, gold_date, held_back_since, reason"
        rows = self.warehouse.rows("audit", "gold_standings", columns)
        return {str(hospital): tuple(rest) for hospital, *rest in (row.values() for row in rows)}

    def charges(self) -> list[tuple[object, ...]]:
        columns = "charge_key, billed_amount, visit_type"
        rows = self.warehouse.rows("gold", "charges", columns)
        return [tuple(row.values()) for row in rows]

    def totals(self) -> list[tuple[object, ...]]:
        rows = self.warehouse.rows("gold", "totals", "source_system, billed_amount, business_date")
        return [tuple(row.values()) for row in rows]

    def publications(self, run_id: str) -> list[Row]:
        columns = "publication_id, layer, business_date"
        return self.warehouse.rows("audit", "publications", columns, f"run_id = '{run_id}'")

    def failed_checks(self, run_id: str) -> list[tuple[object, ...]]:
        columns = (
            "layer, entity, source_system, rule, severity, rows_checked, rows_failed, examples"
        )
        where = f"run_id = '{run_id}' AND rows_failed > 0"
        rows = self.warehouse.rows("audit", "dq_results", columns, where)
        return [tuple(row.values()) for row in rows]
