"""What audit says of delivered files: gaps between months, columns that drift, corrections."""

from __future__ import annotations

import json
from pathlib import Path
from uuid import uuid4

import pytest

from tests.given_tables import BUSINESS_DATE
from tests.landing_support import put
from tests.warehouse_support import Warehouse
from utils.audit.loads import find_loads
from utils.audit.runs import Run
from utils.audit.tables import audit_table
from utils.contracts.source_file import FileSource
from utils.contracts.sources import sources
from utils.errors import FileRefused
from utils.gcp import bigquery, storage
from utils.landing import land as loads

RUN = Run(run_id="first", dag_id="rcm_daily", business_date=BUSINESS_DATE)
NEXT = Run(run_id="next", dag_id="rcm_daily", business_date=BUSINESS_DATE)


class Payer:
    """The source of monthly claim files, in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.place = f"t{uuid4().hex[:12]}"
        source = sources()["payer_claims"]
        assert isinstance(source, FileSource)
        self._source = source
        self.columns = [*source.tables["claims"].columns.values(), "ModifiedDate"]

    def deliver(self, name: str, claim: str, columns: list[str] | None = None) -> None:
        """Puts a file with one claim into the landing bucket."""
        names = columns or self.columns
        content = ",".join(names) + "\n" + ",".join([claim] * len(names)) + "\n"
        put(f"{self.place}/{name}", content.encode(), self.folder)

    def land(self, run: Run, **policy: str) -> None:
        """Lands what was delivered and not landed yet."""
        changes = {"files": f"{self.place}/{{source_system}}/*.csv", **policy}
        table = self._source.tables["claims"].model_copy(update=changes)
        loads.land(self._source.model_copy(update={"tables": {"claims": table}}), run, None)


@pytest.fixture
def payer(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Payer:
    storage.client.cache_clear()
    bigquery.query(f"DELETE FROM {audit_table('files')} WHERE TRUE")
    return Payer(tmp_path)


def gaps(warehouse: Warehouse, run: Run) -> dict[tuple[str, str], int]:
    """Per hospital and month, and for the look at all files, how many failed to come."""
    where = f"layer = 'bronze' AND run_id = '{run.run_id}' AND severity = 'warn'"
    rows = warehouse.rows("audit", "dq_results", "source_system, rule, rows_failed", where)
    return {(row["source_system"], row["rule"]): row["rows_failed"] for row in rows}


def test_missing_month_is_a_warning_until_its_file_arrives(
    warehouse: Warehouse, payer: Payer, caplog: pytest.LogCaptureFixture
) -> None:
    payer.deliver("hospital_a/claims_2024-01.csv", "C1")
    payer.deliver("hospital_a/claims_2024-03.csv", "C3")
    payer.deliver("hospital_b/claims_2024-02.csv", "C2")

    payer.land(RUN)

    assert gaps(warehouse, RUN) == {
        ("payer_claims", "landed(claims)"): 0,
        ("hospital_a", "month_delivered(2024-01)"): 0,
        ("hospital_a", "month_delivered(2024-02)"): 1,
        ("hospital_a", "month_delivered(2024-03)"): 0,
        ("hospital_b", "month_delivered(2024-02)"): 0,
    }
    assert "no claims file of hospital_a came for 2024-02" in caplog.text

    payer.deliver("hospital_a/claims_2024-02.csv", "C2 of February")
    payer.land(NEXT)

    assert set(gaps(warehouse, NEXT).values()) == {0}


def test_refused_file_leaves_its_month_missing(warehouse: Warehouse, payer: Payer) -> None:
    run = RUN.model_copy(update={"run_id": "refused"})
    payer.deliver("hospital_a/claims_2024-01.csv", "C1")
    payer.deliver("hospital_a/claims_2024-02.csv", "C2", payer.columns[1:])
    payer.deliver("hospital_a/claims_2024-03.csv", "C3")

    with pytest.raises(FileRefused, match="column ClaimID"):
        payer.land(run)

    assert gaps(warehouse, run)["hospital_a", "month_delivered(2024-02)"] == 1
    assert gaps(warehouse, run)["payer_claims", "landed(claims)"] == 1


@pytest.mark.parametrize(
    "policy", [pytest.param("ignore", id="B08-ignore"), pytest.param("refuse", id="B08-refuse")]
)
def test_extra_column_is_recorded_or_refused_as_the_contract_says(
    payer: Payer, policy: str
) -> None:
    """Either way audit names it."""
    payer.deliver("hospital_a/claims_2024-01.csv", f"C1 {policy}", [*payer.columns, "Note"])

    if policy == "refuse":
        with pytest.raises(FileRefused, match="column Note"):
            payer.land(RUN, extra_columns=policy)
        [load] = find_loads("error LIKE '%column Note%'")
        assert load.state == "FAILED"
    else:
        payer.land(RUN, extra_columns=policy)
        [load] = find_loads("schema_events LIKE '%Note%'")
        assert json.loads(load.schema_events or "{}") == {"extra_columns": ["Note"]}


def test_renamed_optional_column_is_recorded_as_such(payer: Payer) -> None:
    """B07: NULL in silver, and audit says where the values perhaps went."""
    renamed = [{"Copay": "Co_Pay"}.get(name, name) for name in payer.columns]
    payer.deliver("hospital_a/claims_2024-01.csv", "C1 renamed", renamed)

    payer.land(RUN)

    [load] = find_loads("schema_events LIKE '%Co_Pay%'")
    assert json.loads(load.schema_events or "{}") == {
        "missing_columns": ["Copay"],
        "extra_columns": ["Co_Pay"],
        "perhaps_renamed": {"Copay": "Co_Pay"},
    }


def test_corrected_file_of_the_same_name_is_a_load_beside_the_old_one(
    warehouse: Warehouse, payer: Payer
) -> None:
    """B20: both stay in bronze; the later delivery is observed later, so its lines count."""
    payer.deliver("hospital_b/claims_2024-01.csv", "wrong")
    payer.land(RUN)
    payer.deliver("hospital_b/claims_2024-01.csv", "right")
    payer.land(NEXT)

    rows = warehouse.rows("bronze", "payer_claims__claims", "ClaimID, _load_id")
    lines = {row["ClaimID"]: row["_load_id"] for row in rows}
    known = {load.load_id: load for load in find_loads("source_system = 'hospital_b'")}
    old, new = known[lines["wrong"]], known[lines["right"]]
    assert old.observed_at is not None
    assert new.observed_at is not None
    assert old.observed_at < new.observed_at
