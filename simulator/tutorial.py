"""Loads CSV exports laid out like the public tutorial data into the two hospitals' sources.

```
<folder>/hospital-a/{patients,providers,departments,encounters,transactions}.csv
<folder>/hospital-b/…
<folder>/claims/hospital1_claim_data.csv, hospital2_claim_data.csv
<folder>/cptcodes/cptcodes.csv
```
"""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path

from simulator.mysql import (
    Parameters,
    SimulatorError,
    create_empty,
    drop,
    load_lines,
    transaction,
)
from simulator.schema import CLAIMS, CODES, HOSPITAL_TABLES, Table

EXPORTED_TYPES = {"date": "DATE", "instant": "DATE", "money": "DECIMAL(36,18)"}
FOLDERS = {"hospital_a": "hospital-a", "hospital_b": "hospital-b"}
CLAIM_FILES = {
    "hospital_a": Path("claims", "hospital1_claim_data.csv"),
    "hospital_b": Path("claims", "hospital2_claim_data.csv"),
}
CODES_FILE = Path("cptcodes", "cptcodes.csv")
LINE_FORMAT = (
    "FIELDS TERMINATED BY ',' OPTIONALLY ENCLOSED BY '\"' ESCAPED BY '' "
    "LINES TERMINATED BY '{ending}' IGNORE 1 LINES"
)


def load_tutorial(folder: Path, hospitals: Mapping[str, Parameters], landing: Path) -> date:
    """Loads the exports and returns the business date whose first load reads all of them.

    Money keeps every digit of the export, noise included. All files are checked before anything
    is loaded. A hospital whose export lacks postings or appeals has no such table afterwards.

    Args:
        folder: laid out as this module describes.
        hospitals: MySQL host, port, user, password and database of each hospital.
        landing: folder that gets the payers' files: `claims/<hospital>/`, `codes/`.

    Raises:
        SimulatorError: a file or column is missing, or a date cannot be read.
    """
    exports = {
        hospital: _exports(folder / FOLDERS[hospital], tables)
        for hospital, tables in HOSPITAL_TABLES.items()
    }
    claims = {hospital: folder / file for hospital, file in CLAIM_FILES.items()}
    dates = [
        _last_change(file, table)
        for of_hospital in exports.values()
        for table, file in of_hospital.items()
    ]
    dates += [_last_change(file, CLAIMS) for file in claims.values()]
    _last_change(folder / CODES_FILE, CODES)
    for hospital, tables in HOSPITAL_TABLES.items():
        _load(hospitals[hospital], tables, exports[hospital])
    for hospital, file in claims.items():
        _copy(file, landing / "claims" / hospital)
    _copy(folder / CODES_FILE, landing / "codes")
    return max(day for day in dates if day)


def _last_change(file: Path, table: Table) -> date | None:
    """Checks a file's columns; returns the latest watermark, None of a table without one."""
    lines = _read(file)
    header = next(lines, [])
    missing = [
        column for column in table.columns if column not in header and column not in table.optional
    ]
    if missing:
        raise SimulatorError(f"{file}: column {', '.join(missing)} is missing")
    if table.watermark is None:
        return None
    position = header.index(table.watermark)
    try:
        return max(date.fromisoformat(line[position]) for line in lines if line)
    except (ValueError, IndexError) as error:
        raise SimulatorError(
            f"{file}: column {table.watermark} must hold a date YYYY-MM-DD in every line"
        ) from error


def _exports(folder: Path, tables: Sequence[Table]) -> dict[Table, Path]:
    """Returns the file of each table; a table that may be lacking has one only if it is there."""
    files = {table: folder / f"{table.name}.csv" for table in tables}
    return {table: file for table, file in files.items() if not table.may_lack or file.is_file()}


def _load(parameters: Parameters, tables: Sequence[Table], exports: Mapping[Table, Path]) -> None:
    with transaction(parameters) as cursor:
        for table in tables:
            if table not in exports:
                drop(cursor, table)
        for table, file in exports.items():
            header = next(_read(file))
            create_empty(cursor, table, header, EXPORTED_TYPES)
            ending = r"\r\n" if b"\r\n" in file.read_bytes()[:65_536] else r"\n"
            load_lines(cursor, table, header, file, LINE_FORMAT.format(ending=ending))


def _read(file: Path) -> Iterator[Sequence[str]]:
    if not file.is_file():
        raise SimulatorError(f"{file}: the file is missing")
    with file.open(encoding="utf-8-sig", newline="") as text:
        yield from csv.reader(text)


def _copy(file: Path, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(file, folder)
