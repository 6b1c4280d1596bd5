"""Bronze's tables hold what a load brought once, however often its task died."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import pytest

from tests.landing_support import put
from tests.sql_support import BUSINESS_DATE, Warehouse
from utils.audit.loads import find_loads
from utils.audit.runs import Run
from utils.contracts.sources import FileSource, sources
from utils.gcp import bigquery, storage
from utils.landing import land as loads

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
        patch.setattr(bigquery, "load_parquet", _die_after(bigquery.load_parquet))
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


def _die_after(load_parquet: object) -> object:
    def carried_out_and_died(*args: object, **options: object) -> None:
        load_parquet(*args, **options)  # type: ignore[operator]
        raise KeyboardInterrupt

    return carried_out_and_died
