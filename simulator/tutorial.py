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
    day = check_tutorial(folder)
    exports = _all_exports(folder)
    for hospital, tables in HOSPITAL_TABLES.items():
        _load(hospitals[hospital], tables, exports[hospital])
    for hospital, file in CLAIM_FILES.items():
        _copy(folder / file, landing / "claims" / hospital)
    _copy(folder / CODES_FILE, landing / "codes")
    return day


def check_tutorial(folder: Path) -> date:
    """Checks exports without loading them; returns the business date that reads all of them.

    Raises:
        SimulatorError: the folder or a file is missing, all of which are named; or a column is
            missing, or a date cannot be read.
    """
    if not folder.is_dir():
        raise SimulatorError(f"DATA={folder}: there is no such folder")
    needed = [
        *(
            Path(FOLDERS[hospital], f"{table.name}.csv")
            for hospital, tables in HOSPITAL_TABLES.items()
            for table in tables
            if not table.may_lack
        ),
        *CLAIM_FILES.values(),
        CODES_FILE,
    ]
    if missing := [str(file) for file in needed if not (folder / file).is_file()]:
        raise SimulatorError(f"DATA={folder}: the folder lacks {', '.join(missing)}")
    exports = _all_exports(folder).values()
    dates = [_last_change(file, table) for files in exports for table, file in files.items()]
    dates += [_last_change(folder / file, CLAIMS) for file in CLAIM_FILES.values()]
    _last_change(folder / CODES_FILE, CODES)
    return max(day for day in dates if day)


def _all_exports(folder: Path) -> dict[str, dict[Table, Path]]:
    return {
        hospital: _exports(folder / FOLDERS[hospital], tables)
        for hospital, tables in HOSPITAL_TABLES.items()
    }


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
