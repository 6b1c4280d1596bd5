from __future__ import annotations

import hashlib
from collections import Counter
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from simulator.defects import DefectRates
from simulator.schema import HOSPITAL_TABLES
from simulator.world import generate, generate_again
from tests.simulator_support import (
    DAYS,
    HOSPITALS,
    PATIENTS,
    PLAIN,
    START,
    simulated,
    small_world,
)

ZONES = {"hospital_a": ZoneInfo("America/New_York"), "hospital_b": ZoneInfo("America/Chicago")}
CENTS = 100


def bytes_of_everything(folder: Path, seed: int) -> dict[str, str]:
    world = small_world(folder / "sources", seed, patients=200)
    world.write_answer_key(folder / "key")
    return hashes(folder)


def hashes(folder: Path) -> dict[str, str]:
    return {
        str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


def test_same_seed_makes_the_same_bytes(tmp_path: Path) -> None:
    first = bytes_of_everything(tmp_path / "first", seed=11)

    assert len(first) > 100
    assert bytes_of_everything(tmp_path / "second", seed=11) == first


def test_answer_key_can_be_worked_out_later(tmp_path: Path) -> None:
    kept = bytes_of_everything(tmp_path / "kept", seed=11)
    world = generate(11, 200, DAYS, START, tmp_path / "made", PLAIN, keeps_books=False)
    with pytest.raises(ValueError, match="no books"):
        world.write_answer_key(tmp_path / "none")

    generate_again(tmp_path / "made", tmp_path / "sources").write_answer_key(tmp_path / "key")

    deliveries = {name: digest for name, digest in kept.items() if name.startswith("sources/2026")}
    assert len(deliveries) > 50
    assert hashes(tmp_path / "made").items() >= {
        (name.removeprefix("sources/"), digest) for name, digest in deliveries.items()
    }
    again = {
        f"{top}/{name}": digest
        for top in ("sources", "key")
        for name, digest in hashes(tmp_path / top).items()
    }
    assert again == kept


def test_who_is_held_as_unborn_is_born_after_the_date_of_reading(tmp_path: Path) -> None:
    rates = DefectRates(birth_date_in_future=0.5)
    world = generate(5, 400, 0, START, tmp_path, rates)

    held = sum(
        row["_row_count"]
        for row in world.answer_key.tables(0)["audit.quarantine"].to_pylist()
        if row["rule"] == "birth_date_in_future"
    )
    births = [
        date.fromisoformat(line.split("\t")[table.columns.index("DOB")])
        for hospital, tables in HOSPITAL_TABLES.items()
        for table in tables
        if table.name == "patients"
        for file in [tmp_path / f"{START}/mysql/{hospital}/patients.tsv"]
        for line in file.read_text(encoding="utf-8").splitlines()
    ]
    assert held == sum(born > START for born in births) > 100


def test_another_seed_makes_another_world(tmp_path: Path) -> None:
    first = bytes_of_everything(tmp_path / "first", seed=11)
    second = bytes_of_everything(tmp_path / "second", seed=12)

    patients = "sources/2026-01-31/mysql/hospital_a/patients.tsv"
    assert first[patients] != second[patients]


def test_business_dates_follow_the_start() -> None:
    assert simulated().world.business_dates == [START + timedelta(days=day) for day in range(3)]


def test_there_are_five_transactions_a_patient() -> None:
    transactions = len(simulated().current("transactions", day=0))

    assert transactions == pytest.approx(5 * PATIENTS, rel=0.05)


@pytest.mark.parametrize(
    ("entity", "key"),
    [("patients", "patient_id"), ("transactions", "transaction_id"), ("claims", "claim_id")],
)
def test_ids_of_the_hospitals_collide(entity: str, key: str) -> None:
    ids: dict[str, set[str]] = {hospital: set() for hospital in HOSPITALS}
    for record in simulated().current(entity):
        ids[record["source_system"]].add(record[key])

    shared = ids["hospital_a"] & ids["hospital_b"]
    assert len(shared) > 0.9 * len(ids["hospital_b"])


def test_the_same_id_is_another_person_in_the_other_hospital() -> None:
    people: dict[str, set[tuple[object, ...]]] = {}
    for record in simulated().current("patients"):
        person = (record["last_name"], record["birth_date"])
        people.setdefault(record["patient_id"], set()).add(person)

    different = [identities for identities in people.values() if len(identities) == 2]
    assert len(different) > 0.8 * len(people)


def test_some_people_are_patients_of_both_hospitals() -> None:
    hospitals: dict[tuple[object, ...], set[str]] = {}
    for record in simulated().records("silver.patients", day=0):
        person = (record["first_name"], record["last_name"], record["birth_date"], record["ssn"])
        hospitals.setdefault(person, set()).add(record["source_system"])

    both = [person for person, names in hospitals.items() if len(names) == 2]
    assert len(both) == pytest.approx(0.05 * PATIENTS / 2, rel=0.1)


def test_money_of_every_version_adds_up_to_the_cent() -> None:
    for record in simulated().records("silver.transactions"):
        parts = [
            record[name]
            for name in (
                "paid_amount",
                "patient_paid_amount",
                "adjustment_amount",
                "write_off_amount",
                "open_amount",
            )
        ]
        assert record["amount"] == sum(parts), record["transaction_id"]
        assert min(parts[:-1]) >= 0, record["transaction_id"]


def test_charges_happen_in_causal_order() -> None:
    for charge in simulated().records("silver.transactions"):
        posted = charge["inserted_at"].astimezone(ZONES[charge["source_system"]]).date()
        dates = [charge["visit_date"], charge["service_date"], posted]
        dates += [charge["paid_date"]] if charge["paid_date"] else []
        today = charge["effective_date"].astimezone(ZONES[charge["source_system"]]).date()
        assert [*dates, today] == sorted([*dates, today]), charge["transaction_id"]


def test_claims_happen_in_causal_order() -> None:
    for claim in simulated().records("silver.claims"):
        dates = [claim["service_date"], claim["claim_date"]]
        dates += [claim["adjudication_date"]] if claim["adjudication_date"] else []
        today = claim["effective_date"].date()
        assert [*dates, today] == sorted([*dates, today]), claim["claim_id"]
        assert (claim["claim_status"] == "Pending") <= (claim["adjudication_date"] is None)


def test_payers_refuse_about_a_tenth_of_the_claims_they_decide() -> None:
    statuses = Counter(claim["claim_status"] for claim in simulated().current("claims"))

    decided = sum(statuses.values()) - statuses["Pending"]
    assert (statuses["Denied"] + statuses["Rejected"]) / decided == pytest.approx(0.11, abs=0.02)


def test_recent_claims_are_more_likely_pending() -> None:
    def pending_share(first: int, last: int) -> float:
        ages = [
            (START - claim["claim_date"]).days for claim in simulated().current("claims", day=0)
        ]
        states = [claim["claim_status"] for claim in simulated().current("claims", day=0)]
        chosen = [s for s, age in zip(states, ages, strict=True) if first <= age <= last]
        return chosen.count("Pending") / len(chosen)

    assert pending_share(0, 10) > 0.6
    assert pending_share(90, 400) < 0.05


def test_charges_are_lognormal_with_a_long_tail() -> None:
    amounts = sorted(charge["amount"] for charge in simulated().current("transactions"))

    median, average = amounts[len(amounts) // 2], sum(amounts) / len(amounts)
    assert 200 < median < 500
    assert average > 1.8 * float(median)


@pytest.mark.parametrize("day", range(1, DAYS + 1))
def test_changed_rows_are_stamped_within_the_business_date(day: int) -> None:
    expected = simulated().world.business_dates[day].isoformat()
    for hospital, tables in HOSPITAL_TABLES.items():
        for table in tables:
            if table.watermark is None:
                continue
            file = simulated().material(day) / "mysql" / hospital / f"{table.name}.tsv"
            stamps = [line.rsplit("\t", 1)[1] for line in file.read_text().splitlines()]
            assert {stamp[:10] for stamp in stamps} <= {expected}, file
            assert stamps or table.name == "appeals"
            assert all("06" <= stamp[11:13] <= "21" for stamp in stamps)


@pytest.mark.parametrize("day", range(1, DAYS + 1))
def test_each_changed_patient_gets_exactly_one_new_version(day: int) -> None:
    events = simulated().world.answer_key.summary(day)["events"]
    changed = sum(events[hospital]["patients_changed"] for hospital in HOSPITALS)
    new = sum(events[hospital]["patients_new"] for hospital in HOSPITALS)
    before = simulated().records("silver.patients", day - 1)
    after = simulated().records("silver.patients", day)

    assert changed > 0
    assert len(after) - len(before) == changed + new
    assert len(simulated().current("patients", day)) - len(before) == new - (
        len(before) - len(simulated().current("patients", day - 1))
    )


@pytest.mark.parametrize("day", range(1, DAYS + 1))
def test_every_kind_of_change_happens_every_day(day: int) -> None:
    kinds = {
        "patients_new", "patients_changed", "patients_touched", "providers_changed",
        "encounters_new", "encounters_changed", "encounters_touched", "transactions_new",
        "transactions_corrected", "transactions_touched", "transactions_repeated",
        "transactions_amount_negative", "claims_new", "claims_changed",
        "postings_payment", "postings_contractual", "postings_patient_payment",
    }  # fmt: skip
    for events in simulated().world.answer_key.summary(day)["events"].values():
        assert kinds <= events.keys()


def test_patients_who_are_touched_only_get_no_version() -> None:
    stamped = {
        datetime.fromisoformat(line.rsplit("\t", 1)[1]).date()
        for line in simulated().table_lines("hospital_a", "patients")
    }
    days = simulated().world.business_dates[1:]
    loads = [
        load
        for load in simulated().records("audit.table_loads")
        if load["load_id"].startswith("hospital_a.patients") and load["business_date"] in days
    ]

    assert set(days) <= stamped
    for load in loads:
        events = simulated().world.answer_key.summary(days.index(load["business_date"]) + 1)
        touched = events["events"]["hospital_a"]["patients_touched"]
        assert load["rows_unchanged"] >= touched
