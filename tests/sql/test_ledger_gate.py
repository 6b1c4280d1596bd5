"""The gate in front of gold: one posting is tampered with, and the gate names where.

A small world is copied once for each try, each copy under hospitals of its own. The models and the
checks are gold's; all copies go through them in one script.
"""

from __future__ import annotations

import json
import random
import re
from collections import defaultdict
from dataclasses import replace
from datetime import date
from typing import Any, NamedTuple

import pytest
from google.api_core.exceptions import GoogleAPICallError

from local.paths import ROOT
from tests.sql_support import Row, Warehouse, run_model, silver_row
from utils.contracts.entities import entities
from utils.gcp import bigquery
from utils.gold.models import gold_models
from utils.gold.script import build_statement

RUNBOOK = ROOT / "docs" / "runbook.md"
TRIES = 1_000
CAUGHT = 0.99
TODAY = date(2025, 6, 30)
PAYERS = ("Aetna", "Cigna", "Self-Pay", "unknown")
HOSPITALS = ("hospital_a", "hospital_b")
JOURNAL = "hospital_c"
KINDS = (
    "charge", "payment", "patient_payment", "contractual", "write_off", "refund", "takeback",
    "transfer",
)  # fmt: skip
GATE = ("ar_rollforward", "charge_identity")


class Version(NamedTuple):
    """One version of a charge: from when on, whose, what stands on it, whether it was deleted."""

    begin: str
    payer: str
    amounts: tuple[int, int, int, int, int]
    end: str = "9999-12-31"
    is_deleted: bool = False


CHARGES = {
    "T1": [
        Version("2025-01-10", "Aetna", (100, 0, 0, 0, 0), "2025-02-11"),
        Version("2025-02-11", "Aetna", (100, 60, 0, 30, 0), "2025-04-01"),
        Version("2025-04-01", "Aetna", (100, 50, 7, 30, 3)),
    ],
    "T2": [
        Version("2025-01-20", "Cigna", (250, 0, 0, 0, 0), "2025-03-05"),
        Version("2025-03-05", "Aetna", (240, 0, 11, 0, 0)),
    ],
    "T3": [
        Version("2025-02-01", "Cigna", (80, 95, 0, 0, 0), "2025-03-31", is_deleted=True),
        Version("2025-05-01", "Cigna", (81, 0, 0, 0, 0)),
    ],
    "T4": [Version("2025-03-31", "unknown", (64, 0, 20, 0, 44))],
    "T5": [Version("2025-06-01", "Cigna", (33, 12, 1, 8, 0))],
}


JOURNAL_CHARGES = {
    "T1": [
        Version("2025-04-30", "Aetna", (100, 60, 7, 30, 3)),
    ],
    "T2": [
        Version("2025-02-02", "Cigna", (250, 0, 0, 0, 0), "2025-05-06"),
        Version("2025-05-06", "Cigna", (240, 25, 0, 110, 0)),
    ],
}
JOURNAL_POSTINGS = [
    ("T1", "2025-01-31", "payment", -75, "Aetna", None),
    ("T1", "2025-01-31", "contractual", -30, "Aetna", None),
    ("T1", "2025-02-11", "takeback", 15, "Aetna", None),
    ("T1", "2025-02-12", "transfer", -10, "Aetna", "Self-Pay"),
    ("T1", "2025-03-09", "patient_payment", -11, "Self-Pay", None),
    ("T1", "2025-04-01", "refund", 4, "Self-Pay", None),
    ("T1", "2025-04-30", "write_off", -3, "Self-Pay", None),
    ("T2", "2025-05-06", "contractual", -110, "Cigna", None),
    ("T2", "2025-05-06", "payment", -40, "Cigna", None),
    ("T2", "2025-06-06", "refund", 15, "Cigna", None),
]


_CHARGES = {**dict.fromkeys(HOSPITALS, CHARGES), JOURNAL: JOURNAL_CHARGES}


class Tampering(NamedTuple):
    """What is done to one posting: it counts `factor` times, and says `value` in a column."""

    manner: str
    posting: Row
    factor: int = 1
    column: str = ""
    value: str = ""


def silver() -> list[Row]:
    names = (
        "amount",
        "paid_amount",
        "patient_paid_amount",
        "adjustment_amount",
        "write_off_amount",
    )
    return [
        {
            "source_system": hospital,
            "transaction_id": charge,
            "patient_id": "P1",
            "payment_status": "Pending",
            "version": number,
            "payer_id": None if version.payer == "unknown" else version.payer,
            "service_date": "2025-01-05",
            "inserted_at": "2025-01-20T12:00:00Z" if hospital == JOURNAL else None,
            **dict(zip(names, version.amounts, strict=True)),
            "open_amount": version.amounts[0] - sum(version.amounts[1:]),
            "effective_date": f"{version.begin}T00:00:00Z",
            "expiry_date": f"{version.end}T00:00:00Z",
            "is_current": version.end.startswith("9999"),
            "is_deleted": version.is_deleted,
        }
        for hospital, charges in _CHARGES.items()
        for charge, versions in charges.items()
        for number, version in enumerate(versions, start=1)
    ]


def journal() -> list[Row]:
    return [
        {
            "source_system": JOURNAL,
            "posting_id": f"J{number}",
            "transaction_id": charge,
            "posting_date": day,
            "posting_kind": kind,
            "amount": amount,
            "payer_id": payer,
            "to_payer_id": to_payer,
        }
        for number, (charge, day, kind, amount, payer, to_payer) in enumerate(JOURNAL_POSTINGS)
    ]


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


@pytest.fixture(scope="module")
def postings() -> list[Row]:
    links = [
        {
            "fact": "transactions",
            "fact_key": silver_row(entities()["transactions"], row)["transaction_version_key"],
            "payer_key": row["payer_id"] or "unknown",
        }
        for row in silver()
    ]
    given = {"transactions": silver(), "fact_links": links, "postings": journal()}
    accounts = run_model("accounts", given, TODAY)
    payers = [{"payer_key": payer, "payer_code": payer.upper()} for payer in PAYERS[:-1]]
    given |= {"accounts": accounts, "dim_payers": payers}
    return run_model("fact_ledger", given, TODAY)


def test_gate_catches_a_posting_that_was_tampered_with_and_names_the_cell(
    postings: list[Row],
) -> None:
    chance = random.Random(20250630)  # noqa: S311 (chooses tests, keeps no secret)
    tamperings = [tamper(chance, postings) for _ in range(TRIES)]

    found = what_the_gate_names([*tamperings, Tampering("none", postings[0])], postings)

    assert found.pop(TRIES, set()) == set(), "the copy that nobody touched ties"
    missed = [one for number, one in enumerate(tamperings) if not found[number]]
    assert len(missed) <= (1 - CAUGHT) * TRIES, missed
    for number, one in enumerate(tamperings):
        assert not found[number] or places(one) <= found[number], one


@pytest.fixture(scope="module")
def published(warehouse: Warehouse) -> Warehouse:
    warehouse.fill("transactions", silver())
    warehouse.fill("postings", journal())
    warehouse.refresh("whole", business_date=TODAY)
    return warehouse


def test_query_of_the_runbook_explains_a_cell(published: Warehouse) -> None:
    [query] = re.findall(
        r"^```sql\n(SELECT transaction_key.*?)^```", RUNBOOK.read_text("utf-8"), re.DOTALL | re.M
    )
    for documented, meant in {
        "silver.transactions": f"`{published.environment.table('silver', 'transactions')}`",
        "2026-01-01": "2025-03-01",
        "2026-02-01": "2025-04-01",
    }.items():
        assert documented in query
        query = query.replace(documented, meant)

    behind = bigquery.query(query)

    [cell] = published.rows(
        "gold",
        "ar_rollforward",
        "end_amount - begin_amount AS change_amount",
        "source_system = 'hospital_a' AND payer_name = 'Aetna' AND month_end_date = '2025-03-31'",
    )
    assert cell["change_amount"] == 229
    assert sum(row["posted_amount"] for row in behind) == cell["change_amount"]
    assert {(row["transaction_key"], row["version"]) for row in behind} == {("hospital_a/T2", 2)}


def test_posting_that_is_lost_stops_the_publication_and_the_message_has_the_dollars(
    published: Warehouse,
) -> None:
    before = published.rows("gold", "fact_ledger", "transaction_key, posted_amount")
    ledger = gold_models()["fact_ledger"]
    lossy = replace(
        ledger,
        query=f"SELECT * FROM ({ledger.query}) WHERE transaction_key != 'hospital_b/T2' "  # noqa: S608
        "OR posting_kind != 'patient_payment'",
    )

    with pytest.raises(GoogleAPICallError) as error:
        published.refresh("lossy", {**gold_models(), "fact_ledger": lossy}, business_date=TODAY)

    message = re.sub(r"for 1 of \d+ rows", "for 1 row", str(error.value))
    assert (
        "gold.ar_rollforward: range(difference) failed for 1 row, first source_system hospital_b, "
        "payer_name Aetna, month_end_date 2025-03-31, difference 11.00"
    ) in message
    assert (
        "gold.charge_identity: range(patient_payment_difference) failed for 1 row, first "
        "source_system hospital_b, transaction_key hospital_b/T2, patient_payment_difference 11.00"
    ) in message
    assert published.rows("gold", "fact_ledger", "transaction_key, posted_amount") == before


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
        for rule in check.rules(lambda table: table)
    ]
    return [
        f"""
        SELECT * FROM (
          SELECT
            CAST(SPLIT(source_system, '#')[OFFSET(1)] AS INT64) AS copy_number,
            {rule.failed} AS failed,
            {rule.examples} AS examples
          FROM {model}
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
  journal.* EXCEPT (source_system),
  CONCAT(source_system, '#', CAST(copy_number AS STRING)) AS source_system
FROM journal CROSS JOIN tries;

CREATE TEMP TABLE accounts AS
SELECT source_system, transaction_key, transaction_id, service_date, billed_date AS bill_date,
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
