"""The emulator's replacements answer as the emulator does, whatever was translated before."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from google.api_core.exceptions import BadRequest, NotFound
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

from tests.conftest import Stack

TIMEOUT = 30.0


@pytest.fixture
def client(stack_environment: Stack) -> bigquery.Client:
    return bigquery.Client(os.environ["GOOGLE_CLOUD_PROJECT"], credentials=AnonymousCredentials())


@pytest.fixture
def dataset(client: bigquery.Client, request: pytest.FixtureRequest) -> Iterator[str]:
    name = f"{client.project}.{request.node.name.split('[')[0][:60]}"
    client.create_dataset(name, timeout=TIMEOUT)
    yield name
    client.delete_dataset(name, delete_contents=True, timeout=TIMEOUT)


def ask(client: bigquery.Client, sql: str, **values: int) -> list[tuple[object, ...]]:
    parameters = [bigquery.ScalarQueryParameter(n, "INT64", v) for n, v in values.items()]
    config = bigquery.QueryJobConfig(query_parameters=parameters)
    rows = client.query_and_wait(sql, job_config=config, api_timeout=TIMEOUT, wait_timeout=TIMEOUT)
    return [tuple(row.values()) for row in rows]


def test_script_sees_the_tables_as_it_changed_them(client: bigquery.Client, dataset: str) -> None:
    script = f"""
        CREATE TABLE `{dataset}.days` (day INT64);
        INSERT INTO `{dataset}.days` (day) VALUES (1), (2);
        ALTER TABLE `{dataset}.days` ADD COLUMN note STRING;
        INSERT INTO `{dataset}.days` (day, note) VALUES (3, 'late');
        DELETE FROM `{dataset}.days` WHERE note IS NULL AND day = 1;
        SELECT * FROM `{dataset}.days` ORDER BY day;
    """
    assert ask(client, script) == [(2, None), (3, "late")]
    client.query_and_wait(f"DROP TABLE `{dataset}.days`", wait_timeout=TIMEOUT)
    assert ask(client, script) == [(2, None), (3, "late")]


def test_wrong_statement_fails_when_its_turn_comes(client: bigquery.Client, dataset: str) -> None:
    with pytest.raises((BadRequest, NotFound), match="nowhere"):
        ask(
            client,
            f"""
            CREATE TABLE `{dataset}.kept` (day INT64);
            INSERT INTO `{dataset}.kept` (day) VALUES (7);
            INSERT INTO `{dataset}.kept` (day) SELECT day FROM `{dataset}.nowhere`;
            INSERT INTO `{dataset}.kept` (day) VALUES (8);
            """,
        )
    assert ask(client, f"SELECT day FROM `{dataset}.kept`") == [(7,)]


def test_script_that_comes_again_takes_the_values_of_its_time(client: bigquery.Client) -> None:
    script = """
        DECLARE wanted INT64 DEFAULT @given;
        CREATE TEMP TABLE numbers (number INT64) AS SELECT wanted + 1 AS number;
        IF wanted > 10 THEN
          SET wanted = (SELECT MAX(number) FROM numbers);
        ELSE
          SET wanted = 0;
        END IF;
        SELECT wanted, number FROM numbers;
    """
    assert ask(client, script, given=20) == [(21, 21)]
    assert ask(client, script, given=5) == [(0, 6)]
    assert ask(client, script, given=30) == [(31, 31)]


def test_temporary_tables_of_one_name_are_apart(client: bigquery.Client) -> None:
    number = "CREATE TEMP TABLE own AS SELECT 1 AS item;\nSELECT * FROM own;"
    text = "CREATE TEMP TABLE own AS SELECT 'a' AS other, 2.5 AS more;\nSELECT * FROM own;"
    assert ask(client, number) == [(1,)]
    assert ask(client, text) == [("a", 2.5)]
    assert ask(client, number) == [(1,)]


def test_statement_sees_what_a_table_has_gained(client: bigquery.Client, dataset: str) -> None:
    table = bigquery.Table(f"{dataset}.grown", [bigquery.SchemaField("day", "INT64")])
    client.create_table(table, timeout=TIMEOUT)
    ask(client, f"INSERT INTO `{dataset}.grown` (day) VALUES (1)")
    select = f"SELECT * FROM `{dataset}.grown`"
    assert ask(client, select) == [(1,)]
    table.schema = [*table.schema, bigquery.SchemaField("note", "STRING")]
    client.update_table(table, ["schema"], timeout=TIMEOUT)
    assert ask(client, select) == [(1, None)]
    found = client.get_table(table, timeout=TIMEOUT)
    assert [field.name for field in found.schema] == ["day", "note"]
    assert found.num_rows == 1
    client.delete_table(table, timeout=TIMEOUT)
    with pytest.raises(NotFound):
        ask(client, select)


def test_recreated_view_answers_by_its_new_query(client: bigquery.Client, dataset: str) -> None:
    select = f"SELECT * FROM `{dataset}.shown`"
    ask(client, f"CREATE VIEW `{dataset}.shown` AS SELECT 1 AS day")
    assert ask(client, select) == [(1,)]
    ask(client, f"CREATE OR REPLACE VIEW `{dataset}.shown` AS SELECT 'x' AS text, 2 AS day")
    assert ask(client, select) == [("x", 2)]
