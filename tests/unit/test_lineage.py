"""Every column of gold is followed to the columns that it is made from."""

from __future__ import annotations

import re

import pytest

from tools.lineage.__main__ import tree
from tools.lineage.graph import gold_lineage, lineage
from tools.lineage.queries import of_expression, of_query
from tools.lineage.shapes import Column, Way
from utils.contracts.entities import entities
from utils.errors import ConfigError
from utils.gold.models import gold_models

TABLES = {
    "people": ["id", "name", "ssn", "born"],
    "bills": ["id", "person_id", "amount", "due"],
}


def made_from(sql: str) -> dict[str, dict[str, str]]:
    found = of_query(sql, lambda _schema, table: TABLES.get(table, []), "test.sql")
    return {
        name: {f"{column.table}.{column.name}": way.label for column, way in sources.items()}
        for name, sources in found.items()
    }


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        pytest.param("name", {"people.name": "value"}, id="itself"),
        pytest.param(
            "UPPER(p.name) || ssn", {"people.name": "value", "people.ssn": "value"}, id="computed"
        ),
        pytest.param("DATE_TRUNC(born, ISOWEEK)", {"people.born": "value"}, id="part of a date"),
        pytest.param("'a'", {}, id="constant"),
        pytest.param("COUNT(*)", {}, id="number of rows"),
        pytest.param("COUNT(DISTINCT ssn)", {"people.ssn": "counted"}, id="count"),
        pytest.param("COUNTIF(born < @business_date)", {"people.born": "counted"}, id="count if"),
        pytest.param("ssn IS NOT NULL", {"people.ssn": "counted"}, id="presence"),
        pytest.param("MAX(name)", {"people.name": "value"}, id="aggregate"),
        pytest.param(
            "IF(ssn IS NULL, NULL, name)",
            {"people.ssn": "counted", "people.name": "value"},
            id="if",
        ),
        pytest.param(
            "CASE WHEN born < '1990-01-01' THEN 'old' ELSE name END",
            {"people.born": "condition", "people.name": "value"},
            id="case",
        ),
        pytest.param(
            "CASE ssn WHEN '1' THEN 'one' END", {"people.ssn": "condition"}, id="case of a value"
        ),
        pytest.param("CASE WHEN TRUE THEN ssn END", {"people.ssn": "value"}, id="value of a case"),
        pytest.param("ROW_NUMBER() OVER (PARTITION BY ssn ORDER BY born)", {}, id="place"),
        pytest.param("LAG(name) OVER (ORDER BY born)", {"people.name": "value"}, id="window"),
        pytest.param(
            "ARRAY_AGG(name ORDER BY born LIMIT 1)[OFFSET(0)]", {"people.name": "value"}, id="first"
        ),
        pytest.param("STRUCT(name AS a, ssn AS b).a", {"people.name": "value"}, id="field"),
        pytest.param(
            "[STRUCT(name AS a, id AS c), STRUCT(ssn AS b, 'x' AS d), (born, NULL)][OFFSET(1)].a",
            {"people.name": "value", "people.ssn": "value", "people.born": "value"},
            id="array names its fields by the first element",
        ),
        pytest.param(
            "IF(TRUE, STRUCT(name AS a), STRUCT(ssn AS b)).a",
            {"people.name": "value", "people.ssn": "value"},
            id="fields of other names",
        ),
        pytest.param(
            "TO_JSON_STRING(p)",
            dict.fromkeys(["people.id", "people.name", "people.ssn", "people.born"], "value"),
            id="whole row",
        ),
        pytest.param(
            "(SELECT MAX(amount) FROM silver.bills AS b WHERE b.person_id = p.id)",
            {"bills.amount": "value"},
            id="subquery",
        ),
        pytest.param(
            "EXISTS (SELECT ssn FROM silver.people)", {"people.ssn": "counted"}, id="exists"
        ),
    ],
)
def test_expression_is_followed(expression: str, expected: dict[str, str]) -> None:
    assert made_from(f"SELECT {expression} AS x FROM silver.people AS p") == {"x": expected}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        pytest.param(
            "WITH people AS (SELECT ssn AS name FROM silver.people) SELECT name FROM people",
            {"name": {"people.ssn": "value"}},
            id="a query named as the table that it reads",
        ),
        pytest.param(
            "SELECT name, 'x' AS note FROM silver.people"
            " UNION ALL SELECT 'y', ssn FROM silver.people",
            {"name": {"people.name": "value"}, "note": {"people.ssn": "value"}},
            id="union by place",
        ),
        pytest.param(
            "SELECT b.amount, name FROM silver.bills AS b"
            " JOIN silver.people AS p ON b.person_id = p.id WHERE ssn = '1' GROUP BY ALL",
            {"amount": {"bills.amount": "value"}, "name": {"people.name": "value"}},
            id="joins and filters are no lineage",
        ),
        pytest.param(
            "SELECT e.kind, e.amount, place FROM silver.people CROSS JOIN"
            " UNNEST([STRUCT('a' AS kind, name AS amount), ('b', ssn)]) AS e WITH OFFSET AS place",
            {
                "kind": {},
                "amount": {"people.name": "value", "people.ssn": "value"},
                "place": {},
            },
            id="unnested structs by field",
        ),
        pytest.param(
            "WITH a AS (SELECT [STRUCT('a' AS kind, ssn AS text)] AS parts FROM silver.people)"
            " SELECT kind, text FROM a CROSS JOIN UNNEST(a.parts)",
            {"kind": {}, "text": {"people.ssn": "value"}},
            id="array that another query makes",
        ),
        pytest.param(
            "WITH a AS (SELECT id, name, ssn FROM silver.people)"
            " SELECT a.* EXCEPT (ssn), due FROM a JOIN silver.bills AS b ON a.id = b.person_id",
            {
                "id": {"people.id": "value"},
                "name": {"people.name": "value"},
                "due": {"bills.due": "value"},
            },
            id="star of a relation",
        ),
        pytest.param(
            "WITH a AS (SELECT name, ssn FROM silver.people) SELECT * REPLACE ('x' AS ssn) FROM a"
            " UNION ALL SELECT * FROM a",
            {"name": {"people.name": "value"}, "ssn": {"people.ssn": "value"}},
            id="union of stars",
        ),
        pytest.param(
            "SELECT x FROM (SELECT COUNT(name) AS x FROM silver.people)",
            {"x": {"people.name": "counted"}},
            id="what is counted stays a count",
        ),
    ],
)
def test_query_is_followed(query: str, expected: dict[str, dict[str, str]]) -> None:
    assert made_from(query) == expected


@pytest.mark.parametrize(
    ("query", "message"),
    [
        pytest.param("SELECT dogs.* FROM silver.people", "`dogs` is not read", id="star"),
        pytest.param("SELECT age FROM silver.people", "`age` is no column", id="column"),
        pytest.param("SELECT name FROM silver.dogs", "`silver.dogs` is no table", id="table"),
        pytest.param("SELECT name FROM people", "`people` is no query", id="no schema"),
        pytest.param("SELECT name FROM", "cannot be followed", id="syntax"),
        pytest.param(
            "SELECT id, name FROM silver.people UNION ALL SELECT id FROM silver.people",
            "differ in their columns",
            id="union",
        ),
    ],
)
def test_what_cannot_be_followed_is_an_error_that_names_the_file(query: str, message: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(message)) as error:
        made_from(query)
    assert error.value.where == "test.sql"


def test_spark_expression_is_followed() -> None:
    address = Column("silver", "patients", "address")

    made = of_expression(
        "regexp_extract(address, '[0-9]+', 0)", {"address": {address: Way.VALUE}}, "x"
    )

    assert made == {address: Way.VALUE}


def test_amount_is_followed_from_the_source_to_the_kpi() -> None:
    steps = [
        line.strip() for line in tree(gold_lineage(), "gold.kpi_credit_balances.credit_amount")
    ]

    assert steps[:3] == [
        "gold.kpi_credit_balances.credit_amount",
        "gold.fact_ar_balances.credit_amount",
        "gold.fact_ledger.posted_amount",
    ]
    at = steps.index("silver.transactions.amount")
    assert steps[at + 1 : at + 3] == [
        "hospital_a.transactions.Amount",
        "hospital_b.transactions.Amount",
    ]


def test_what_a_column_is_made_from_is_shown_once() -> None:
    lines = [line.strip() for line in tree(gold_lineage(), "gold.ar_rollforward.difference")]
    amounts = [line for line in lines if line.startswith("silver.transactions.amount")]

    assert len(amounts) > 1
    assert ["see above" in line for line in amounts] == [False, *[True] * (len(amounts) - 1)]


def test_unknown_column_is_an_error_that_names_one_like_it() -> None:
    with pytest.raises(ConfigError, match=r"Perhaps it is gold\.kpi_revenue\.billed_amount"):
        list(tree(gold_lineage(), "gold.kpi_revenue.billed_amout"))


def test_key_is_a_hash_of_what_identifies_the_row() -> None:
    origins = gold_lineage().origins[Column("gold", "dim_patients", "patient_key")]

    assert origins == {
        Column("hospital_a", "patients", "PatientID"): Way.HASHED,
        Column("hospital_b", "patients", "ID"): Way.HASHED,
    }


def test_every_column_of_gold_and_silver_is_followed() -> None:
    columns = lineage(gold_models()).edges.keys()

    for model in gold_models().values():
        assert {Column("gold", model.name, name) for name in model.header.columns} <= columns
    for entity in entities().values():
        assert {
            Column("silver", entity.name, column.name) for column in entity.silver_schema()
        } <= columns
