"""Every gold model against rows that were worked out by hand, in `gold/<model>/`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.given_tables import BUSINESS_DATE, load_rows
from tests.model_cases import CASES, run_case, run_model
from utils.gold.models import gold_models

FOLDERS = sorted(CASES.iterdir())


def test_every_model_has_a_case() -> None:
    assert {folder.name for folder in FOLDERS} == set(gold_models())


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_model_returns_what_was_worked_out_by_hand(folder: Path) -> None:
    expected, actual = run_case(folder)

    assert actual == expected


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_keys_tell_the_rows_of_a_case_apart(folder: Path) -> None:
    keys = gold_models()[folder.name].header.keys
    rows = load_rows(folder / "expect.yaml")["rows"]
    named = [tuple(row[key] for key in keys if key in row) for row in rows]

    assert len(set(named)) == len(rows)


@pytest.mark.parametrize(
    "name",
    [name for name, model in gold_models().items() if model.references and name != "dim_date"],
)
def test_model_without_input_has_the_unknown_member_at_most(name: str) -> None:
    rows = run_model(name, {}, BUSINESS_DATE)

    assert len(rows) == (1 if name.startswith("dim_") else 0)


@pytest.mark.parametrize("name", [name for name in gold_models() if name.startswith("kpi_")])
def test_case_of_a_kpi_expects_every_column(name: str) -> None:
    expected = load_rows(CASES / name / "expect.yaml")["rows"]

    assert list(expected[0]) == list(gold_models()[name].header.columns)


def test_calendar_keeps_sane_bounds_when_years_are_mistyped() -> None:
    services = [
        {"transaction_key": "T1", "service_date": "0202-03-01"},
        {"transaction_key": "T2", "service_date": "9202-03-01"},
    ]

    days = [
        row["calendar_date"]
        for row in run_model("dim_date", {"fact_transactions": services}, BUSINESS_DATE)
    ]

    assert (min(days).year, max(days).year) == (1990, BUSINESS_DATE.year + 2)
