"""Tampers with postings, and asks gold's own checks which cells and accounts they name.

The world is copied once for each try, each copy under hospitals of its own; all copies go through
the models and the checks in one script.
"""

from __future__ import annotations

import json
import random
from collections import defaultdict
from typing import Any, NamedTuple

from tests.gate_world import HOSPITALS, JOURNAL, KINDS, PAYERS, TODAY, journal, silver
from tests.given_tables import Row, silver_row
from utils.contracts.entities import entities
from utils.gcp import bigquery
from utils.gold.models import gold_models
from utils.gold.script import build_statement

GATE = ("ar_rollforward", "charge_identity")


class Tampering(NamedTuple):
    """What is done to one posting: it counts `factor` times, and says `value` in a column."""

    manner: str
    posting: Row
    factor: int = 1
    column: str = ""
    value: str = ""


def tamper(chance: random.Random, postings: list[Row]) -> Tampering:
    """Flips, drops, doubles or re-keys a posting."""
    posting = chance.choice(postings)
    manner = chance.choice(["flip", "drop", "double", "re-key"])
    if manner != "re-key":
        return Tampering(manner, posting, {"flip": -1, "drop": 0, "double": 2}[manner])
    values = {
        "source_system": (*HOSPITALS, JOURNAL),
        "payer_key": PAYERS,
        "transaction_key": {other["transaction_key"] for other in postings},
        "posting_date": [f"2025-{month:02}-15" for month in range(1, 7)],
        "posting_kind": KINDS,
    }
    column = chance.choice(list(values))
    others = [value for value in sorted(values[column]) if not same(column, value, posting)]
    return Tampering(manner, posting, column=column, value=chance.choice(others))


def same(column: str, value: str, posting: Row) -> bool:
    digits = 7 if column == "posting_date" else None  # within a month a date decides nothing
    return value[:digits] == str(posting[column])[:digits]


def places(tampering: Tampering) -> set[tuple[str, ...]]:
    """The cells, or within a cell the accounts, that do not tie any more."""
    after = {**tampering.posting, tampering.column: tampering.value}
    sides = (tampering.posting, after)
    if tampering.column == "posting_kind":
        return {("account", str(tampering.posting["transaction_key"]))}
    if tampering.column == "transaction_key":
        return {("account", str(side["transaction_key"])) for side in sides}
    return {
        ("cell", str(side["source_system"]), str(side["payer_key"]), str(side["posting_date"])[:7])
        for side in sides
    }


def what_the_gate_names(
    tamperings: list[Tampering], postings: list[Row]
) -> dict[int, set[tuple[str, ...]]]:
    """Per copy the cells and accounts in the messages of the checks that stop a publication."""
    script = [
        _table("versions", _columns("transactions")),
        _table("journal", _columns("postings")),
        _table("postings", {**_POSTING, "place": "INT64"}),
        _table("tries", _TRY),
        _COPIES,
    ]
    script += [
        build_statement(gold_models()[name], lambda table: table)
        for name in ("fact_ar_balances", *GATE)
    ]
    script.append(" UNION ALL ".join(query for name in GATE for query in _messages(name)) + ";")
    tries = [
        {
            "copy_number": number,
            "tampered_place": postings.index(one.posting),
            "factor": one.factor,
            "changed_column": one.column,
            "new_value": one.value,
        }
        for number, one in enumerate(tamperings)
    ]
    values: dict[str, object] = {
        "business_date": TODAY,
        "versions": _json([silver_row(entities()["transactions"], row) for row in silver()]),
        "journal": _json([silver_row(entities()["postings"], row) for row in journal()]),
        "postings": _json([{**row, "place": place} for place, row in enumerate(postings)]),
        "tries": _json(tries),
    }
    found: dict[int, set[tuple[str, ...]]] = defaultdict(set)
    for row in bigquery.query("\n".join(script), values):
        for example in row["examples"].split("; "):
            named = dict(part.split(" ", 1) for part in example.split(", "))
            hospital = named["source_system"].split("#")[0]
            found[row["copy_number"]].add(
                ("account", named["transaction_key"].split("#")[0])
                if "transaction_key" in named
                else ("cell", hospital, named["payer_name"], named["month_end_date"][:7])
            )
    return found


def _messages(model: str) -> list[str]:
    """What each rule of a model that names its rows says about each copy that breaks it."""
    rules = [
        rule
        for check in gold_models()[model].checks
        if check.named_by and check.severity == "fail"
        for rule in check.rules(lambda table: table, by_hospital=False)
    ]
    return [
        f"""
        SELECT * FROM (
          SELECT
            CAST(SPLIT(source_system, '#')[OFFSET(1)] AS INT64) AS copy_number,
            {rule.failed} AS failed,
            {rule.examples} AS examples
          FROM (SELECT TRUE AS is_row, * FROM {model})
          GROUP BY copy_number
        )
        WHERE failed > 0
        """  # noqa: S608 (gold's own expressions)
        for rule in rules
    ]


def _table(name: str, columns: dict[str, str]) -> str:
    values = ", ".join(
        f"CAST(JSON_VALUE(item, '$.{column}') AS {kind}) AS {column}"
        for column, kind in columns.items()
    )
    return (
        f"CREATE TEMP TABLE {name} AS SELECT {values} "  # noqa: S608
        f"FROM UNNEST(JSON_QUERY_ARRAY(@{name})) AS item;"
    )


def _columns(entity: str) -> dict[str, str]:
    return {
        column.name: column.type
        for column in entities()[entity].silver_schema()
        if not column.name.startswith("_")
    }


_POSTING = {
    name: column.sql_type for name, column in gold_models()["fact_ledger"].header.columns.items()
}

_TRY = {
    "copy_number": "INT64", "tampered_place": "INT64", "factor": "INT64",
    "changed_column": "STRING", "new_value": "STRING",
}  # fmt: skip

_COPIES = """
CREATE TEMP TABLE dim_payers AS
SELECT payer_key, IF(payer_key = 'unknown', NULL, UPPER(payer_key)) AS payer_code,
  payer_key AS payer_name, IF(payer_key = 'Self-Pay', payer_key, 'Commercial') AS payer_group
FROM UNNEST(['Aetna', 'Cigna', 'Self-Pay', 'unknown']) AS payer_key;

CREATE TEMP TABLE transactions AS
SELECT
  versions.* EXCEPT (source_system, transaction_key),
  CONCAT(source_system, '#', CAST(copy_number AS STRING)) AS source_system,
  CONCAT(transaction_key, '#', CAST(copy_number AS STRING)) AS transaction_key
FROM versions CROSS JOIN tries;

CREATE TEMP TABLE postings_current AS
SELECT
  journal.* EXCEPT (source_system, transaction_key),
  CONCAT(transaction_key, '#', CAST(copy_number AS STRING)) AS transaction_key,
  CONCAT(source_system, '#', CAST(copy_number AS STRING)) AS source_system
FROM journal CROSS JOIN tries;

CREATE TEMP TABLE accounts AS
SELECT source_system, transaction_key, transaction_id, service_date, billed_date AS bill_date,
  STARTS_WITH(source_system, 'hospital_c') AS has_journal,
  'P' AS patient_key, 'unknown' AS provider_key, 'unknown' AS department_key
FROM transactions
QUALIFY ROW_NUMBER() OVER (PARTITION BY source_system, transaction_key ORDER BY version DESC) = 1;

CREATE TEMP TABLE transactions_current AS SELECT * FROM transactions WHERE is_current;

CREATE TEMP TABLE fact_ledger AS
SELECT
  CONCAT(
    IF(changed_column = 'transaction_key', new_value, transaction_key), '#',
    CAST(copy_number AS STRING)
  ) AS transaction_key,
  CONCAT(
    IF(changed_column = 'source_system', new_value, source_system), '#',
    CAST(copy_number AS STRING)
  ) AS source_system,
  IF(changed_column = 'posting_kind', new_value, posting_kind) AS posting_kind,
  posting_cause,
  IF(changed_column = 'posting_date', CAST(new_value AS DATE), posting_date) AS posting_date,
  IF(changed_column = 'payer_key', new_value, payer_key) AS payer_key,
  service_date, patient_key, provider_key, department_key,
  SIGN(factor) * posted_amount AS posted_amount
FROM (
  SELECT
    postings.*,
    tries.copy_number,
    IF(place = tampered_place, factor, 1) AS factor,
    IF(place = tampered_place, changed_column, '') AS changed_column,
    new_value
  FROM postings CROSS JOIN tries
)
CROSS JOIN UNNEST(GENERATE_ARRAY(1, ABS(factor))) AS repetition;
"""


def _json(rows: list[dict[str, Any]]) -> str:
    return json.dumps(rows, default=str)
