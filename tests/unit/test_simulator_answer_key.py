"""The answer key of silver and audit: histories, loads and what rules hold."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest

from simulator.defects import DefectRates
from simulator.derived import DERIVED_COLUMNS
from simulator.model import ENTITIES, key_of
from tests.simulator_support import DAYS, HOSPITALS, Record, simulated

OPEN_END = datetime(9999, 12, 31, tzinfo=UTC)
UNDATED = {"procedures", "fee_schedules", "payer_terms"}
HISTORIES = [entity for entity in ENTITIES if entity not in UNDATED]


def versions(entity: str) -> dict[tuple[str, ...], list[Record]]:
    records: dict[tuple[str, ...], list[Record]] = defaultdict(list)
    key = key_of(entity)
    for record in simulated().records(f"silver.{entity}"):
        records[record["source_system"], *(record[column] for column in key)].append(record)
    return records


@pytest.mark.parametrize("entity", HISTORIES)
def test_versions_adjoin_and_the_last_is_open(entity: str) -> None:
    for key, history in versions(entity).items():
        assert [record["version"] for record in history] == list(range(1, len(history) + 1)), key
        for earlier, later in pairwise(history):
            assert earlier["effective_date"] < earlier["expiry_date"] == later["effective_date"]
        assert [record["is_current"] for record in history][-1:] == [True]
        assert history[-1]["expiry_date"] == OPEN_END
        assert not any(record["is_current"] for record in history[:-1])


@pytest.mark.parametrize("entity", list(ENTITIES))
def test_neighbouring_versions_differ(entity: str) -> None:
    columns = ENTITIES[entity]._fields
    for key, history in versions(entity).items():
        values = [[record[column] for column in columns] for record in history]
        assert all(one != other for one, other in pairwise(values)), key


@pytest.mark.parametrize("entity", list(ENTITIES))
def test_key_has_the_contract_columns(entity: str) -> None:
    columns = simulated().keys[0][f"silver.{entity}"].column_names
    expected = ["source_system", *ENTITIES[entity]._fields, *DERIVED_COLUMNS.get(entity, ())]
    assert columns[: len(expected)] == expected


@pytest.mark.parametrize("day", range(1, DAYS + 1))
def test_history_only_grows(day: int) -> None:
    for entity in HISTORIES:
        key = (*identities_columns(entity), "version")
        before = {
            tuple(row[c] for c in key) for row in simulated().records(f"silver.{entity}", day - 1)
        }
        after = {tuple(row[c] for c in key) for row in simulated().records(f"silver.{entity}", day)}
        assert before <= after


def identities_columns(entity: str) -> tuple[str, ...]:
    return "source_system", *key_of(entity)


def test_provider_versions_begin_when_the_first_business_date_that_shows_them_ends() -> None:
    first, *_ = simulated().world.business_dates
    midnights = {"hospital_a": 5, "hospital_b": 6}
    for record in simulated().records("silver.providers", day=0):
        hour = midnights[record["source_system"]]
        end = datetime(first.year, first.month, first.day, hour, tzinfo=UTC) + timedelta(days=1)
        assert record["effective_date"] == end


def test_age_is_counted_in_completed_years_on_the_day_in_utc() -> None:
    for record in simulated().records("silver.patients"):
        day, born = record["effective_date"].date(), record["birth_date"]
        anniversary = born.replace(year=born.year + record["age_years"])
        assert anniversary <= day < anniversary.replace(year=anniversary.year + 1)


def test_zip3_begins_the_zip_code() -> None:
    for record in simulated().records("silver.patients"):
        assert record["address"].rsplit(" ", 1)[1].startswith(record["zip3"])
        assert len(record["zip3"]) == 3


def test_coverage_rate_has_six_decimals_half_up() -> None:
    for record in simulated().records("silver.claims")[:2_000]:
        exact = record["paid_amount"] / record["claim_amount"]
        assert abs(record["coverage_rate"] - exact) <= Decimal("0.0000005")
        assert record["coverage_rate"] == record["coverage_rate"].quantize(Decimal("0.000001"))


def test_every_load_is_balanced() -> None:
    loads = simulated().records("audit.table_loads")

    assert len({load["load_id"] for load in loads}) == len(loads)
    for load in loads:
        parts = ("merged", "unchanged", "deduplicated", "quarantined")
        assert load["rows_read"] == sum(load[f"rows_{part}"] for part in parts)


def test_first_load_reads_everything_and_merges_each_record_once() -> None:
    for entity in ("patients", "encounters", "transactions", "providers", "postings", "appeals",
                   "claims", "remittances", "provider_adjustments"):  # fmt: skip
        loads = [
            load for load in simulated().records("audit.table_loads", 0) if load["entity"] == entity
        ]
        assert sum(load["rows_unchanged"] for load in loads) == 0
        assert sum(load["rows_merged"] for load in loads) == len(simulated().current(entity, 0))


def test_next_load_reads_the_day_before_again() -> None:
    days = simulated().world.business_dates
    loads = {load["load_id"]: load for load in simulated().records("audit.table_loads")}
    for hospital in HOSPITALS:
        lines = [
            line
            for line in simulated().table_lines(hospital, "transactions")
            if line.rsplit("\t", 1)[1][:10] in {str(days[1]), str(days[2])}
        ]
        load = loads[f"{hospital}.transactions.{days[2]:%Y%m%d}"]
        assert load["rows_read"] == len(lines)
        assert load["rows_quarantined"] == sum("\t-" in line for line in lines) == 2
        assert load["rows_deduplicated"] == len(lines) - len(set(lines)) > 0


def test_a_row_held_is_in_the_ledger_of_every_load_that_reads_it() -> None:
    days = simulated().world.business_dates
    ledger = simulated().records("audit.quarantine")
    of_second_day = [
        row for row in ledger if row["load_id"] == f"hospital_a.transactions.{days[1]:%Y%m%d}"
    ]
    of_third_day = [
        row for row in ledger if row["load_id"] == f"hospital_a.transactions.{days[2]:%Y%m%d}"
    ]

    planted = next(row for row in of_second_day if row["rule"] == "amount_negative")
    again = {"billed_amount": planted["billed_amount"], "rule": "amount_negative"}
    assert any(again.items() <= row.items() for row in of_third_day)


def test_file_that_is_sent_again_unchanged_is_no_load() -> None:
    files = list(simulated().world.folder.glob("*/landing/claims/*/*.csv"))
    loads = [
        load for load in simulated().records("audit.table_loads") if load["entity"] == "claims"
    ]
    assert len(loads) == len(files) - 1


@pytest.mark.parametrize(
    ("entity", "files"),
    [
        ("remittances", "remits/*/remits_*.csv"),
        ("provider_adjustments", "plb/*/plb_*.csv"),
        ("fee_schedules", "fee_schedules/*/fee_schedule.csv"),
        ("payer_terms", "payer_terms/*/payer_terms.csv"),
    ],
)
def test_every_other_file_is_a_load_of_all_its_lines(entity: str, files: str) -> None:
    lines = [
        len(file.read_text().splitlines()) - 1
        for file in simulated().world.folder.glob(f"*/landing/{files}")
    ]
    loads = [
        load["rows_read"]
        for load in simulated().records("audit.table_loads")
        if load["entity"] == entity
    ]
    assert sorted(loads) == sorted(lines)
    assert lines


def test_ledger_has_the_rows_that_the_loads_hold() -> None:
    held = sum(load["rows_quarantined"] for load in simulated().records("audit.table_loads"))
    assert sum(row["_row_count"] for row in simulated().records("audit.quarantine")) == held


def test_less_than_one_percent_of_rows_is_quarantined() -> None:
    first = [load for load in simulated().records("audit.table_loads", 0)]
    held, read = (sum(load[f"rows_{part}"] for load in first) for part in ("quarantined", "read"))
    assert 0 < held / read < 0.01


@pytest.mark.parametrize(
    ("event", "entity", "rate"),
    [
        ("patients_repeated", "patients", "repeated_patient"),
        ("patients_patient_id_missing", "patients", "patient_without_id"),
        ("patients_birth_date_in_future", "patients", "birth_date_in_future"),
        ("patients_phone_invalid", "patients", "invalid_phone"),
        ("patients_email_invalid", "patients", "invalid_email"),
        ("patients_ssn_invalid", "patients", "invalid_ssn"),
        ("encounters_patient_id_missing", "encounters", "encounter_without_patient"),
        ("transactions_repeated", "transactions", "repeated_transaction"),
        ("transactions_transaction_id_missing", "transactions", "transaction_without_id"),
        ("transactions_patient_id_missing", "transactions", "transaction_without_patient"),
        ("transactions_amount_negative", "transactions", "negative_amount"),
        ("transactions_provider_id_unknown", "transactions", "unknown_provider"),
        ("transactions_patient_id_unknown", "transactions", "unknown_patient"),
        ("claims_repeated", "claims", "repeated_claim"),
        ("claims_claim_status_invalid", "claims", "invalid_claim_status"),
        ("claims_transaction_id_missing", "claims", "claim_without_transaction"),
        ("postings_repeated", "postings", "repeated_posting"),
        ("postings_transaction_id_missing", "postings", "posting_without_transaction"),
        ("remittances_remittance_unbalanced", "remittances", "unbalanced_remittance"),
    ],
)
def test_defects_are_planted_at_their_rates(event: str, entity: str, rate: str) -> None:
    events = simulated().world.answer_key.summary(0)["events"]
    planted = sum(events[hospital].get(event, 0) for hospital in HOSPITALS)
    rows = len(simulated().current(entity, 0))
    assert planted == pytest.approx(getattr(DefectRates(), rate) * rows, abs=1.5)


def test_no_published_record_has_a_defect_that_quarantines() -> None:
    assert all(row["amount"] >= 0 for row in simulated().records("silver.transactions"))
    people = simulated().records("silver.patients")
    assert all(row["birth_date"] <= row["effective_date"].date() for row in people)


def test_no_charge_changes_its_payer_or_its_day_of_service() -> None:
    for key, history in versions("transactions").items():
        assert len({(one["payer_id"], one["service_date"]) for one in history}) == 1, key
