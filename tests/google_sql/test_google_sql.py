"""Gold by Google's own evaluator, which shares no code with the emulator.

`make google-sql` installs it and runs this; the module is compiled once, which takes a minute.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from tests.given_tables import BUSINESS_DATE, Row, column_types, load_rows
from tests.google_sql_support import FOLDERS, compare, given_of
from tests.model_cases import CASES, one_query
from tools.google_sql.client import PYTHON, Evaluator, Refused
from utils.audit.tables import audit_declarations
from utils.batch.reports import REPORTS
from utils.contracts.columns import FIRST_DAY, LAST_DAY
from utils.contracts.entities import entities
from utils.gold.models import gold_models
from utils.gold.script import refresh_script
from utils.settings import settings
from utils.silver.names import staged_table
from utils.silver.publication import publish_sql

pytestmark = pytest.mark.skipif(
    not PYTHON.exists(), reason="Google's evaluator is not installed: run `make google-sql`"
)
# What silver lets pass: dates within their rule, "since ever" and "for good" where a column is
# open, and "no limit". The history of a version is Spark's, and lies in plausible years.
EXTREMES: dict[str, tuple[object, ...]] = {
    "DATE": (FIRST_DAY, LAST_DAY),
    "open": ("0001-01-01", "9999-12-31"),
    "days": (9_999_999,),
    "TIMESTAMP": ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"),
}
OPEN = ("valid_from", "valid_to")
# This evaluator's own limit; BigQuery's is 1,048,575 elements, more than the days of 300 years.
OWN_LIMIT = "more than 16000 elements"
HISTORY = ("effective_date", "expiry_date", "event_at", "known_from", "known_to", "_observed_at")


@pytest.fixture(scope="module")
def google() -> Iterator[Evaluator]:
    with Evaluator() as evaluator:
        yield evaluator


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: str(folder.relative_to(CASES)))
def test_google_s_evaluator_returns_what_was_worked_out_by_hand(
    google: Evaluator, folder: Path
) -> None:
    expected, actual = compare(folder, google)

    assert actual == expected


def test_a_falsified_expectation_is_caught(google: Evaluator) -> None:
    folder = next(folder for folder in FOLDERS if folder.name == "fact_ledger")
    expected, actual = compare(folder, google)

    assert [*actual[1:], {**actual[0], "posted_amount": 0}] != expected


def extremes(folder: Path) -> Iterator[tuple[str, dict[str, list[Row]]]]:
    """Names of what becomes extreme, and the case's rows with it."""
    given = given_of(folder)
    for table, rows in given.items():
        for column, kind in column_types(table).items():
            for value in EXTREMES.get(_extreme(table, column, kind), ()):
                changed = copy.deepcopy(given)
                changed[table] = [{**row, column: value} for row in rows]
                yield f"{table}.{column} = {value}", changed


def _extreme(table: str, column: str, kind: str) -> str:
    """Of what kind the extremes of a column are; a limit in days is bounded where gold reads it."""
    if column in HISTORY:
        return ""
    if column in OPEN:
        return "open"
    if column.endswith("_days"):
        return "days" if table in entities() else ""
    return kind


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: str(folder.relative_to(CASES)))
def test_no_date_and_no_number_of_days_ends_gold(google: Evaluator, folder: Path) -> None:
    """A6: BigQuery ends the script where a date leaves its calendar; the emulator goes on."""
    day: date = load_rows(folder / "expect.yaml").get("business_date", BUSINESS_DATE)
    refused = {}
    for name, given in extremes(folder):
        try:
            google.rows(*one_query(folder.name, given, day))
        except Refused as error:
            if OWN_LIMIT not in str(error):
                refused[name] = str(error)[:200]

    assert refused == {}


def scripts() -> dict[str, str]:
    """The scripts that change what readers see."""
    return {
        "gold": refresh_script(settings()),
        "silver": publish_sql("b1", entities()),
        "rebuilt silver": publish_sql("b1", entities(), is_rebuild=True),
    }


def known_tables() -> dict[str, dict[str, str]]:
    """Every table that a script names, with its columns."""
    environment = settings()
    known = {name: column_types(name) for name in gold_models()}
    for entity in entities().values():
        for table in entity.silver_tables():
            columns = column_types(table.name)
            known[environment.table("silver", table.name)] = columns
            known[staged_table("b1", table.name)] = columns
        columns = column_types(entity.name)
        known[environment.table("silver", f"{entity.name}_current")] = columns
        known[environment.table("silver", f"{entity.name}_periods")] = {
            **columns, "first_day": "DATE", "end_day": "DATE"
        }  # fmt: skip
    for name in audit_declarations():
        known[environment.table("audit", name)] = column_types(name)
    for report, declared in REPORTS.items():
        known[staged_table("b1", report)] = dict(declared)
    for name in gold_models():
        known[environment.table("gold", name)] = column_types(name)
    return known


@pytest.mark.parametrize("name", scripts())
def test_google_s_resolver_takes_every_statement_of_a_script(google: Evaluator, name: str) -> None:
    variables = dict.fromkeys(("failures", "broken", "imbalances"), "STRING")
    variables |= dict.fromkeys(("@dag_id", "@run_id", "@batch_id", "@batch_uri"), "STRING")

    count, wrong = google.resolve(
        scripts()[name], known_tables(), {**variables, "@business_date": "DATE"}
    )

    assert wrong == []
    assert count > len(entities())


def test_a_statement_that_names_no_column_is_not_resolved(google: Evaluator) -> None:
    script = (
        "BEGIN TRANSACTION;\nDELETE FROM fact_ledger WHERE there_is_none = 1;\nCOMMIT TRANSACTION;"
    )

    count, [wrong] = google.resolve(script, known_tables(), {})

    assert count == 1
    assert "there_is_none" in wrong
