"""Bronze's tables hold what a load brought once, however often its task died."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from google.api_core.exceptions import BadRequest

from tests.given_tables import BUSINESS_DATE
from tests.landing_support import put
from tests.warehouse_support import Warehouse
from utils.audit.loads import find_loads
from utils.audit.runs import Run
from utils.contracts.source_file import FileSource
from utils.contracts.sources import sources
from utils.errors import SourceError
from utils.gcp import bigquery, storage
from utils.landing import land as loads

if TYPE_CHECKING:
    from collections.abc import Sequence

RUN = Run(run_id="first", dag_id="rcm_daily", business_date=BUSINESS_DATE)
CODES = (
    b"Procedure Code Category,CPT Codes,Procedure Code Descriptions,Code Status\nE,99213,Visit,A\n"
)


@pytest.fixture
def codes(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FileSource:
    """A source that delivered one file of one row."""
    storage.client.cache_clear()
    source = sources()["reference_codes"]
    assert isinstance(source, FileSource)
    folder = f"t{uuid4().hex[:12]}"
    put(f"{folder}/codes.csv", CODES, tmp_path)
    table = source.tables["cptcodes"].model_copy(update={"files": f"{folder}/*.csv"})
    return source.model_copy(update={"tables": {"cptcodes": table}})


def arrived(warehouse: Warehouse) -> int:
    return len(warehouse.rows("bronze", "reference_codes__cptcodes", "_load_id"))


def test_load_that_died_before_audit_knew_is_there_once(
    warehouse: Warehouse, codes: FileSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A19, F03: the rows are in bronze, the task dies, its next attempt brings them again."""
    with monkeypatch.context() as patch:
        patch.setattr(bigquery, "load_each", _die_after(bigquery.load_each))
        with pytest.raises(KeyboardInterrupt):
            loads.land(codes, RUN, None)
    assert arrived(warehouse) == 1, "the first attempt must have come as far as bronze"

    assert loads.land(codes, RUN, None) == 1

    assert arrived(warehouse) == 1
    [load] = find_loads("source = 'reference_codes'")
    assert (load.state, load.rows_landed) == ("LANDED", 1)


def test_content_that_landed_before_is_recognised(warehouse: Warehouse, codes: FileSource) -> None:
    """B19: the same bytes under another name."""
    loads.land(codes, RUN, None)
    assert loads.land(codes, RUN, None) == 0
    assert arrived(warehouse) == 1


def test_a_job_is_told_the_columns_of_its_files(
    warehouse: Warehouse, codes: FileSource, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """BigQuery takes the columns of the alphabetically last file else, and loses the others."""
    folder = codes.tables["cptcodes"].files.removesuffix("*.csv")
    put(f"{folder}short.csv", b"CPT Codes\n10000\n", tmp_path)
    put(f"{folder}whole1.csv", b"CPT Codes,Code Status\n10001,A\n", tmp_path)
    put(f"{folder}whole2.csv", b"Code Status,CPT Codes\nB,10002\n", tmp_path)
    jobs: list[bigquery.ParquetLoad] = []
    load_each = bigquery.load_each

    def observed(loads: Sequence[bigquery.ParquetLoad]) -> list[Exception | None]:
        jobs.extend(loads)
        return load_each(loads)

    monkeypatch.setattr(bigquery, "load_each", observed)

    loads.land(codes, RUN, None)

    told = {len(job.uris): [field.to_api_repr() for field in job.config().schema] for job in jobs}
    technical = {
        "_load_id": "STRING",
        "_row_id": "INT64",
        "_extracted_at": "TIMESTAMP",
        "_source_file": "STRING",
    }
    assert {
        files: {field["name"]: field["type"] for field in fields} for files, fields in told.items()
    } == {
        1: {"CPT_Codes": "STRING", **technical},
        2: {"CPT_Codes": "STRING", "Code_Status": "STRING", **technical},
    }
    rows = warehouse.rows("bronze", "reference_codes__cptcodes", "CPT_Codes, Code_Status")
    assert {("10000", None), ("10001", "A"), ("10002", "B")} <= {
        tuple(row.values()) for row in rows
    }


def test_a_table_of_other_types_refuses_its_loads_and_no_others(
    warehouse: Warehouse, codes: FileSource, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As BigQuery refuses the append; the load is not left as planned for good."""
    table = warehouse.environment.table("bronze", "reference_codes__other")
    bigquery.query(f"CREATE TABLE `{table}` (_load_id STRING, CPT_Codes INT64)")
    [sound] = codes.tables.values()
    other = sound.model_copy(update={"files": sound.files.replace("/", "-other/")})
    put(other.files.replace("*", "codes"), b"CPT Codes\n20000\n", tmp_path)
    put(sound.files.replace("*", "sound"), b"CPT Codes\n20001\n", tmp_path)
    codes = codes.model_copy(update={"tables": {"other": other, "cptcodes": sound}})
    declared = {**sources(), codes.name: codes}
    monkeypatch.setattr("utils.landing.outcomes.sources", lambda: declared)

    with pytest.raises(SourceError, match="CPT_Codes is INT64 there and STRING now.*Rename"):
        loads.land(codes, RUN, None)

    [refused] = find_loads("table_name = 'other'")
    assert (refused.state, refused.rows_landed) == ("FAILED", None)
    assert "CPT_Codes is INT64" in (refused.error or "")
    rows = warehouse.rows("bronze", "reference_codes__cptcodes", "CPT_Codes")
    assert "20001" in {row["CPT_Codes"] for row in rows}


def test_rows_that_bigquery_does_not_take_are_a_failed_load(
    warehouse: Warehouse, codes: FileSource, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(codes.tables["cptcodes"].files.replace("*", "new"), b"CPT Codes\n30000\n", tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(bigquery, "load_each", lambda jobs: [BadRequest("a value") for _ in jobs])
        with pytest.raises(SourceError, match=r"did not take the rows \(BadRequest\)"):
            loads.land(codes, RUN, None)
    failed = {load.load_id for load in find_loads("state = 'FAILED' AND table_name = 'cptcodes'")}
    assert failed

    assert loads.land(codes, RUN, None) == len(failed)

    assert failed <= {load.load_id for load in find_loads("state = 'LANDED'")}


def _die_after(load_each: object) -> object:
    def carried_out_and_died(*args: object, **options: object) -> None:
        load_each(*args, **options)  # type: ignore[operator]
        raise KeyboardInterrupt

    return carried_out_and_died
