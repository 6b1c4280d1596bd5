"""Compares what is published of the simulated hospitals with the simulator's answer key.

`python -m simulator.verify` prints the differences and ends with 1 if there is one.
"""

from __future__ import annotations

import argparse
import os
import re
import shlex
import sys
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from google.api_core.exceptions import NotFound
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery
from rich.console import Console
from rich.markup import escape

from simulator.compare import Difference, compare, key_columns
from simulator.digest import digest_columns, equals, has_digest
from simulator.schema import HOSPITAL_TABLES, PAYER_FILES
from simulator.truth.audited_tables import SUMMARY_COUNT
from simulator.truth.keys import UNKNOWN
from simulator.truth.network_tables import NETWORK_TABLES
from simulator.world import MADE_FROM, generate_again

DEFAULT_PREFIX = "healthcare_rcm_"
QUERY_SECONDS = 60
MANY_ROWS = 1_000
SHOWN_PER_TABLE = 20
PUBLISHED_LOADS = {"audit.table_loads": " AND state = 'PUBLISHED'"}
# Whose rows the simulator made; of a hospital that somebody added it knows nothing.
MADE = (*HOSPITAL_TABLES, "reference_codes")
JUDGED = ", ".join(f"'{name}'" for name in MADE)
_FAMILIES = {file.source.split(".")[0] for file in PAYER_FILES.values()}
_SCOPES = {
    "source_system": ", ".join(f"'{name}'" for name in (*MADE, UNKNOWN)),
    "source": ", ".join(f"'{name}'" for name in (*MADE, *sorted(_FAMILIES))),
}
DATASETS = ("silver", "gold")
# Published, and without rows of the answer key.
EXCUSED = {
    "silver.transactions_revisions": "proved by tests/oracle.py; verify compares the versions",
    "silver.claims_revisions": "proved by tests/oracle.py; verify compares the versions",
}
# They have rows of every hospital, those that the simulator did not make among them.
SPANNING = frozenset(table.name for table in NETWORK_TABLES.values())
NOT_PUBLISHED = "planted."
IDENTIFIER = re.compile(r"[a-z_][a-z0-9_]*")


def verify(
    answer_key_folder: Path,
    client: bigquery.Client,
    prefix: str,
    business_date: date,
    left_out: Collection[str] = (),
) -> list[Difference]:
    """Returns every difference between the published tables and the answer key of a date.

    Args:
        answer_key_folder: as written by `World.write_answer_key`.
        client: of the project that holds the datasets.
        prefix: of the datasets `silver`, `gold` and `audit`.
        business_date: the last one that was published.
        left_out: tables that are not compared.

    Raises:
        FileNotFoundError: the answer key has no such business date.
    """
    differences = []
    for name, expected in answer_key_tables(answer_key_folder, business_date):
        if name in left_out:
            continue
        try:
            if not _is_equal_at_once(client, prefix, name, expected):
                published = published_rows(client, prefix, name, expected)
                differences += compare(name, expected, published)
        except NotFound:
            differences.append(Difference(name, "", "(table)", "published", "missing"))
    return differences


def answer_key_tables(folder: Path, business_date: date) -> Iterator[tuple[str, pa.Table]]:
    """Yields the tables of a business date with their names, `dataset.table`.

    Raises:
        FileNotFoundError: the answer key has no such business date.
    """
    files = sorted((folder / business_date.isoformat()).glob("*.parquet"))
    if not files:
        raise FileNotFoundError(
            f"{folder} has no answer key for {business_date}: simulate that date, or name another "
            "folder (data from CSV exports has no answer key)"
        )
    for file in files:
        if not file.name.startswith(NOT_PUBLISHED):
            yield file.stem, pq.read_table(file)


def published_rows(
    client: bigquery.Client, prefix: str, name: str, expected: pa.Table
) -> list[Sequence[Any]]:
    """Returns the published rows of a table in the answer key's columns.

    Raises:
        google.api_core.exceptions.NotFound: the table is not published.
    """
    query = published_query(prefix, name, expected)
    result = client.query(query, timeout=QUERY_SECONDS).result(timeout=QUERY_SECONDS)
    return [tuple(row) for row in result]  # Row.values() would copy every value


def _is_equal_at_once(client: bigquery.Client, prefix: str, name: str, expected: pa.Table) -> bool:
    """Returns whether a large table has the answer key's digest."""
    if expected.num_rows < MANY_ROWS or SUMMARY_COUNT in expected.column_names:
        return False
    if not has_digest(expected):
        return False
    query = f"SELECT {digest_columns(expected.schema)} {_source(prefix, name, expected)}"
    (answer,) = client.query(query, timeout=QUERY_SECONDS).result(timeout=QUERY_SECONDS)
    return equals(expected, tuple(answer))


def published_query(prefix: str, name: str, expected: pa.Table) -> str:
    """Returns the SELECT of the answer key's columns.

    A table with a `_row_count` is a summary: rows are counted per key, other columns added up.

    Raises:
        ValueError: a name in the answer key is not an identifier.
    """
    columns, key = expected.column_names, key_columns(expected)
    source = _source(prefix, name, expected)
    if SUMMARY_COUNT not in columns:
        return f"SELECT {', '.join(columns)} {source}"
    measures = [
        f"COUNT(*) AS {column}" if column == SUMMARY_COUNT else f"SUM({column}) AS {column}"
        for column in columns
        if column not in key
    ]
    return f"SELECT {', '.join([*key, *measures])} {source} GROUP BY {', '.join(key)}"


def _source(prefix: str, name: str, expected: pa.Table) -> str:
    """Returns where the rows that are compared are read from."""
    columns = expected.column_names
    for part in (prefix, *name.split("."), *columns):
        _check_name(part)
    scope = next((f" WHERE {of} IN ({made})" for of, made in _SCOPES.items() if of in columns), "")
    return f"FROM `{prefix}{name}`{scope}{PUBLISHED_LOADS.get(name, '')}"


def last_published_date(client: bigquery.Client, prefix: str) -> date | None:
    """Returns the last business date whose gold tables are published."""
    _check_name(prefix)
    query = (
        f"SELECT MAX(business_date) FROM `{prefix}audit.publications` "  # noqa: S608 (checked)
        "WHERE layer = 'gold'"
    )
    rows = client.query(query, timeout=QUERY_SECONDS).result(timeout=QUERY_SECONDS)
    published: date | None = next(iter(rows))[0]
    return published


def not_judged(client: bigquery.Client, prefix: str) -> list[str]:
    """Returns the hospitals that are published and that the simulator did not make."""
    _check_name(prefix)
    query = (
        f"SELECT DISTINCT source_system FROM `{prefix}audit.table_loads` "  # noqa: S608 (checked)
        f"WHERE state = 'PUBLISHED' AND source_system NOT IN ({JUDGED}) ORDER BY source_system"
    )
    rows = client.query(query, timeout=QUERY_SECONDS).result(timeout=QUERY_SECONDS)
    return [row[0] for row in rows]


def not_compared(client: bigquery.Client, prefix: str, compared: Collection[str]) -> list[str]:
    """Returns the published tables that are neither compared nor excused."""
    published = [
        f"{dataset}.{table.table_id}"
        for dataset in DATASETS
        for table in client.list_tables(f"{client.project}.{prefix}{dataset}")
        if table.table_type == "TABLE"
    ]
    return sorted(set(published) - set(compared) - set(EXCUSED))


def _check_name(name: str) -> None:
    if not IDENTIFIER.fullmatch(name):
        raise ValueError(f"`{name}` is not a name of a dataset, table or column")


def print_report(console: Console, business_date: date, differences: Sequence[Difference]) -> None:
    """Prints the differences, whole, at most some of each table."""
    if not differences:
        console.print(f"[green]{business_date}: everything compared equals the answer key.[/]")
        return
    for name in dict.fromkeys(difference.table for difference in differences):
        of_table = [difference for difference in differences if difference.table == name]
        columns = Counter(difference.column for difference in of_table)
        counted = ", ".join(f"{column} {count}" for column, count in columns.most_common())
        _say(console, f"[bold]{name}[/]: {escape(counted)}")
        for one in of_table[:SHOWN_PER_TABLE]:
            told = f"{one.key}: {one.column}: expected {one.expected}, published {one.published}"
            _say(console, f"  {escape(told)}")
        if len(of_table) > SHOWN_PER_TABLE:
            _say(console, f"  … and {len(of_table) - SHOWN_PER_TABLE} more")
    _say(console, f"[red]{business_date}: {len(differences)} differences[/]")


def _say(console: Console, line: str) -> None:
    """Prints a line as long as it is."""
    console.print(line, soft_wrap=True, highlight=False)


def main(arguments: Sequence[str]) -> int:
    """Verifies the local run, or what the options name, and returns the exit code."""
    console = Console()
    options = _parser().parse_args(arguments)
    _use_local_services(options.state)
    if "BIGQUERY_EMULATOR_HOST" not in os.environ:
        console.print("[red]There is nothing to verify: start with `make run`.[/]")
        return 1
    client = bigquery.Client(
        project=options.project or os.environ.get("GOOGLE_CLOUD_PROJECT"),
        credentials=AnonymousCredentials(),
    )
    business_date = options.date or last_published_date(client, options.prefix)
    if business_date is None:
        console.print("[red]No gold tables are published yet: `make run` publishes them.[/]")
        return 1
    try:
        folder = options.answer_key or answer_key_of(options.state, business_date)
        others = not_judged(client, options.prefix)
        left_out = SPANNING if others else ()
        differences = verify(folder, client, options.prefix, business_date, left_out)
        compared = [name for name, _ in answer_key_tables(folder, business_date)]
    except FileNotFoundError as error:
        console.print(f"[red]{error}[/]")
        return 1
    print_report(console, business_date, differences)
    for name in not_compared(client, options.prefix, compared):
        _say(console, f"[yellow]not compared: {name}, of which the answer key has no rows[/]")
    if others:
        told = f"not judged: {', '.join(others)}, which the simulator did not make, and so"
        _say(console, f"{told} {', '.join(sorted(SPANNING))}")
    return 1 if differences else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m simulator.verify", description=__doc__)
    state = Path(os.environ.get("RCM_STATE_DIR", ".local"))
    parser.add_argument("--state", type=Path, default=state, help="folder of the local stack")
    parser.add_argument("--answer-key", type=Path, help="folder (default: in the state folder)")
    parser.add_argument("--date", type=date.fromisoformat, help="default: the last one published")
    parser.add_argument("--prefix", default=DEFAULT_PREFIX, help="of the datasets")
    parser.add_argument("--project", help="default: the local stack's")
    return parser


def answer_key_of(state: Path, business_date: date) -> Path:
    """The folder of the answer key of a state's world; a date is worked out when first asked for.

    Raises:
        FileNotFoundError: the state has no world.
    """
    folder, made = state / "answer_key", state / "simulator"
    if not (made / MADE_FROM).exists():
        raise FileNotFoundError(f"{made} has no world: data from CSV exports has no answer key")
    if not (folder / business_date.isoformat()).exists():
        folder.mkdir(exist_ok=True)
        with TemporaryDirectory(dir=state) as scratch:
            world = generate_again(made, Path(scratch) / "world", [business_date])
            world.write_answer_key(Path(scratch) / "answer_key", [business_date])
            for written in (Path(scratch) / "answer_key").iterdir():
                written.rename(folder / written.name)
    return folder


def _use_local_services(state: Path) -> None:
    """Takes the addresses of the local services from their file, unless they are set already."""
    file = state / "env"
    if file.exists():
        for word in shlex.split(file.read_text()):
            name, _, value = word.partition("=")
            os.environ.setdefault(name, value)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
