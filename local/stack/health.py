"""Asks a service for an answer in its own protocol; each check raises NoAnswer without one."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from http import HTTPStatus
from http.client import HTTPException
from typing import Any

from local.errors import NoAnswer

TIMEOUT_SECONDS = 5
SESSION_ID = "00000000-0000-4000-8000-000000000000"


def mysql_answers(host: str, port: int, user: str, password: str, database: str) -> None:
    """Runs a query as the pipeline's user."""
    import MySQLdb

    try:
        connection = MySQLdb.connect(
            host=host,
            port=port,
            user=user,
            password=password,
            database=database,
            connect_timeout=TIMEOUT_SECONDS,
        )
        connection.cursor().execute("SELECT 1")
        connection.close()
    except MySQLdb.Error as error:
        raise NoAnswer(str(error)) from error


def storage_answers(endpoint: str, project: str, buckets: tuple[str, ...]) -> None:
    """Creates the buckets that are missing and reads each of them."""
    for bucket in buckets:
        url = f"{endpoint}/storage/v1/b/{bucket}"
        if _call(url)[0] == HTTPStatus.NOT_FOUND:
            _call(f"{endpoint}/storage/v1/b?project={project}", {"name": bucket})
        if (status := _call(url)[0]) != HTTPStatus.OK:
            raise NoAnswer(f"bucket {bucket}: status {status}")


def bigquery_answers(endpoint: str, project: str) -> None:
    """Runs a query."""
    url = f"{endpoint}/bigquery/v2/projects/{project}/queries"
    status, _ = _call(url, {"query": "SELECT 1", "useLegacySql": False})
    if status != HTTPStatus.OK:
        raise NoAnswer(f"query: status {status}")


def spark_answers(host: str, port: int) -> None:
    """Asks the Spark Connect server for its version."""
    import grpc
    from pyspark.sql.connect.proto import base_pb2, base_pb2_grpc

    question = base_pb2.AnalyzePlanRequest(
        session_id=SESSION_ID, spark_version=base_pb2.AnalyzePlanRequest.SparkVersion()
    )
    with grpc.insecure_channel(f"{host}:{port}") as channel:
        server = base_pb2_grpc.SparkConnectServiceStub(channel)  # type: ignore[no-untyped-call]
        try:
            server.AnalyzePlan(question, timeout=TIMEOUT_SECONDS)
        except grpc.RpcError as error:
            raise NoAnswer(str(error.code())) from error


def airflow_answers(endpoint: str) -> None:
    """Reads the health report: the scheduler and the DAG processor must be healthy."""
    status, report = _call(f"{endpoint}/api/v2/monitor/health")
    if status != HTTPStatus.OK:
        raise NoAnswer(f"health report: status {status}")
    for part in ("scheduler", "dag_processor"):
        if report[part]["status"] != "healthy":
            raise NoAnswer(f"{part} is not healthy yet")


def _call(url: str, body: dict[str, object] | None = None) -> tuple[int, Any]:
    """Returns the status and, if it is a success, the JSON answer; a body makes it a POST."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, None
    except (OSError, HTTPException) as error:
        raise NoAnswer(str(error)) from error
