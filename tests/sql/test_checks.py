"""Each kind of check counts the rows that break it, and nothing else."""

from __future__ import annotations

from decimal import Decimal

import pytest
from pydantic import ValidationError

from utils.gcp import bigquery
from utils.gold.checks import Check

ROWS = """
CREATE TEMP TABLE parent AS
SELECT 'k1' AS key, NUMERIC '1.10' AS amount UNION ALL SELECT 'k2', NUMERIC '2.20';
CREATE TEMP TABLE child AS
SELECT 'a' AS name, 1 AS number, 'k1' AS key, NUMERIC '1.10' AS amount
UNION ALL SELECT 'a', 1, 'k9', NUMERIC '2.20'
UNION ALL SELECT 'b', 5, 'unknown', NULL
UNION ALL SELECT NULL, NULL, NULL, NULL;
"""
CHILD = "(SELECT TRUE AS is_row, * FROM child)"


@pytest.mark.parametrize(
    ("check", "failed"),
    [
        pytest.param(Check(unique=("key",)), 1, id="unique counts a NULL, which identifies no row"),
        pytest.param(Check(unique=("name", "number")), 1, id="unique over several columns"),
        pytest.param(Check(not_null=("name",)), 1, id="not_null"),
        pytest.param(
            Check(range={"number": (Decimal(1), Decimal(4))}), 1, id="range, ends included"
        ),
        pytest.param(Check(range={"number": (Decimal(2), None)}), 2, id="range with an open end"),
        pytest.param(Check(range={"number": (None, None)}), 0, id="range without ends"),
        pytest.param(Check(accepted={"name": ("a",)}), 1, id="accepted"),
        pytest.param(Check(references={"key": "parent.key"}), 1, id="references let unknown pass"),
        pytest.param(Check(row_count_equals={"parent": 2}), 0, id="row_count_equals with surplus"),
        pytest.param(Check(row_count_equals={"parent": 0}), 2, id="row_count_equals"),
        pytest.param(Check(sum_equals={"amount": "parent.amount"}), 0, id="sum_equals"),
        pytest.param(Check(sum_equals={"number": "parent"}), 1, id="sum_equals the number of rows"),
        pytest.param(
            Check(sum_equals={"amount": "parent.amount"}, where="key = 'k1'"),
            1,
            id="sum_equals a part of the rows",
        ),
        pytest.param(Check(expect={"is_a": "name = 'a'"}), 1, id="expect lets NULL pass"),
    ],
)
def test_check_counts_the_rows_that_break_it(check: Check, failed: int) -> None:
    (rule,) = check.rules(lambda name: name, by_hospital=False)

    rows = bigquery.query(f"{ROWS} SELECT {rule.failed} AS failed FROM {CHILD};")

    assert rows == [{"failed": failed}]


@pytest.mark.parametrize(
    ("check", "examples"),
    [
        pytest.param(
            Check(range={"amount": (Decimal(2), None)}, named_by=("name",)),
            "name a, amount 1.10",
            id="range",
        ),
        pytest.param(
            Check(not_null=("amount",), named_by=("name", "number")),
            "name NULL, number NULL, amount NULL; name b, number 5, amount NULL",
            id="not_null in order of the names",
        ),
        pytest.param(
            Check(expect={"is_a": "name = 'a'"}, named_by=("key", "name")),
            "key unknown, name b",
            id="expect",
        ),
        pytest.param(
            Check(references={"key": "parent.key"}, named_by=("key",)), "key k9", id="references"
        ),
        pytest.param(
            Check(range={"number": (Decimal(1), Decimal(9))}, named_by=("name",)),
            None,
            id="a kept promise",
        ),
    ],
)
def test_check_names_the_rows_that_break_it(check: Check, examples: str | None) -> None:
    (rule,) = check.rules(lambda name: name, dollars=["amount"], by_hospital=False)

    rows = bigquery.query(f"{ROWS} SELECT {rule.examples} AS examples FROM {CHILD};")

    assert rows == [{"examples": examples}]


def test_check_names_three_rows_at_most() -> None:
    (rule,) = Check(range={"number": (Decimal(0), Decimal(0))}, named_by=("number",)).rules(
        lambda name: name, by_hospital=False
    )

    rows = bigquery.query(
        f"SELECT {rule.examples} AS examples "
        "FROM (SELECT TRUE AS is_row, number FROM UNNEST([14, 12, 13, 11, 0]) AS number);"
    )

    assert rows == [{"examples": "number 11; number 12; number 13"}]


def test_check_of_all_rows_names_none() -> None:
    with pytest.raises(ValidationError, match="`unique` is about all rows"):
        Check(unique=("key",), named_by=("name",))


def test_only_a_sum_is_checked_against_a_part_of_a_table() -> None:
    with pytest.raises(ValidationError, match="`where` goes with `sum_equals`"):
        Check(row_count_equals={"parent": 0}, where="TRUE")
