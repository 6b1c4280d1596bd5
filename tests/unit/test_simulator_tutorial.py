from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from simulator import SimulatorError, load_tutorial
from simulator.schema import CLAIMS, CODES, HOSPITAL_TABLES, Table

FOLDERS = {"hospital_a": "hospital-a", "hospital_b": "hospital-b"}
DATABASES: dict[str, dict[str, Any]] = {name: {"database": name} for name in FOLDERS}


class RecordingCursor:
    """Keeps the statements that a database would get."""

    def __init__(self) -> None:
        self.statements: list[str] = []

    def execute(self, statement: str, values: object = None) -> None:
        self.statements.append(statement if values is None else f"{statement} {values}")

    def fetchall(self) -> list[Any]:
        return []


@pytest.fixture
def cursor(monkeypatch: pytest.MonkeyPatch) -> RecordingCursor:
    recording = RecordingCursor()

    @contextmanager
    def transaction(_: object) -> Iterator[RecordingCursor]:
        yield recording

    monkeypatch.setattr("simulator.tutorial.transaction", transaction)
    return recording


@pytest.fixture
def exports(tmp_path: Path) -> Path:
    """One line in every file, without the optional columns and tables, like the public data."""
    for hospital, folder in FOLDERS.items():
        for table in HOSPITAL_TABLES[hospital]:
            if not table.may_lack:
                write(tmp_path / folder / f"{table.name}.csv", table, "2024-11-06")
    for file in ("hospital1_claim_data.csv", "hospital2_claim_data.csv"):
        write(tmp_path / "claims" / file, CLAIMS, "2024-11-18")
    write(tmp_path / "cptcodes" / "cptcodes.csv", CODES, "")
    return tmp_path


def write(file: Path, table: Table, changed: str, without: str = "") -> None:
    columns = [c for c in table.columns if c not in table.optional and c != without]
    values = [changed if column == table.watermark else "1" for column in columns]
    file.parent.mkdir(exist_ok=True)
    file.write_text(f"{','.join(columns)}\n{','.join(values)}\n")


def test_business_date_is_the_latest_change_in_any_file(
    exports: Path, tmp_path: Path, cursor: RecordingCursor
) -> None:
    assert load_tutorial(exports, DATABASES, tmp_path / "landing") == date(2024, 11, 18)


def test_files_of_the_payers_are_copied(
    exports: Path, tmp_path: Path, cursor: RecordingCursor
) -> None:
    load_tutorial(exports, DATABASES, tmp_path / "landing")

    copied = [str(f.relative_to(tmp_path / "landing")) for f in (tmp_path / "landing").rglob("*.*")]
    assert sorted(copied) == [
        "claims/hospital_a/hospital1_claim_data.csv",
        "claims/hospital_b/hospital2_claim_data.csv",
        "codes/cptcodes.csv",
    ]


def test_money_keeps_the_noise_of_the_export(
    exports: Path, tmp_path: Path, cursor: RecordingCursor
) -> None:
    load_tutorial(exports, DATABASES, tmp_path / "landing")

    (ddl, *_) = [s for s in cursor.statements if s.startswith("CREATE TABLE `transactions`")]
    assert "`Amount` DECIMAL(36,18)" in ddl
    assert "`PaidDate` DATE" in ddl
    assert "`ModifiedDate` DATE" in ddl
    assert "WriteOffAmount" not in ddl


@pytest.mark.parametrize("name", ["postings", "appeals"])
def test_a_table_that_the_export_lacks_is_not_in_the_database(
    exports: Path, tmp_path: Path, cursor: RecordingCursor, name: str
) -> None:
    load_tutorial(exports, DATABASES, tmp_path / "landing")

    of_table = [statement for statement in cursor.statements if f"`{name}`" in statement]
    assert of_table == [f"DROP TABLE IF EXISTS `{name}`"] * len(FOLDERS)


def test_postings_are_loaded_if_the_export_has_them(
    exports: Path, tmp_path: Path, cursor: RecordingCursor
) -> None:
    (postings,) = (t for t in HOSPITAL_TABLES["hospital_a"] if t.name == "postings")
    write(exports / "hospital-a" / "postings.csv", postings, "2024-11-20")

    assert load_tutorial(exports, DATABASES, tmp_path / "landing") == date(2024, 11, 20)
    created = [s for s in cursor.statements if s.startswith("CREATE TABLE `postings`")]
    assert len(created) == 1


def test_missing_file_is_named(exports: Path, tmp_path: Path, cursor: RecordingCursor) -> None:
    (exports / "hospital-b" / "encounters.csv").unlink()

    with pytest.raises(SimulatorError, match=r"the folder lacks hospital-b/encounters\.csv"):
        load_tutorial(exports, DATABASES, tmp_path / "landing")
    assert cursor.statements == []


def test_missing_column_is_named(exports: Path, tmp_path: Path, cursor: RecordingCursor) -> None:
    patients = HOSPITAL_TABLES["hospital_b"][0]
    write(exports / "hospital-b" / "patients.csv", patients, "2024-11-06", without="L_Name")

    with pytest.raises(SimulatorError, match=r"patients\.csv: column L_Name is missing"):
        load_tutorial(exports, DATABASES, tmp_path / "landing")
    assert cursor.statements == []


def test_unreadable_date_is_named(exports: Path, tmp_path: Path, cursor: RecordingCursor) -> None:
    patients = HOSPITAL_TABLES["hospital_a"][0]
    write(exports / "hospital-a" / "patients.csv", patients, "06.11.2024")

    with pytest.raises(
        SimulatorError, match=r"patients\.csv: column ModifiedDate must hold a date"
    ):
        load_tutorial(exports, DATABASES, tmp_path / "landing")
