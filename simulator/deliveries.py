"""Writes what reaches the sources on a business date, and books the loads that must read it.

`<folder>/<business date>/mysql/<hospital>/<table>.tsv` holds a table's new rows, `.replaced` beside
it the keys of the rows they replace; `<folder>/<business date>/landing/` the payers' files.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from simulator.codes import CODES_TABLE, SOURCE_SYSTEM, CodeSet
from simulator.counting import grouped
from simulator.hospital import Hospital
from simulator.ledger import Counted, LoadName, count_load
from simulator.rows import csv_line
from simulator.schema import HOSPITAL_TABLES, PAYER_FILES, PayerFile, Table
from simulator.shelf import Row

CODES_SOURCE = f"{SOURCE_SYSTEM}.{CODES_TABLE}"
RESENT_DAY, RESENT_HOSPITAL = 1, "hospital_a"


def day_folder(folder: Path, today: date) -> Path:
    """Returns the folder of a business date."""
    return folder / today.isoformat()


def deliver_tables(folder: Path, hospital: Hospital, overlap_from: date) -> Iterator[Counted]:
    """Writes a database's changes and yields each table's load.

    A load reads all rows of a table without watermark or on the first day; later those that
    changed since `overlap_from`, the business date before.
    """
    target = day_folder(folder, hospital.today) / "mysql" / hospital.name
    target.mkdir(parents=True, exist_ok=True)
    for table in HOSPITAL_TABLES[hospital.name]:
        shelf = hospital.shelf(table.name)
        _write_lines(target / f"{table.name}.tsv", shelf.written(hospital.day))
        _write_lines(target / f"{table.name}.replaced", shelf.take_replaced())
        yield count_load(
            LoadName(f"{hospital.name}.{table.name}.{hospital.today:%Y%m%d}", hospital.name,
                     table.name, hospital.today),
            _rows_read(hospital, table, overlap_from),
            hospital.day,
        )  # fmt: skip


def deliver_files(folder: Path, hospital: Hospital) -> Iterator[Counted]:
    """Writes the payers' files with a new or changed line and yields each file's load."""
    landing = day_folder(folder, hospital.today) / "landing"
    for entity, file in PAYER_FILES.items():
        target = landing / file.folder / hospital.name
        target.mkdir(parents=True, exist_ok=True)
        periods = grouped(hospital.shelf(entity).rows.values(), _period)
        for period in sorted(periods):
            rows = periods[period]
            if any(row.day == hospital.day for row in rows):
                content = _content(file, rows)
                (target / file.name.format(period)).write_bytes(content)
                load_id = _file_load_id(file.source, hospital.name, content)
                name = LoadName(load_id, hospital.name, entity, hospital.today)
                yield count_load(name, rows, hospital.day)
    _send_again(landing, hospital)


def deliver_codes(folder: Path, codes: CodeSet, today: date, day: int) -> Iterator[Counted]:
    """Writes the code set if it is released today and yields its load."""
    content = codes.release(today, day)
    if content is None:
        return
    target = day_folder(folder, today) / "landing" / "codes"
    target.mkdir(parents=True, exist_ok=True)
    (target / "cptcodes.csv").write_bytes(content)
    name = LoadName(
        _file_load_id(CODES_SOURCE, SOURCE_SYSTEM, content), SOURCE_SYSTEM, "procedures", today
    )
    yield count_load(name, codes.shelf.rows.values(), day)


def _rows_read(hospital: Hospital, table: Table, overlap_from: date) -> list[Row]:
    shelf = hospital.shelf(table.name)
    if hospital.day == 0 or table.watermark is None:
        return list(shelf.rows.values())
    return shelf.rows_since(overlap_from)


def _send_again(landing: Path, hospital: Hospital) -> None:
    """One hospital's payers send an old claim file once more under another name: no load."""
    if hospital.day != RESENT_DAY or hospital.name != RESENT_HOSPITAL:
        return
    if not hospital.trouble.happens(hospital.rates.file_sent_again):
        return
    file, months = PAYER_FILES["claims"], grouped(hospital.claims.rows.values(), _period)
    for month, rows in sorted(months.items()):
        if all(row.day < hospital.day for row in rows):
            target = landing / file.folder / hospital.name
            (target / file.name.format(f"{month}_resent")).write_bytes(_content(file, rows))
            hospital.record("claim_files_sent_again")
            return


def _period(row: Row) -> str:
    return row.period


def _content(file: PayerFile, rows: list[Row]) -> bytes:
    lines = [csv_line(file.table.columns), *(row.line for row in rows)]
    return "".join(f"{line}\n" for line in lines).encode()


def _file_load_id(source: str, source_system: str, content: bytes) -> str:
    owned = f"{source_system}/{hashlib.sha256(content).hexdigest()}"
    return f"{source}.{hashlib.sha256(owned.encode()).hexdigest()[:16]}"


def _write_lines(file: Path, lines: list[str]) -> None:
    file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
