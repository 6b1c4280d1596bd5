"""The sources say, in their careless way, what the answer key says; read here without Spark."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from simulator.model import ENTITIES
from simulator.schema import HOSPITAL_TABLES, PAYER_FILES
from tests.simulator_support import DAYS, HOSPITALS, code, simulated

ZONES = {"hospital_a": ZoneInfo("America/New_York"), "hospital_b": ZoneInfo("America/Chicago")}
GENDERS = {"m": "Male", "f": "Female", "o": "Other", "male": "Male", "female": "Female",
           "other": "Other"}  # fmt: skip
MONTH = len("2026-01")
PROPER = re.compile(r"(^|[ '-]|Mc)([a-z])")


def text(typed: str) -> str | None:
    return " ".join(typed.split(" ")).strip() and re.sub(" +", " ", typed.strip()) or None


def name(typed: str) -> str | None:
    words = text(typed)
    if words is None:
        return None
    start = re.sub(r"(^|[ '-])([a-z])", lambda m: m[1] + m[2].upper(), words.lower())
    return re.sub(r"\bMc([a-z])", lambda m: "Mc" + m[1].upper(), start)


def phone(typed: str) -> str | None:
    digits = re.sub(r"\D", "", re.split("x|ext", typed)[0])
    found = re.fullmatch(r"(?:001|1)?(\d{10})", digits)
    return f"+1{found[1]}" if found else None


def email(typed: str) -> str | None:
    found = re.fullmatch(r"[a-z0-9.]+@[a-z]+(\.[a-z]+)+", typed.strip().lower())
    return found[0] if found else None


def ssn(typed: str) -> str | None:
    digits = re.sub(r"\D", "", typed)
    if re.match("000|666|9", digits) or digits[3:5] == "00" or digits[5:] == "0000":
        return None
    return f"{digits[:3]}-{digits[3:5]}-{digits[5:]}" if digits else None


def line_of_business(typed: str) -> str | None:
    words = text(typed)
    return "Self-Pay" if words and re.fullmatch("self[- ]?pay", words.lower()) else words


CLEANSE: dict[str, Callable[[str], Any]] = {
    "first_name": name, "last_name": name, "middle_name": name, "phone": phone, "email": email,
    "ssn": ssn, "gender": lambda typed: GENDERS.get(typed.strip().lower()),
    "npi": lambda typed: re.sub(r"\D", "", typed), "line_of_business": line_of_business,
    "payer_type": line_of_business, "posting_kind": str,
    "claim_status": lambda typed: typed.strip().capitalize(),
    **dict.fromkeys(("address", "insurance_name", "specialization", "name", "encounter_type",
                     "visit_type", "amount_type", "payer_id", "to_payer_id", "outcome"), text),
}  # fmt: skip


def cleansed(column: str, typed: str, zone: ZoneInfo) -> Any:
    if typed in {r"\N", ""}:
        return None
    if column.endswith("amount"):
        return Decimal(typed)
    if column.endswith(("_count", "_percent", "_days")):
        return int(typed)
    if column.endswith("_date") or column in {"valid_from", "valid_to"}:
        return datetime.fromisoformat(typed).date()
    if column == "inserted_at":
        return datetime.fromisoformat(typed).replace(tzinfo=zone).astimezone(UTC)
    return CLEANSE[column](typed) if column in CLEANSE else code(typed) or None


def record(entity: str, fields: list[str], zone: ZoneInfo) -> tuple[Any, ...]:
    columns = ENTITIES[entity]._fields
    return tuple(cleansed(c, f, zone) for c, f in zip(columns, fields, strict=False))


def file_lines(entity: str, hospital: str) -> list[list[str]]:
    """The lines of a hospital's files, each file as it came last."""
    kind, files = PAYER_FILES[entity], {}
    pattern = kind.name.format("????-??" if kind.period_digits == MONTH else "*")
    for day in range(DAYS + 1):
        folder = simulated().material(day) / "landing" / kind.folder / hospital
        for file in folder.glob(pattern):
            with file.open(newline="", encoding="utf-8") as content:
                header, *lines = csv.reader(content)
            assert tuple(header) == kind.table.columns
            files[file.name] = lines
    return [line for lines in files.values() for line in lines]


def published(entity: str, hospital: str) -> list[tuple[Any, ...]]:
    columns = ENTITIES[entity]._fields
    return [
        tuple(row[column] for column in columns)
        for row in simulated().records(f"silver.{entity}")
        if row["source_system"] == hospital and row.get("is_current", True)
    ]


def held_rows(entity: str, hospital: str) -> int:
    """Rows in the source that must be quarantined, each counted once."""
    first, *others = (
        load
        for load in simulated().records("audit.table_loads")
        if load["entity"] == entity and load["source_system"] == hospital
    )
    return int(first["rows_quarantined"]) + (len(others) if entity == "transactions" else 0)


@pytest.mark.parametrize("hospital", HOSPITALS)
@pytest.mark.parametrize(
    "entity",
    ["patients", "providers", "departments", "encounters", "transactions", "postings", "appeals"],
)
def test_database_says_the_published_records_once_cleansed(hospital: str, entity: str) -> None:
    lines = [line.split("\t") for line in simulated().table_lines(hospital, entity)]
    said = Counter(record(entity, fields, ZONES[hospital]) for fields in lines)
    truth = published(entity, hospital)

    missing = [row for row in truth if row not in said]
    assert missing == []
    others = sum((said - Counter(truth)).values())
    repeated = sum(said[row] - 1 for row in truth)
    assert others - repeated == held_rows(entity, hospital)


@pytest.mark.parametrize("hospital", HOSPITALS)
@pytest.mark.parametrize("entity", list(PAYER_FILES))
def test_files_say_the_published_records_once_cleansed(entity: str, hospital: str) -> None:
    lines = file_lines(entity, hospital)
    said = Counter(record(entity, fields, ZoneInfo("UTC")) for fields in lines)
    truth = published(entity, hospital)

    assert truth
    assert [row for row in truth if row not in said] == []


@pytest.mark.parametrize("hospital", HOSPITALS)
@pytest.mark.parametrize(
    ("folder", "name", "column"),
    [
        ("claims", "claims_????-??.csv", "ClaimDate"),
        ("remits", "remits_????-??.csv", "RemitDate"),
        ("plb", "plb_????.csv", "AdjustmentDate"),
    ],
)
def test_lines_lie_in_the_file_of_their_period(
    hospital: str, folder: str, name: str, column: str
) -> None:
    for day in range(DAYS + 1):
        for file in (simulated().material(day) / "landing" / folder / hospital).glob(name):
            period = file.stem.split("_")[1]
            with file.open(newline="", encoding="utf-8") as content:
                dates = {line[column][: len(period)] for line in csv.DictReader(content)}
            assert dates == {period}


def test_current_month_is_sent_again_every_day() -> None:
    for day in range(1, DAYS + 1):
        month = f"{simulated().world.business_dates[day]:%Y-%m}"
        for hospital in HOSPITALS:
            folder = simulated().material(day) / "landing" / "claims" / hospital
            assert (folder / f"claims_{month}.csv").exists()


def test_one_file_comes_again_unchanged_under_another_name() -> None:
    first, second = (
        simulated().material(day) / "landing" / "claims" / "hospital_a" for day in (0, 1)
    )
    (again,) = second.glob("*_resent.csv")

    original = first / again.name.replace("_resent", "")
    assert again.read_bytes() == original.read_bytes()


def test_values_are_typed_carelessly() -> None:
    lines = [line.split("\t") for line in simulated().table_lines("hospital_b", "patients")]
    columns = HOSPITAL_TABLES["hospital_b"][0].columns
    typed = {column: [fields[position] for fields in lines]
             for position, column in enumerate(columns)}  # fmt: skip

    assert any(value != value.strip() for value in typed["ID"])
    assert any(value.isupper() for value in typed["L_Name"])
    assert any(value.islower() for value in typed["L_Name"])
    assert any("x" in value for value in typed["PhoneNumber"])
    assert any(value != value.lower() for value in typed["Email_Address"] if value != r"\N")


def test_touched_rows_are_spelled_otherwise_but_mean_the_same() -> None:
    """A key that is typed in another way is replaced by the text it had before."""
    for hospital in HOSPITALS:
        for table in HOSPITAL_TABLES[hospital]:
            keys = [code(line.split("\t")[0]) for line in
                    simulated().table_lines(hospital, table.name)]  # fmt: skip
            repeated = [key for key, count in Counter(keys).items() if count > 2 and key != r"\N"]
            assert [key for key in repeated if key] == []
