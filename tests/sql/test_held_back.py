"""Which hospitals the gold script holds back, and what the others and the shared tables show."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from google.api_core.exceptions import GoogleAPICallError

from tests.small_gold import DAY, Gold
from utils.gold.isolation import unbuilt_hospitals


def test_hospital_that_breaks_a_promise_is_held_back_and_the_others_are_published(
    gold: Gold,
) -> None:
    gold.refresh(
        "broken",
        {"transaction_id": "T1"},
        {"transaction_id": "T1"},
        {"transaction_id": "T3", "amount": -1},
        {"source_system": "hospital_b", "transaction_id": "T1"},
    )

    assert gold.charges() == [
        ("hospital_a/T1", Decimal(5), None),
        ("hospital_a/T2", None, None),
        ("hospital_b/T1", Decimal(5), None),
    ]
    assert gold.totals() == [("hospital_a", Decimal(5), DAY), ("hospital_b", Decimal(5), DAY)]
    assert gold.standings() == {
        "hospital_a": (
            DAY,
            DAY,
            "gold.charges: range(billed_amount) failed for 1 of 3 rows, first "
            "source_system hospital_a, charge_key hospital_a/T3, billed_amount -1.00; "
            "gold.charges: unique(charge_key) failed for 1 of 3 rows",
        ),
        "hospital_b": (DAY, None, None),
    }


def test_what_a_hospital_changed_while_it_was_held_back_is_published_once_it_ties(
    gold: Gold,
) -> None:
    later = date(2025, 7, 1)
    gold.refresh("bad", {"transaction_id": "T1", "amount": -1}, business_date=later)
    assert gold.standings()["hospital_a"][:2] == (DAY, later)

    gold.refresh("well", {"transaction_id": "T1", "amount": 7}, business_date=later)

    assert gold.charges() == [("hospital_a/T1", Decimal(7), None)]
    assert gold.standings()["hospital_a"] == (later, None, None)


def test_hospital_that_was_never_published_is_named_and_has_no_rows(gold: Gold) -> None:
    gold.refresh(
        "first",
        {"transaction_id": "T1"},
        {"source_system": "hospital_c", "transaction_id": "T1", "amount": -1},
    )

    assert gold.charges() == [("hospital_a/T1", Decimal(5), None)]
    gold_date, since, reason = gold.standings()["hospital_c"]
    assert (gold_date, since) == (None, DAY)
    assert "range(billed_amount) failed for 1 of 1 rows" in str(reason)


def test_shared_table_keeps_members_while_a_hospital_is_held_back(gold: Gold) -> None:
    gold.refresh("both", {"transaction_id": "T1", "visit_type": "Odd"}, {"transaction_id": "T2"})
    assert gold.kinds() == ["Odd"]

    gold.refresh(
        "held",
        {"transaction_id": "T1", "amount": -1},
        {"source_system": "hospital_b", "transaction_id": "T1", "visit_type": "New"},
    )

    assert gold.kinds() == ["New", "Odd"]


def test_broken_promise_of_a_shared_table_publishes_nothing(gold: Gold) -> None:
    before = gold.charges(), gold.totals()

    with pytest.raises(GoogleAPICallError, match=r"gold\.kinds: accepted\(visit_type\)"):
        gold.refresh("nobodys", {"transaction_id": "T1", "visit_type": "Wrong"})

    assert (gold.charges(), gold.totals()) == before
    assert gold.publications("nobodys") == []


def test_broken_promise_is_recorded_with_its_hospital(gold: Gold) -> None:
    gold.refresh("recorded", {"transaction_id": "T1", "amount": -1})

    assert gold.failed_checks("recorded") == [
        (
            *("gold", "charges", "hospital_a", "range(billed_amount)", "fail", 1, 1),
            "source_system hospital_a, charge_key hospital_a/T1, billed_amount -1.00",
        )
    ]


def test_repeated_attempt_replaces_the_results_of_the_first(gold: Gold) -> None:
    gold.refresh("repaired", {"transaction_id": "T1", "amount": -1})

    gold.refresh("repaired", {"transaction_id": "T1"})

    assert gold.failed_checks("repaired") == []


def test_hospital_of_which_no_model_can_be_built_is_found_and_left_out(gold: Gold) -> None:
    impossible = replace(
        gold.models["charges"],
        query=gold.models["charges"].query.replace(
            "amount AS", "IF(amount = 13, ERROR('thirteen'), amount) AS"
        ),
    )
    gold.models = {**gold.models, "charges": impossible}
    rows = (
        {"transaction_id": "T9", "amount": 13},
        {"source_system": "hospital_b", "transaction_id": "T1"},
    )
    with pytest.raises(GoogleAPICallError, match="thirteen"):
        gold.refresh("first-try", *rows)

    unbuilt = unbuilt_hospitals(
        gold.warehouse.environment, ["hospital_a", "hospital_b"], DAY, gold.models
    )
    gold.refresh("second-try", *rows, unbuilt=unbuilt)

    assert [charge[0] for charge in gold.charges()] == [
        *("hospital_a/T1", "hospital_a/T2", "hospital_b/T1")
    ]
    gold_date, since, reason = gold.standings()["hospital_a"]
    assert (gold_date, since) == (DAY, DAY)
    assert str(reason).startswith("Its tables cannot be built: BadRequest (")
    assert "thirteen" not in str(reason), "what BigQuery says may quote rows"
