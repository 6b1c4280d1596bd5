"""How fail points get their names, and how a seed spreads faults over them."""

from __future__ import annotations

import json

import pytest

from tools.chaos import faults
from tools.chaos.faults import KINDS, Fault, Met
from tools.chaos.points import Asked, Names, Point


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
    first, again = (faults.met([opened, *order]) for order in (loads, loads[::-1]))
    assert first == again
    assert [point.place for point in first] == [0, 1, 1]


POINTS = [
    Met("storage: upload lake/bronze", "land", True, 2, 0),
    Met("storage: stat lake/bronze", "land", False, 4, 1),
    Met("mysql: connect to hospital_a", "land", False, 9, 2),
    Met("spark: wrote loads", "build_silver", True, 1, 3),
    Met("bigquery: publish silver", "publish_silver", True, 1, 4),
]


def test_the_same_seed_draws_the_same_faults() -> None:
    first, again = (faults.draw(POINTS, 30, "7", KINDS) for _ in range(2))
    assert first == again
    assert first != faults.draw(POINTS, 30, "8", KINDS)


def test_enough_faults_strike_every_durable_point() -> None:
    durable = {point.name for point in POINTS if point.is_durable}
    for seed in range(20):
        drawn = faults.draw(POINTS, len(durable), f"{seed}", KINDS)
        assert {fault.point for fault in drawn} == durable


def test_a_trial_has_no_fault_behind_one_that_lets_its_task_succeed() -> None:
    places = {point.name: point.place for point in POINTS}
    absorbed = Fault("429", "storage: upload lake/bronze", task="land")
    behind = Fault("503", "storage: stat lake/bronze", task="land")
    deadly = Fault("kill task", "storage: upload lake/bronze", task="land")
    elsewhere = Fault("lose", "bigquery: publish silver", task="publish_silver")
    assert faults.spread([absorbed, behind, elsewhere], places, 5) == [
        [absorbed, elsewhere],
        [behind],
    ]
    assert faults.spread([deadly, behind], places, 5) == [[deadly, behind]]


def test_a_task_that_is_run_again_takes_another_fault() -> None:
    places = {point.name: point.place for point in POINTS}
    absorbed = Fault("kill spark", "spark: wrote loads", task="build_silver")
    behind = Fault("disk full", "spark: wrote loads", task="build_silver")
    deadly = Fault("kill task", "bigquery: publish silver", task="publish_silver")
    assert faults.spread([absorbed, deadly, behind], places, 5) == [[absorbed, deadly, behind]]
    assert faults.spread([absorbed, behind, deadly], places, 5) == [[absorbed, deadly], [behind]]


def test_each_source_takes_a_fault_in_the_same_trial() -> None:
    places = {point.name: point.place for point in POINTS}
    first = Fault("429", "storage: upload lake/bronze", task="land[0]")
    second = Fault("503", "mysql: connect to hospital_a", task="land[1]")
    assert faults.spread([first, second], places, 5) == [[first, second]]


def test_step_of_a_mapped_task_is_the_same_for_every_source() -> None:
    steps = [Fault("429", "storage: upload", task=task).step for task in ("land[3]", "land[0]", "")]
    assert steps == ["land", "land", ""]
