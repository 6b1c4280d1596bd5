"""Each kind of check counts the rows that break it, and nothing else."""

from __future__ import annotations

import pytest

from utils import bigquery
from utils.checks import Check

ROWS = """
CREATE TEMP TABLE parent AS
SELECT 'k1' AS key, NUMERIC '1.10' AS amount UNION ALL SELECT 'k2', NUMERIC '2.20';
CREATE TEMP TABLE child AS
SELECT 'a' AS name, 1 AS number, 'k1' AS key, NUMERIC '1.10' AS amount
UNION ALL SELECT 'a', 1, 'k9', NUMERIC '2.20'
UNION ALL SELECT 'b', 5, 'unknown', NULL
UNION ALL SELECT NULL, NULL, NULL, NULL;
"""


@pytest.mark.parametrize(
    ("check", "failed"),
    [
        pytest.param(Check(unique=("key",)), 1, id="unique counts a NULL, which identifies no row"),
        pytest.param(Check(unique=("name", "number")), 1, id="unique over several columns"),
        pytest.param(Check(not_null=("name",)), 1, id="not_null"),
        pytest.param(Check(range={"number": (1, 4)}), 1, id="range, ends included"),
        pytest.param(Check(range={"number": (2, None)}), 2, id="range with an open end"),
        pytest.param(Check(range={"number": (None, None)}), 0, id="range without ends"),
        pytest.param(Check(accepted={"name": ("a",)}), 1, id="accepted"),
        pytest.param(Check(references={"key": "parent.key"}), 1, id="references let unknown pass"),
        pytest.param(Check(row_count_equals={"parent": 2}), 0, id="row_count_equals with surplus"),
        pytest.param(Check(row_count_equals={"parent": 0}), 2, id="row_count_equals"),
        pytest.param(Check(sum_equals={"amount": "parent.amount"}), 0, id="sum_equals"),
        pytest.param(Check(sum_equals={"number": "parent"}), 1, id="sum_equals the number of rows"),
        pytest.param(Check(expect={"is_a": "name = 'a'"}), 1, id="expect lets NULL pass"),
    ],
)
def test_check_counts_the_rows_that_break_it(check: Check, failed: int) -> None:
    (rule,) = check.rules(lambda name: name)

    rows = bigquery.query(f"{ROWS} SELECT {rule.failed} AS failed FROM child;")

    assert rows == [{"failed": failed}]
