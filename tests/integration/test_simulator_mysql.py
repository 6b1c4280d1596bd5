from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from simulator import SimulatorError, load_tutorial
from simulator.mysql import load_lines, transaction
from simulator.schema import CLAIMS, CODES, HOSPITAL_TABLES
from tests.conftest import Stack
from tests.simulator_support import DAYS, HOSPITALS, simulated

NOISE = Decimal("0.30000001192092896")


@pytest.fixture
def hospitals(stack_environment: Stack) -> Iterator[dict[str, dict[str, Any]]]:
    """Connection parameters of the hospitals' databases, which are empty again afterwards."""
    parameters = {}
    for hospital in HOSPITALS:
        parts = urlsplit(stack_environment.variables[f"AIRFLOW_CONN_{hospital.upper()}_DB"])
        parameters[hospital] = {
            "host": parts.hostname,
            "port": parts.port,
            "user": unquote(parts.username or ""),
            "password": unquote(parts.password or ""),
            "database": parts.path.strip("/"),
        }
    yield parameters
    for hospital, tables in HOSPITAL_TABLES.items():
        for table in tables:
            query(parameters[hospital], f"DROP TABLE IF EXISTS `{table.name}`")


def query(parameters: dict[str, Any], statement: str) -> list[tuple[Any, ...]]:
    with transaction(parameters) as cursor:
        cursor.execute(statement)
        return list(cursor.fetchall())


def typed(value: Any) -> str:
    return r"\N" if value is None else str(value)


def stored(hospitals: dict[str, dict[str, Any]], hospital: str, table: str) -> list[str]:
    rows = query(hospitals[hospital], f"SELECT * FROM `{table}`")
    return sorted("\t".join(map(typed, row)) for row in rows)


def test_databases_are_in_the_state_of_the_last_day(
    hospitals: dict[str, dict[str, Any]], tmp_path: Path
) -> None:
    for day in range(DAYS + 1):
        simulated().world.apply(day, hospitals, tmp_path)

    for hospital, tables in HOSPITAL_TABLES.items():
        for table in tables:
            expected = sorted(simulated().table_lines(hospital, table.name))
            assert stored(hospitals, hospital, table.name) == expected, f"{hospital}.{table.name}"


def test_applying_a_day_again_changes_nothing(
    hospitals: dict[str, dict[str, Any]], tmp_path: Path
) -> None:
    def everything() -> dict[str, list[str]]:
        return {
            f"{hospital}.{table.name}": stored(hospitals, hospital, table.name)
            for hospital, tables in HOSPITAL_TABLES.items()
            for table in tables
        }

    simulated().world.apply(0, hospitals, tmp_path)
    simulated().world.apply(1, hospitals, tmp_path)
    once = everything()
    simulated().world.apply(1, hospitals, tmp_path)

    assert everything() == once


def test_landing_folder_gets_the_files_of_the_day(
    hospitals: dict[str, dict[str, Any]], tmp_path: Path
) -> None:
    simulated().world.apply(0, hospitals, tmp_path)

    assert (tmp_path / "codes" / "cptcodes.csv").exists()
    assert len(list((tmp_path / "claims" / "hospital_b").glob("claims_*.csv"))) >= 14


def test_a_value_that_does_not_fit_is_an_error_and_loads_nothing(
    hospitals: dict[str, dict[str, Any]], tmp_path: Path
) -> None:
    simulated().world.apply(0, hospitals, tmp_path)
    (table,) = (table for table in HOSPITAL_TABLES["hospital_a"] if table.name == "transactions")
    rows = len(stored(hospitals, "hospital_a", "transactions"))
    bad = tmp_path / "bad.tsv"
    bad.write_text("\t".join(["x"] * len(table.columns)) + "\n")

    with (
        pytest.raises(SimulatorError, match=r"bad\.tsv"),
        transaction(hospitals["hospital_a"]) as cursor,
    ):
        load_lines(cursor, table, table.columns, bad)

    assert len(stored(hospitals, "hospital_a", "transactions")) == rows


@pytest.mark.parametrize("ending", ["\n", "\r\n"], ids=["lf", "crlf"])
def test_exports_keep_every_digit(
    hospitals: dict[str, dict[str, Any]], tmp_path: Path, ending: str
) -> None:
    exports = tmp_path / "exports"
    for hospital, folder in (("hospital_a", "hospital-a"), ("hospital_b", "hospital-b")):
        for table in HOSPITAL_TABLES[hospital]:
            write_export(exports / folder / f"{table.name}.csv", table.columns, ending)
    for name in ("hospital1_claim_data.csv", "hospital2_claim_data.csv"):
        write_export(exports / "claims" / name, CLAIMS.columns, ending)
    write_export(exports / "cptcodes" / "cptcodes.csv", CODES.columns, ending)

    day = load_tutorial(exports, hospitals, tmp_path / "landing")

    assert day == date(2024, 11, 6)
    rows = query(hospitals["hospital_b"], "SELECT Amount, ModifiedDate FROM transactions")
    assert rows == [(NOISE, date(2024, 11, 6))]
    address = query(hospitals["hospital_a"], "SELECT Address FROM patients")
    assert address == [("7912 Arthur Loaf, Julieville, AK 38866",)]


def write_export(file: Path, columns: tuple[str, ...], ending: str) -> None:
    """One line, whose end is missing, as in real exports."""
    file.parent.mkdir(parents=True, exist_ok=True)
    values = [export_value(column) for column in columns]
    file.write_bytes(f"{','.join(columns)}{ending}{','.join(values)}".encode())


def export_value(column: str) -> str:
    if "Amount" in column:
        return str(NOISE)
    if column == "DOB" or column.endswith(("Date", "_Date")):
        return "2024-11-06"
    return '"7912 Arthur Loaf, Julieville, AK 38866"' if column == "Address" else "Smith"
