"""How fail points get their names."""

from __future__ import annotations

import json

import pytest

from tools.chaos.points import Asked, Names, Point, met


def _query(sql: str, **values: str) -> Asked:
    parameters = [
        {"name": name, "parameterValue": {"value": value}} for name, value in values.items()
    ]
    body = {
        "jobReference": {"jobId": "j1"},
        "configuration": {"query": {"query": sql, "queryParameters": parameters}},
    }
    return Asked("POST", "/bigquery/v2/projects/p/jobs", json.dumps(body).encode())


@pytest.mark.parametrize(
    ("asked", "name", "is_durable"),
    [
        pytest.param(
            _query(
                "MERGE `p.healthcare_rcm_audit.table_loads` AS known USING x",
                content='[{"source": "hospital_a", "state": "LANDED"}]',
            ),
            "bigquery: MERGE audit.table_loads hospital_a LANDED",
            True,
            id="upsert-names-source-and-state",
        ),
        pytest.param(
            _query("SELECT 1 FROM `p.healthcare_rcm_audit.files`", source="hospital_b"),
            "bigquery: SELECT audit.files hospital_b",
            False,
            id="select-changes-nothing",
        ),
        pytest.param(
            _query("DECLARE x STRING; SELECT 'silver' FROM `p.healthcare_rcm_audit.files`"),
            "bigquery: publish silver",
            True,
            id="script-publishes-a-layer",
        ),
        pytest.param(
            Asked(
                "POST",
                "/bigquery/v2/projects/p/jobs",
                b'{"configuration": {"load": {"destinationTable": '
                b'{"datasetId": "healthcare_rcm_bronze", "tableId": "hospital_a__patients"}}}}',
            ),
            "bigquery: load bronze.hospital_a__patients",
            True,
            id="load-job",
        ),
        pytest.param(
            Asked("GET", "/bigquery/v2/projects/p/datasets/healthcare_rcm_gold/tables"),
            "bigquery: look up tables of gold",
            False,
            id="list-of-tables",
        ),
        pytest.param(
            Asked(
                "POST",
                "/upload/storage/v1/b/rcm-lake/o?uploadType=multipart",
                b'--x\r\n\r\n{"name": "bronze/a/patients/load_id=a.1/part-0.parquet"}',
            ),
            "storage: upload lake/bronze/a/patients",
            True,
            id="upload-without-the-load",
        ),
        pytest.param(
            Asked(
                "POST",
                "/storage/v1/b/rcm-landing/o/claims%2Fx.csv/rewriteTo/b/rcm-lake/o/"
                "archive%2Fpayer_claims%2Fabc%2Fx.csv",
            ),
            "storage: copy to lake/archive/payer_claims",
            True,
            id="copy-without-the-content",
        ),
    ],
)
def test_a_request_is_named_without_what_differs_between_runs(
    asked: Asked, name: str, is_durable: bool
) -> None:
    names = Names()
    point = names.storage(asked) if "/storage/" in asked.target else names.bigquery(asked)
    assert point == Point(name, is_durable)


def test_the_result_of_a_job_is_named_after_the_job() -> None:
    names = Names()
    names.bigquery(_query("UPDATE `p.healthcare_rcm_audit.table_loads` SET x = 1"))
    point = names.bigquery(Asked("GET", "/bigquery/v2/projects/p/queries/j1?maxResults=0"))
    assert point == Point("bigquery: result of UPDATE audit.table_loads", False)


def test_the_result_of_a_query_without_an_id_is_named_after_its_request() -> None:
    names = Names()
    body = {"query": "SELECT 1 FROM `p.healthcare_rcm_audit.files`", "requestId": "r1"}
    asked = Asked("POST", "/bigquery/v2/projects/p/queries", json.dumps(body).encode())
    assert names.bigquery(asked) == Point("bigquery: SELECT audit.files", False)
    point = names.bigquery(Asked("GET", "/bigquery/v2/projects/p/queries/r1?maxResults=0"))
    assert point == Point("bigquery: result of SELECT audit.files", False)


def test_loads_that_run_side_by_side_are_met_in_no_order() -> None:
    opened = (Point("bigquery: MERGE audit.table_loads", True), "land")
    loads = [(Point(f"bigquery: load bronze.{name}", True), "land") for name in ("a", "b")]
    first, again = (met([opened, *order]) for order in (loads, loads[::-1]))
    assert first == again
    assert [point.place for point in first] == [0, 1, 1]
