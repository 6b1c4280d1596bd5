"""Accounts, remittances and leaks of whole worlds, recounted from the answer key alone."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from simulator.defects import DefectRates
from simulator.lifecycle import STEPS
from tests.adjudication_support import (
    SEEDS,
    SELF_PAY,
    by_key,
    covers,
    every_world,
    in_every_seed,
    late,
    published,
    totals,
    underpaid,
)
from tests.simulator_support import DAYS, HOSPITALS, PATIENTS, START, simulated

DENIAL_CODES = {"16", "18", "22", "27", "29", "50", "97", "197"}


@every_world
def test_journal_explains_the_totals_of_every_account(seed: int, day: int) -> None:
    tables = published(seed, day)
    journal = by_key(tables["postings"], "transaction_id")
    charges = by_key(tables["transactions"], "transaction_id")

    assert journal.keys() <= charges.keys()
    for key, (charge,) in charges.items():
        assert totals(journal[key]) == {
            "paid": charge["paid_amount"],
            "patient paid": charge["patient_paid_amount"],
            "adjusted": charge["adjustment_amount"],
            "written off": charge["write_off_amount"],
            "open": charge["open_amount"] - charge["amount"],
            "last": charge["paid_date"],
        }, key


@every_world
def test_postings_have_the_sign_and_reason_of_their_kind(seed: int, day: int) -> None:
    reasons = {
        "patient_payment": {"STATEMENT", "POS", "PLAN"},
        "write_off": {"BAD_DEBT", "CHARITY", "SMALL_BALANCE", "TIMELY_FILING", "DENIAL", "ADMIN"},
        "contractual": {"CO-45"},
        "transfer": {"PATIENT", "SECONDARY"},
    }
    for line in published(seed, day)["postings"]:
        kind, amount = line["posting_kind"], line["amount"]
        assert line["reason_code"] in reasons.get(kind, {None}), line
        assert (line["to_payer_id"] is not None) == (kind == "transfer"), line
        assert (line["claim_id"] is not None) >= (kind in {"payment", "takeback"}), line
        assert (kind == "patient_payment") <= (line["payer_id"] == SELF_PAY), line
        assert amount
        if kind != "contractual":
            assert (amount > 0) == (kind in {"refund", "takeback"}), line


@in_every_seed
def test_postings_are_never_changed(seed: int) -> None:
    for day in range(1, DAYS + 1):
        before, after = (
            {key: lines for key, lines in by_key(published(seed, one)["postings"],
                                                 "posting_id").items()}
            for one in (day - 1, day)
        )  # fmt: skip
        today = START + timedelta(days=day)
        assert {key: after[key] for key in before} == before
        new = [line for key, (line,) in after.items() if key not in before]
        assert {line["posting_date"] for line in new} == {today}
        assert {line["version"] for line in new} == {1}


@in_every_seed
def test_a_transfer_moves_what_the_payer_has_left(seed: int) -> None:
    tables = published(seed, DAYS)
    charges = by_key(tables["transactions"], "transaction_id")
    for key, journal in by_key(tables["postings"], "transaction_id").items():
        (charge,) = charges[key]
        balances = Counter({charge["payer_id"]: charge["amount"]})
        for line in sorted(journal, key=lambda line: line["posting_id"]):
            balances[line["payer_id"]] += line["amount"]
            if line["posting_kind"] == "transfer":
                assert balances[line["payer_id"]] == 0, line
                balances[line["to_payer_id"]] -= line["amount"]


@every_world
def test_remittances_balance(seed: int, day: int) -> None:
    for remit in published(seed, day)["remittances"]:
        parts = [
            (remit[f"adjustment_{n}_group"], remit[f"adjustment_{n}_amount"])
            for n in range(1, 5)
            if remit[f"adjustment_{n}_group"]
        ]
        by_patient = sum((amount for group, amount in parts if group == "PR"), Decimal())
        assert remit["charge_amount"] - sum(amount for _, amount in parts) == remit["paid_amount"]
        assert remit["patient_responsibility_amount"] == by_patient
        assert remit["allowed_amount"] == remit["paid_amount"] + by_patient
        if remit["status_code"] == "4":
            assert remit["allowed_amount"] == 0
            assert remit["adjustment_1_code"] in DENIAL_CODES
            assert [amount for _, amount in parts] == [remit["charge_amount"]]


@in_every_seed
def test_a_reversal_takes_back_what_was_remitted_before(seed: int) -> None:
    reversals = 0
    for remits in by_key(published(seed, DAYS)["remittances"], "claim_id").values():
        in_order = sorted(remits, key=lambda one: (one["remit_date"], one["remittance_id"]))
        for earlier, later in zip(in_order, in_order[1:], strict=False):
            if later["status_code"] == "22":
                reversals += 1
                amounts = [name for name in later if name.endswith("_amount")]
                assert all(later[name] == -earlier[name] for name in amounts if earlier[name])
    if seed == SEEDS[0]:
        assert reversals > PATIENTS / 100


@in_every_seed
def test_what_happens_to_a_claim_happens_in_order(seed: int) -> None:
    tables = published(seed, DAYS)
    charges = by_key(tables["transactions"], "transaction_id")
    remits = by_key(tables["remittances"], "claim_id")
    payments = [line for line in tables["postings"] if line["posting_kind"] == "payment"]
    paid = by_key(payments, "claim_id")
    for claim in tables["claims"]:
        key = claim["source_system"], claim["claim_id"]
        for charge in charges[claim["source_system"], claim["transaction_id"]]:
            assert charge["billed_date"] <= claim["claim_date"]
            assert charge["billed_date"] >= charge["inserted_at"].date() - timedelta(days=1)
            assert claim["claim_amount"] == charge["amount"]
        decided = {one["remit_date"] for one in remits[key]}
        assert all(day > claim["claim_date"] for day in decided), key
        assert all(line["posting_date"] >= min(decided) for line in paid[key]), key
        if claim["adjudication_date"] and decided:
            assert claim["adjudication_date"] in decided, key


@in_every_seed
def test_status_of_a_claim_is_its_last_decision(seed: int) -> None:
    tables = published(seed, DAYS)
    remits = by_key(tables["remittances"], "claim_id")
    statuses = {"1": {"Approved", "Paid"}, "2": {"Approved", "Paid"}, "4": {"Denied"},
                "22": {"Paid"}}  # fmt: skip
    for claim in tables["claims"]:
        of_claim = remits[claim["source_system"], claim["claim_id"]]
        if claim["claim_frequency"] == "8":
            assert (claim["claim_status"], claim["paid_amount"]) == ("Approved", 0)
            assert claim["adjudication_date"] == claim["claim_date"]
        elif of_claim:
            last = max(of_claim, key=lambda one: (one["remit_date"], one["remittance_id"]))
            assert claim["claim_status"] in statuses[last["status_code"]]
            assert claim["paid_amount"] == max(last["paid_amount"], 0)
        else:
            assert claim["claim_status"] in {"Pending", "Rejected"}


@in_every_seed
def test_corrected_and_void_claims_name_an_earlier_claim_of_their_charge(seed: int) -> None:
    claims = by_key(published(seed, DAYS)["claims"], "claim_id")
    for (hospital, _), (claim,) in claims.items():
        assert (claim["original_claim_id"] is None) == (claim["claim_frequency"] == "1")
        for original in claims.get((hospital, claim["original_claim_id"]), []):
            assert original["transaction_id"] == claim["transaction_id"]
            assert original["claim_date"] < claim["claim_date"]


def test_every_kind_of_claim_payment_and_appeal_is_met() -> None:
    tables = published(SEEDS[0], DAYS)
    remits = Counter(remit["status_code"] for remit in tables["remittances"])
    assert remits.keys() == {"1", "2", "4", "22"}
    codes = {one["adjustment_1_code"] for one in tables["remittances"] if one["status_code"] == "4"}
    assert codes == DENIAL_CODES
    assert {claim["claim_frequency"] for claim in tables["claims"]} == {"1", "7", "8"}
    assert {claim["payer_sequence"] for claim in tables["claims"]} == {"P", "S"}
    assert {one["outcome"] for one in tables["appeals"]} == {"Pending", "Overturned", "Upheld"}
    assert {one["reason_code"] for one in tables["provider_adjustments"]} == {"WO", "FB", "L6"}


def test_most_clean_claims_are_paid_as_agreed_at_first_pass() -> None:
    claims = [claim for claim in published(SEEDS[0], DAYS)["claims"]
              if claim["claim_frequency"] == "1" and claim["payer_sequence"] == "P"]  # fmt: skip

    clean = sum(claim["edit_count"] == 0 for claim in claims) / len(claims)
    assert 0.8 < clean < 0.9


@in_every_seed
def test_contracts_cover_every_insured_service_once(seed: int) -> None:
    tables = published(seed, 0)
    in_force = defaultdict(list)
    for fee in tables["fee_schedules"]:
        in_force[fee["source_system"], fee["payer_id"], fee["procedure_code"]].append(fee)
    for charge in tables["transactions"]:
        if charge["payer_id"] != SELF_PAY:
            fees = in_force[charge["source_system"], charge["payer_id"], charge["procedure_code"]]
            assert sum(covers(fee, charge["service_date"]) for fee in fees) == 1
    services = [charge["service_date"] for charge in tables["transactions"]]
    begins = {fee["valid_from"] for fee in tables["fee_schedules"]}
    assert min(begins) < min(services) < max(begins) < max(services)


@every_world
def test_all_leaks_are_listed(seed: int, day: int) -> None:
    tables, today = published(seed, day), START + timedelta(days=day)
    claims_of = by_key(tables["claims"], "transaction_id")
    remits_of = by_key(tables["remittances"], "claim_id")
    charged = {(one["source_system"], one["encounter_id"]) for one in tables["transactions"]}
    expected = {
        "encounter_without_charge": {
            key for key in by_key(tables["encounters"], "encounter_id") if key not in charged
        },
        "charge_without_claim": {
            key
            for key, (charge,) in by_key(tables["transactions"], "transaction_id").items()
            if charge["payer_id"] != SELF_PAY
            and (today - charge["service_date"]).days > 60
            and key not in claims_of
        },
        "claim_without_remittance": {
            key
            for key, (claim,) in by_key(tables["claims"], "claim_id").items()
            if claim["claim_status"] == "Pending"
            and (today - claim["claim_date"]).days > 90
            and key not in remits_of
        },
        "underpaid_claim": set(underpaid(tables, remits_of)),
        "late_filing": set(late(tables)),
    }
    listed = defaultdict(set)
    for leak in tables["leakage"]:
        listed[leak["kind"]].add((leak["source_system"], leak["record_id"]))
    assert {kind: keys for kind, keys in expected.items() if keys} == listed
    if seed == SEEDS[0]:
        assert all(len(keys) >= 5 for keys in listed.values())


@pytest.mark.parametrize(
    ("kind", "rate"),
    [
        ("encounter_without_charge", "encounter_without_charge"),
        ("underpaid_claim", "underpaid_claim"),
        ("claim_without_remittance", "claim_without_remittance"),
    ],
)
def test_leaks_are_planted_about_as_often_as_their_rates(kind: str, rate: str) -> None:
    tables = published(SEEDS[0], 0)
    insured = sum(one["payer_id"] != SELF_PAY for one in tables["transactions"])
    population = len(tables["encounters"]) if kind.startswith("encounter") else insured
    found = sum(leak["kind"] == kind for leak in tables["leakage"])

    expected = getattr(DefectRates(), rate) * population
    assert 0.5 * expected < found < 1.3 * expected


def test_some_accounts_are_paid_over_the_charge_and_some_of_it_goes_back() -> None:
    journal = published(SEEDS[0], DAYS)["postings"]
    events = simulated().world.answer_key.summary(0)["events"]

    assert sum(events[name]["transactions_paid_over_billed"] for name in HOSPITALS) > 5
    refunded = {line["payer_id"] == SELF_PAY for line in journal
                if line["posting_kind"] == "refund"}  # fmt: skip
    assert refunded == {True, False}


def test_every_step_that_is_planned_is_known() -> None:
    folder = Path(__file__).parents[2] / "simulator"
    text = "".join(file.read_text() for file in folder.glob("*.py"))

    assert all(f'"{name}"' in text for name in STEPS)
