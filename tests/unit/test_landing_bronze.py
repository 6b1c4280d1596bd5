from __future__ import annotations

import pyarrow as pa
import pytest

from utils.landing.bronze import total_amount


@pytest.mark.parametrize(
    ("column", "total"),
    [
        pytest.param(pa.array(["1.005", " 2 ", "-3.10", "5."]), "4.91", id="text-rounds-half-up"),
        pytest.param(pa.array(["1e3", "$5", "NaN", "", None]), "0.00", id="no-plain-number"),
        pytest.param(pa.array(["-1.005"]), "-1.01", id="half-away-from-zero"),
        pytest.param(pa.array(["0.1", "0.2", "2.675"]), "2.98", id="decimals-as-they-are-written"),
        pytest.param(pa.array(["0.005", "0.005"]), "0.02", id="each-is-rounded"),
        pytest.param(pa.array([], pa.string()), "0.00", id="no-rows"),
    ],
)
def test_money_is_totalled_to_the_cent(column: pa.Array, total: str) -> None:
    assert str(total_amount(column)) == total
