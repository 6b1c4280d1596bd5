"""How the script builds and publishes, shown on small models."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from google.api_core.exceptions import GoogleAPICallError

from tests.small_gold import DAY, Gold
from utils.gcp import bigquery


def test_models_are_published_together_with_a_record(gold: Gold) -> None:
    assert gold.charges() == [
        ("hospital_a/T1", Decimal(5), None),
        ("hospital_a/T2", None, None),
    ]
    assert gold.totals() == [("hospital_a", Decimal(5), DAY)]
    assert gold.publications("good") == [
        {"publication_id": "gold.tests.good", "layer": "gold", "business_date": DAY}
    ]


def test_repeated_run_writes_no_row_and_no_second_record(gold: Gold) -> None:
    written = gold.warehouse.refresh("good", gold.models)

    assert written == 0
    assert len(gold.publications("good")) == 1


def test_only_rows_that_differ_are_written(gold: Gold) -> None:
    written = gold.refresh(
        "changed", {"transaction_id": "T1"}, {"transaction_id": "T2", "amount": 0}
    )

    assert written == 2  # T2 goes and comes; the total is the same
    assert gold.charges()[1] == ("hospital_a/T2", Decimal(0), None)


def test_row_that_left_silver_leaves_gold(gold: Gold) -> None:
    gold.refresh("shrunk", {"transaction_id": "T2"})

    assert [charge[0] for charge in gold.charges()] == ["hospital_a/T2"]


def test_business_date_is_the_runs(gold: Gold) -> None:
    gold.refresh("earlier", {"transaction_id": "T1"}, business_date=date(2025, 1, 31))

    assert gold.totals() == [("hospital_a", Decimal(5), date(2025, 1, 31))]


def test_warning_is_recorded_and_stops_nothing(gold: Gold) -> None:
    gold.refresh("odd", {"transaction_id": "T1", "visit_type": "Odd"})

    assert gold.failed_checks("odd") == [
        ("gold", "charges", "hospital_a", "accepted(visit_type)", "warn", 1, 1, None)
    ]
    assert gold.charges() == [("hospital_a/T1", Decimal(5), "Odd")]


def test_failure_within_the_publication_leaves_the_last_good_gold(gold: Gold) -> None:
    before = gold.charges()
    table = gold.warehouse.environment.table("gold", "totals")
    bigquery.query(f"DROP TABLE `{table}`")  # published after `charges`

    with pytest.raises(GoogleAPICallError, match="totals"):
        gold.refresh("crashed", {"transaction_id": "T9"})

    assert gold.charges() == before
    assert gold.publications("crashed") == []
