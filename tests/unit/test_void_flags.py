"""Which unmapped columns somebody should look at."""

from __future__ import annotations

import pytest

from utils.landing.void_flags import void_flags


@pytest.mark.parametrize(
    "name",
    ["Voided", "IsDeleted", "is_deleted", "deleted", "VOID_FLAG", "Active", "ActiveYN", "inactive",
     "Status", "RowStatus", "record_status", "Cancelled", "is active"],
)  # fmt: skip
def test_a_column_that_may_say_that_a_row_is_deleted_is_found(name: str) -> None:
    assert void_flags(["Amount", name]) == [name]


@pytest.mark.parametrize("name", ["VoidReason", "Avoided", "StatusDate", "DeletedAt", "LineNumber"])
def test_other_columns_are_not(name: str) -> None:
    assert void_flags([name]) == []
