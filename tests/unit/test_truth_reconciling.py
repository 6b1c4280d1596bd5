"""Accounts of which journal and charge differ, by hand."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from simulator.truth.keys import surrogate
from tests.books_support import AETNA, HOSPITAL, TODAY, books, charge, only, posting, rows

PAID = date(2026, 2, 10)


@pytest.mark.parametrize(
    ("charges", "postings", "cause", "difference", "amount"),
    [
        pytest.param(
            [charge(paid_amount=60_00)], [posting("payment", -70_00, PAID)],
            "unexplained", -10_00, 10_00, id="another-amount",
        ),
        pytest.param(
            [], [posting("payment", -70_00, PAID)],
            "charge_not_found", -70_00, 70_00, id="no-charge",
        ),
        pytest.param(
            [charge(paid_amount=60_00, patient_paid_amount=10_00)],
            [posting("payment", -70_00, PAID)], "kind_differs", 0, 10_00, id="another-kind",
        ),
    ],
)  # fmt: skip
def test_an_account_that_does_not_tie_has_a_cause(
    charges: list[Any], postings: list[Any], cause: str, difference: int, amount: int
) -> None:
    item = only("reconciling_items", books(transactions=charges, postings=postings))

    assert item["account_key"] == surrogate(HOSPITAL, "T1")
    assert (item["cause"], item["difference_amount"], item["item_amount"]) == (
        cause, difference, amount
    )  # fmt: skip
    assert item["age_days"] == (TODAY - item["since_date"]).days


def test_an_account_that_ties_is_no_item() -> None:
    of = books(
        transactions=[charge(paid_amount=50_00)],
        postings=[
            posting("payment", -70_00, PAID),
            posting("refund", 15_00, PAID, payer_id=AETNA),
            posting("takeback", 5_00, PAID),
        ],
    )
    assert rows("reconciling_items", of) == []
    assert only("ar_reconciliation", of)["difference"] == 0
