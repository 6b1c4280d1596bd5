"""The quarantine register, and batches and replays that change it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from tests.given_tables import Row
from tests.warehouse_support import Warehouse, hold_lease, named_run
from utils.audit.loads import Load
from utils.audit.runs import Run
from utils.batch.reports import LOADS, REPORTS
from utils.gcp import bigquery
from utils.silver.publication import publish_sql

RUN = Run(run_id="manual", dag_id="rcm_replay_quarantine", business_date=date(2025, 6, 30))
MONDAY, TUESDAY = "2025-06-02", "2025-06-03"  # names of loads
NOON = "2025-06-01T16:00:00+00:00"
LATER = "2025-06-01T17:00:00+00:00"


def held(load: str, row_id: int = 1, **row: Any) -> Row:
    """A row that a load holds; the load's name is its bound."""
    key = row.get("key", "C1")
    return {
        "entity": "claims",
        "source_system": "hospital_a",
        "load_id": load,
        "row_id": row_id,
        "record_key": key,
        "held_key": key or "no-key-1",
        "row_hash": "h1",
        "event_at": NOON,
        "observed_at": f"{load}T04:00:00+00:00",
        "rule": "claim_amount_negative",
        "rule_version": "v1",
        "rules": "claim_amount_negative",
        "reason": "A billed amount cannot be negative.",
        "billed_amount": "-5.50",
        "paid_amount": "1.00",
        **{name: value for name, value in row.items() if name != "key"},
    }


@dataclass(frozen=True)
class Ledger:
    """The ledger and the batches that change it."""

    warehouse: Warehouse

    def publish(
        self,
        batch_id: str,
        *rows: Row,
        accepted: tuple[Row, ...] = (),
        is_rebuild: bool = False,
        **staged: Any,
    ) -> None:
        """Stages a batch and publishes it; `versions` are new versions of claims."""
        content = {**staged, "quarantine": rows, "accepted": accepted}
        self.warehouse.stage_entity(batch_id, "claims", list(staged.get("versions", ())), [])
        for name, columns in REPORTS.items():
            rows_json = json.dumps(list(content.get(name, ())))
            self.warehouse.stage(batch_id, name, columns, rows_json)
        hold_lease("test")
        values = {
            **named_run("test").identity,
            "batch_id": batch_id,
            "batch_uri": f"gs://{batch_id}",
            "business_date": RUN.business_date,
        }
        bigquery.query(publish_sql(batch_id, ["claims"], is_rebuild=is_rebuild), values)

    def rows(self, columns: str) -> list[tuple[Any, ...]]:
        rows = self.warehouse.rows("audit", "quarantine", columns)
        return [tuple(row.values()) for row in rows]

    def states(self) -> list[tuple[str, int, str]]:
        return self.rows("load_id, row_id, state")

    def open_dollars(self) -> Decimal | None:
        where = "state = 'open'"
        [row] = self.warehouse.rows("audit", "quarantine", "SUM(billed_amount) AS billed", where)
        dollars: Decimal | None = row["billed"]
        return dollars


def load(load_id: str, **fields: Any) -> Load:
    named = {"load_id": load_id, "source_system": "hospital_a", "table_name": "claims"}
    return Load.model_validate({
        **named, "run_id": "daily", "business_date": "2025-06-02", "source": "payer_claims",
        "entity": "claims", "load_type": "file", "state": "PUBLISHED", "observed_at": NOON,
        "uri": "gs://lake/bronze/part-0.parquet", "planned_at": NOON, **fields,
    })  # fmt: skip


COUNTS = {name: 0 for name, _ in LOADS[3:]}


def publish_replay(ledger: Ledger) -> None:
    ledger.publish(
        "r1",
        held(MONDAY, 2, key="C2", rule="payer_id_missing", rule_version="v2"),
        loads=[
            {**COUNTS, "load_id": MONDAY, "rows_read": 2, "rows_merged": 1, "rows_quarantined": 1}
        ],
        dq=[{"entity": "claims", "source_system": "hospital_a", "load_id": MONDAY, "rule": "r",
             "severity": "warn", "rows_checked": 2, "rows_failed": 0}],
    )  # fmt: skip
