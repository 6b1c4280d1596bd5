"""`make sql`: asks the warehouse, with the short names of its datasets."""

from __future__ import annotations

import csv
import os
import re
import sys
from typing import TYPE_CHECKING, Any, TextIO

from local.errors import LocalError
from local.stack import client

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from local.paths import StateFolder

LAYERS = ("bronze", "silver", "gold", "audit", "staging")
FORMATS = ("table", "csv")
MOST_ROWS = 100
WIDEST = 100_000
_REQUEST = re.compile(r"^[A-Z]+ https?://\S+: ")
PROMPT, MORE = "sql> ", "...> "


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the options of `python -m local sql`."""
    parser.add_argument("query", nargs="?", help="statements; without any, they are asked for")
    parser.add_argument("--format", choices=FORMATS, default="table")


def main(state: StateFolder, options: argparse.Namespace) -> int:
    """Runs the statements, or those that are typed in, and prints their rows."""
    os.environ.update(client.environment(state))
    if options.query is not None:
        for statement in statements(options.query):
            _print_rows(ask(statement), options.format, sys.stdout)
        return 0
    for statement in _typed():
        try:
            _print_rows(ask(statement), options.format, sys.stdout)
        except LocalError as error:
            print(f"error: {error}", file=sys.stderr)
    return 0


def ask(statement: str) -> list[dict[str, Any]]:
    """The rows of one statement, whose datasets may have their short names.

    Raises:
        LocalError: the warehouse refuses the statement, or does not answer.
    """
    from google.api_core.exceptions import GoogleAPICallError, RetryError
    from google.auth.exceptions import TransportError
    from requests.exceptions import ConnectionError as NoConnection

    from utils.gcp import bigquery

    try:
        return bigquery.query(full_names(statement))
    except (RetryError, TransportError, NoConnection) as error:
        raise LocalError("the warehouse does not answer: run `make up`") from error
    except GoogleAPICallError as error:
        raise LocalError(_REQUEST.sub("", " ".join(str(error.message).split()))) from error


def full_names(statement: str) -> str:
    """Puts the environment's name of a dataset where the statement has the layer's.

    Only a name before a dot and not behind one is a dataset: neither text between quotation marks
    nor comments are touched.
    """
    from sqlglot.tokenizer_core import TokenType

    from utils.settings import settings

    tokens = _tokens(statement)
    parts, end = [], 0
    for place, token in enumerate(tokens):
        before = tokens[place - 1].token_type if place else None
        after = tokens[place + 1].token_type if place + 1 < len(tokens) else None
        is_quoted = statement[token.start] == "`"
        name, dot, rest = token.text.partition(".")
        is_name = token.token_type in (TokenType.VAR, TokenType.IDENTIFIER)
        if not is_name or name not in LAYERS or before == TokenType.DOT:
            continue
        if not dot and after != TokenType.DOT:
            continue
        quote = "`" if is_quoted else ""
        parts += [
            statement[end : token.start],
            f"{quote}{settings().dataset(name)}{dot}{rest}{quote}",
        ]
        end = token.end + 1
    return "".join([*parts, statement[end:]])


def statements(text: str) -> list[str]:
    """The statements of a text; a semicolon in quotation marks or a comment ends none."""
    from sqlglot.tokenizer_core import TokenType

    ends = [token.start for token in _tokens(text) if token.token_type == TokenType.SEMICOLON]
    pieces = [
        text[a:b] for a, b in zip([0, *(end + 1 for end in ends)], [*ends, None], strict=True)
    ]
    return [piece.strip() for piece in pieces if _tokens(piece)]


def _tokens(text: str) -> Sequence[Any]:
    from sqlglot.dialects.bigquery import BigQuery
    from sqlglot.errors import TokenError

    try:
        return BigQuery().tokenize(text)
    except TokenError as error:
        raise LocalError(f"the statement cannot be read: {error}") from error


def _typed() -> Iterator[str]:
    """Statements as they are typed; each ends with a semicolon."""
    with_history = sys.stdin.isatty()
    if with_history:
        import readline  # noqa: F401 (gives `input` a history and keys)

        print(
            "A statement ends with a semicolon, Ctrl-D ends all; "
            "gold.kpi_days_in_ar will do as a table's name."
        )
    text = ""
    while True:
        try:
            text += input((MORE if text.strip() else PROMPT) if with_history else "") + "\n"
        except EOFError:
            yield from statements(text)
            return
        except LocalError as error:
            print(f"error: {error}", file=sys.stderr)
            text = ""
        if text.rstrip().endswith(";"):
            yield from statements(text)
            text = ""


def _print_rows(rows: Sequence[dict[str, Any]], form: str, output: TextIO) -> None:
    if form == "csv":
        writer = csv.writer(output, lineterminator="\n")
        if rows:
            writer.writerow(rows[0])
        writer.writerows(row.values() for row in rows)
        return
    if not rows:
        print("no rows", file=output)
        return
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.measure import Measurement
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for name, value in rows[0].items():
        is_number = isinstance(value, int | float) or type(value).__name__ == "Decimal"
        table.add_column(name, justify="right" if is_number else "left", overflow="fold")
    for row in rows[:MOST_ROWS]:
        table.add_row(*("NULL" if value is None else str(value) for value in row.values()))
    console = Console(file=output, markup=False, highlight=False)
    # Wider than the terminal, a table wraps there; squeezed into it, columns would vanish.
    unbounded = console.options.update(max_width=WIDEST)
    console.width = max(console.width, Measurement.get(console, unbounded, table).maximum)
    console.print(table)
    if len(rows) > MOST_ROWS:
        print(f"the first {MOST_ROWS} of {len(rows):,} rows; FORMAT=csv prints all", file=output)
