"""Short names of datasets in a statement, and where a statement ends."""

from __future__ import annotations

import pytest

from local.errors import LocalError
from local.run.sql import full_names, statements


@pytest.mark.parametrize(
    ("asked", "run"),
    [
        ("SELECT 1 FROM gold.kpi", "SELECT 1 FROM healthcare_rcm_gold.kpi"),
        ("SELECT 1 FROM `gold.kpi`", "SELECT 1 FROM `healthcare_rcm_gold.kpi`"),
        ("SELECT 1 FROM `gold`.`kpi`", "SELECT 1 FROM `healthcare_rcm_gold`.`kpi`"),
        (
            "SELECT 1 FROM silver.a JOIN audit.b USING (c)",
            "SELECT 1 FROM healthcare_rcm_silver.a JOIN healthcare_rcm_audit.b USING (c)",
        ),
        ("SELECT 'gold.kpi', \"audit.x\"", None),
        ("SELECT '''gold.kpi\n''', r'gold.x'", None),
        ("SELECT 1 -- FROM gold.kpi", None),
        ("SELECT 1 /* gold.kpi */", None),
        ("SELECT 1 FROM healthcare_rcm_gold.kpi", None),
        ("SELECT 1 FROM `rcm-local.gold.kpi`", None),
        ("SELECT gold FROM a.gold.b", None),
        ("SELECT gold", None),
        ("SELECT golden.kpi", None),
    ],
)
def test_only_the_name_of_a_dataset_is_replaced(asked: str, run: str | None) -> None:
    assert full_names(asked) == (run or asked)


def test_statements_end_at_semicolons_that_are_not_text() -> None:
    text = "SELECT ';' AS a; -- one; comment\nSELECT 2;\n;"
    assert statements(text) == ["SELECT ';' AS a", "-- one; comment\nSELECT 2"]


def test_a_statement_that_cannot_be_read_is_one_line() -> None:
    with pytest.raises(LocalError, match="cannot be read"):
        full_names("SELECT 'a")
