"""Which months came is told by the names of the files."""

from __future__ import annotations

import pytest

from utils.landing.months import delivered_months


@pytest.mark.parametrize(
    ("names", "months"),
    [
        pytest.param(["c_2024-01.csv", "c_2024-02.csv"], {"2024-01": 1, "2024-02": 1}, id="whole"),
        pytest.param(
            ["c_2024-02.csv", "c_2023-11.csv"],
            {"2023-11": 1, "2023-12": 0, "2024-01": 0, "2024-02": 1},
            id="gap-over-the-year",
        ),
        pytest.param(
            ["202401.csv", "2024_02_resent.csv"], {"2024-01": 1, "2024-02": 1}, id="style"
        ),
        pytest.param(["2024-01_sent_2024-05.csv"], {"2024-01": 1}, id="first-in-the-name"),
        pytest.param(["hospital1.csv", "20240115.csv", "2024-13.csv"], {}, id="says-no-month"),
        pytest.param([], {}, id="nothing-came"),
    ],
)
def test_months_from_the_first_to_the_last(names: list[str], months: dict[str, int]) -> None:
    assert delivered_months(names) == months
