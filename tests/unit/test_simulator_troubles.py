"""Each trouble of the simulated world: it is there at its rate, and its meaning is in the key."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import fields
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from simulator.clock import local_day
from simulator.defects import LEVELS, DefectRates
from tests.troubled_worlds import Tables, records, world

DOCS = Path(__file__).resolve().parents[2] / "docs" / "troubles.md"
ROW = re.compile(r"^\| `(\w+)` \|.*?\| ([\d.]+) \| ([\d.]+) \| (.+?) \| .+? \|$", re.MULTILINE)
NEW_YORK = ZoneInfo("America/New_York")


def test_page_of_troubles_has_every_rate() -> None:
    told = {name: (float(default), float(high)) for name, default, high, _ in rows_of_page()}

    assert told == {one.name: (one.default, one.metadata["high"]) for one in fields(DefectRates)}


def test_page_of_troubles_says_what_must_come_of_each() -> None:
    outcomes = {name: outcome.split("*")[1] for name, _, _, outcome in rows_of_page()}

    assert set(outcomes.values()) <= {"same", "held", "kept", "leak"}


def rows_of_page() -> list[tuple[str, str, str, str]]:
    return ROW.findall(DOCS.read_text(encoding="utf-8"))


def test_a_level_that_is_not_there_is_named() -> None:
    with pytest.raises(ValueError, match="none, default, high, and not some"):
        DefectRates.at("some")
    assert [DefectRates.at(level).dst_night for level in LEVELS] == [0, 0.05, 1]


def test_a_quiet_world_holds_and_repeats_nothing() -> None:
    with world() as quiet:
        for day in range(2):
            loads = quiet.answer_key.summary(day)["loads"]
            assert (loads["rows_quarantined"], loads["rows_deduplicated"]) == (0, 0)
        tables = quiet.answer_key.tables(1)
        assert tables["gold.quarantine_summary"].num_rows == 0
        assert tables["planted.leakage"].num_rows == 0 or not any(
            kind in {"underpaid_claim", "late_filing"}
            for kind in tables["planted.leakage"]["kind"].to_pylist()
        )
        assert sum(tables["gold.orphan_summary"]["orphan_count"].to_pylist()) == 0


def _statuses(tables: Tables) -> Counter[str]:
    return Counter(one["status_code"] for one in tables["silver.remittances"])


def _denied_with_status_1(tables: Tables) -> bool:
    denials = {one["denial_date"] for one in tables["gold.fact_denials"]}
    return _statuses(tables)["4"] == 0 and bool(denials)


def _reason_stands_second(tables: Tables) -> bool:
    reasons = [one for one in tables["gold.fact_claim_adjustments"] if one["is_denial"]]
    second = [one for one in reasons if one["adjustment_number"] == 2]
    codes = {one["reason_code"] for one in tables["gold.fact_denials"]}
    return bool(second) and "45" not in codes


def _corrected(tables: Tables) -> bool:
    claims = [one for one in tables["gold.fact_claims"] if one["remitted_amount"]]
    paid = [one for one in claims if one["final_outcome"] == "Paid"]
    return bool(paid) and not any(one["is_first_pass"] for one in paid)


def _allowed_is_worked_out(tables: Tables) -> bool:
    unsaid = [one for one in tables["silver.remittances"] if one["allowed_amount"] is None]
    facts = [one for one in tables["gold.fact_remittances"] if one["paid_amount"] > 0]
    return bool(unsaid) and all(
        one["allowed_amount"] == one["paid_amount"] + one["patient_responsibility_amount"]
        for one in facts
    )


def _decides_nothing(status: str) -> Callable[[Tables], bool]:
    def is_there(tables: Tables) -> bool:
        outcomes = Counter(one["final_outcome"] for one in tables["gold.fact_claims"])
        return _statuses(tables)[status] > 0 and outcomes["Paid"] > 0

    return is_there


def _newest_rate_wins(tables: Tables) -> bool:
    return all(one["valid_to"] is None for one in tables["silver.fee_schedules"])


def _unknown_account(tables: Tables) -> bool:
    return any(one["transaction_key"] == "unknown" for one in tables["gold.fact_ledger"])


def _evening(tables: Tables) -> bool:
    charges = [one["inserted_at"] for one in tables["silver.transactions"] if one["is_current"]]
    return any(at.astimezone(NEW_YORK).hour in {20, 21} for at in charges)


def _long_night(tables: Tables) -> bool:
    nights = [_local(one["effective_date"]) for one in tables["silver.encounters"]]
    return any(at.hour == 1 and at.fold == 0 and at.date() == date(2025, 11, 2) for at in nights)


def _local(at: datetime) -> datetime:
    return at.astimezone(NEW_YORK)


@pytest.mark.parametrize(
    ("trouble", "is_there"),
    [
        ("denied_as_processed", _denied_with_status_1),
        ("reason_behind_contractual", _reason_stands_second),
        ("crossover", lambda tables: {"19", "20"} <= set(_statuses(tables))),
        ("corrected_on_one_day", _corrected),
        ("allowed_not_said", _allowed_is_worked_out),
        ("forwarded_as_not_ours", _decides_nothing("23")),
        ("priced_only", _decides_nothing("25")),
        ("rate_left_open", _newest_rate_wins),
        ("posting_to_unknown_charge", _unknown_account),
        ("evening_charge", _evening),
        ("dst_night", _long_night),
    ],
)
def test_trouble_has_its_meaning_in_the_answer_key(
    trouble: str, is_there: Callable[[Tables], bool]
) -> None:
    with world(**{trouble: 1}) as troubled:
        assert is_there(records(troubled))


def test_held_charge_keeps_its_journal_on_the_account_of_nobody() -> None:
    with world(patients=300, negative_amount=0.05, held_charge_with_journal=1) as troubled:
        tables = records(troubled)
        assert _unknown_account(tables)
        assert {one["rule"] for one in tables["gold.quarantine_summary"]} == {"amount_negative"}


@pytest.mark.parametrize(
    ("trouble", "cause"),
    [("posted_while_read", "between_bounds"), ("charge_held_later", "charge_held")],
)
def test_postings_that_the_charge_does_not_say_are_reconciling_items(
    trouble: str, cause: str
) -> None:
    with world(patients=300, **{trouble: 1}) as troubled:
        items = troubled.answer_key.tables(1)["gold.reconciling_items"].to_pylist()
        assert {item["cause"] for item in items} == {cause}
        (books,) = {
            row["difference"]
            for row in troubled.answer_key.tables(1)["gold.ar_reconciliation"].to_pylist()
        }
        assert books == 0


def test_a_deleted_charge_stays_published_until_keys_are_compared() -> None:
    with world(charge_deleted=0.1) as troubled:
        before, after = (troubled.answer_key.tables(day) for day in range(2))
        gone = after["planted.deletions"].to_pylist()
        charges = {row["transaction_key"] for row in after["gold.fact_transactions"].to_pylist()}
        posted = Counter[str]()
        for line in after["gold.fact_ledger"].to_pylist():
            if line["version"] is None:
                posted[line["transaction_key"]] += line["posted_amount"]

        assert before["planted.deletions"].num_rows == 0
        assert gone
        assert {row["account_key"] for row in gone} <= charges
        assert all(row["difference_amount"] == posted[row["account_key"]] for row in gone)
        assert after["gold.reconciling_items"].num_rows == 0


def test_a_row_whose_stamp_was_set_back_is_published_as_it_was_read_last() -> None:
    with world(stamp_set_back=0.1) as troubled:
        before, after = (troubled.answer_key.tables(day) for day in range(2))
        unread = {
            (one["source_system"], one["patient_id"]): one["address"]
            for one in after["planted.overlooked"].to_pylist()
        }
        folder = troubled.folder / "2026-02-01" / "mysql"
        written = {
            (hospital, line.split("\t")[0].strip(" \u00a0\u200b")): line
            for hospital in ("hospital_a", "hospital_b")
            for line in (folder / hospital / "patients.tsv").read_text("utf-8").splitlines()
        }

        assert before["planted.overlooked"].num_rows == 0
        assert unread
        assert all("2025-02-01 " in written[key] for key in unread)
        read = {
            (one["source_system"], one["patient_id"]): one["address"]
            for one in after["silver.patients"].to_pylist()
            if one["is_current"]
        }
        assert all(read[key] != address for key, address in unread.items())


def test_a_new_payer_is_published_from_its_first_date_on() -> None:
    with world(new_payer=1) as troubled:
        before, after = (
            {one["payer_name"]: one["payer_key"] for one in tables["gold.dim_payers"].to_pylist()}
            for tables in (troubled.answer_key.tables(day) for day in range(2))
        )
        (name,) = after.keys() - before.keys()
        tables = troubled.answer_key.tables(1)
        charged = [one for one in tables["gold.fact_transactions"].to_pylist()
                   if one["payer_key"] == after[name]]  # fmt: skip
        agreed = {one["payer_id"] for one in tables["silver.fee_schedules"].to_pylist()}

        assert {one["source_system"] for one in charged} == {"hospital_a", "hospital_b"}
        assert name in agreed


def test_a_charge_that_was_entered_on_a_placeholder_day_is_posted_when_it_changed_last() -> None:
    with world(entry_on_placeholder_day=1) as troubled:
        tables = records(troubled)
        changed = {
            (one["source_system"], one["transaction_id"]): one["effective_date"]
            for one in tables["silver.transactions"]
        }
        lines = [one for one in tables["gold.fact_ledger"] if one["posting_kind"] == "charge"]
        assert sorted(one["posting_date"] for one in lines) == sorted(
            local_day(at, hospital) for (hospital, _), at in changed.items()
        )
        assert all(one["charge_posted_date"] is None for one in tables["gold.fact_claims"])
        assert tables["gold.kpi_late_charges"] == []
        odd = {one["entity"]: one for one in tables["gold.data_oddities"]
               if one["rule"] == "inserted_at_is_placeholder"}  # fmt: skip
        assert {one["odd_rate"] for one in odd.values()} == {1}
        assert set(odd) == {"transactions", "postings"}


def test_a_posting_on_a_placeholder_day_is_held_with_its_dollars() -> None:
    with world(posting_on_placeholder_day=0.2) as troubled:
        tables = records(troubled)
        items = tables["gold.reconciling_items"]
        held = [one for one in tables["gold.quarantine_summary"] if one["entity"] == "postings"]
        assert {item["cause"] for item in items} == {"posting_held"}
        assert {one["rule"] for one in held} == {
            "posting_date_out_of_range",
            "posting_date_in_future",
        }
        assert -sum(item["difference_amount"] for item in items) == sum(
            one["paid_amount"] for one in held
        )
