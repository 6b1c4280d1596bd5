"""What the simulated sources spell otherwise: values mean the same, keys are keys of their own."""

from __future__ import annotations

import re

import pytest

from tests.troubled_worlds import records, world


def test_keys_that_are_spelled_alike_are_records_of_their_own() -> None:
    with world(key_spelled_alike=0.3) as troubled:
        tables = records(troubled)
        for entity, key in (
            ("patients", "patient_id"),
            ("encounters", "encounter_id"),
            ("transactions", "transaction_id"),
            ("postings", "posting_id"),
            ("claims", "claim_id"),
            ("remittances", "remittance_id"),
        ):
            spelled = {(one["source_system"], one[key]) for one in tables[f"silver.{entity}"]}
            read_carelessly = {(of, key.upper().replace(" ", "")) for of, key in spelled}
            assert len(read_carelessly) < len(spelled) == len(tables[f"silver.{entity}"])
        charges = {one["transaction_key"] for one in tables["gold.fact_transactions"]}
        assert len(charges) == len(tables["silver.transactions"])


@pytest.mark.parametrize(
    ("trouble", "spelling"),
    [
        ("amount_without_zero", r"(?<=,)-?\.\d\d(?=,)"),
        ("invisible_in_amount", "[\u00a0\u200b\x0b]-?[\\d.]+|[\\d.]+[\u00a0\x0b]"),
        ("time_in_another_spelling", r"\d\dT\d\d:|\+00:?00|UTC|\.0000000"),
        ("day_with_midnight", r"\d{4}-\d\d-\d\d 00:00:00"),
    ],
)
def test_a_spelling_is_in_the_payers_files_and_changes_no_table(
    trouble: str, spelling: str
) -> None:
    with world() as plain, world(**{trouble: 1}) as troubled:
        lines = [
            line
            for file in (troubled.folder / "2026-01-31" / "landing").glob("*/hospital_a/*.csv")
            for line in file.read_text(encoding="utf-8").split("\n")[1:]
        ]
        assert any(re.search(spelling, line) for line in lines)
        expected, found = records(plain), records(troubled)
        for name in ("silver.claims", "silver.remittances", "gold.fact_claims"):
            assert found[name] == expected[name]
