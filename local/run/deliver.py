"""`make deliver`: puts a payer's file into the landing bucket, where its source expects it."""

from __future__ import annotations

import csv
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from local.errors import LocalError
from local.run.landing import landing_bucket
from local.stack import client

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from local.paths import StateFolder
    from utils.contracts.source_file import FileTable


@dataclass(frozen=True)
class Family:
    """The files of one kind that one source reads for one hospital."""

    source: str
    kind: str
    hospital: str
    table: FileTable

    def object_name(self, file: str) -> str:
        """Where a file belongs in the landing bucket.

        Raises:
            LocalError: its name does not fit the source's pattern.
        """
        from utils.contracts.file_patterns import SYSTEM, name_regex

        pattern = self.table.files.replace(SYSTEM, self.hospital)
        name = f"{pattern.rpartition('/')[0]}/{file}".lstrip("/")
        if not name_regex(pattern).fullmatch(name):
            raise LocalError(f"{file} does not fit {pattern}, the names that {self.source} reads")
        if self.table.period and not re.search(r"\d{4}-\d{2}", file):
            raise LocalError(
                f"{file} names no month, and {self.source} asks for one in the name of every "
                f"file of {self.kind}: call it like {self.kind}_2026-02.csv"
            )
        return name


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the options of `python -m local deliver`."""
    parser.add_argument("file", type=Path)
    parser.add_argument("--hospital", help="whose file it is; a code set needs none")
    parser.add_argument("--kind", help="a table of a source of files (default: by its columns)")


def main(state: StateFolder, options: argparse.Namespace) -> int:
    """Delivers the file and says which source will read it."""
    variables = client.environment(state)
    os.environ.update(variables)
    family = family_of(options.file, options.hospital, options.kind)
    name = family.object_name(options.file.name)
    bucket = landing_bucket(variables)
    bucket.blob(name).upload_from_filename(str(options.file))
    print(f"delivered: gs://{bucket.name}/{name}")
    print(
        f"source {family.source} reads it as {family.kind} of {family.hospital} with the next run"
    )
    return 0


def family_of(file: Path, hospital: str | None, kind: str | None) -> Family:
    """Which source reads the file.

    Raises:
        LocalError: there is no such file, hospital or kind, or its columns fit several or none.
    """
    if not file.is_file():
        raise LocalError(f"FILE={file}: there is no such file")
    families = _of_kind(file, _families(), kind)
    if hospital is None and len(families) == 1:
        return families[0]
    by_hospital = {item.hospital: item for item in families}
    if hospital not in by_hospital:
        asked = "HOSPITAL is missing" if hospital is None else f"HOSPITAL={hospital} is not known"
        raise LocalError(f"{asked}: {families[0].kind} come for {', '.join(sorted(by_hospital))}")
    return by_hospital[hospital]


def _families() -> list[Family]:
    from utils.contracts.sources import sources

    return [
        Family(source.name, kind, hospital, table)
        for source in sources().values()
        if source.kind == "files"
        for kind, table in source.tables.items()
        for hospital in table.source_systems
    ]


def _of_kind(file: Path, families: Sequence[Family], kind: str | None) -> list[Family]:
    """The families of a kind; without one, those whose columns the file has most of."""
    kinds = ", ".join(sorted({item.kind for item in families}))
    if kind:
        found = [item for item in families if item.kind == kind]
        if not found:
            raise LocalError(f"KIND={kind} is not known; the sources read {kinds}")
        return found
    header = _header(file)
    shares = [_share(item.table, header) for item in families]
    found = [item for item, share in zip(families, shares, strict=True) if share == max(shares)]
    if max(shares) == 0 or len({item.kind for item in found}) > 1:
        raise LocalError(
            f"FILE={file}: its columns do not say what it is; say it with KIND=, one of {kinds}"
        )
    return found


def _header(file: Path) -> set[str]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as text:
            return {name.strip().lower() for name in next(csv.reader(text), [])}
    except UnicodeDecodeError as error:
        raise LocalError(f"FILE={file} is not UTF-8: no source could read it") from error


def _share(table: FileTable, header: set[str]) -> float:
    """How many columns of a family's files a header names."""
    columns = {column.lower() for column in table.columns.values()}
    return len(columns & header) / len(columns)
