"""Cases of gold for Google's evaluator: their queries, and answers made alike."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from tests.given_tables import BUSINESS_DATE, Row, in_order, load_rows
from tests.model_cases import CASES, one_query
from utils.gold.models import gold_models

if TYPE_CHECKING:
    from pathlib import Path

    from tools.google_sql.client import Evaluator

FOLDERS = sorted(path.parent for path in CASES.rglob("expect.yaml"))


def given_of(folder: Path) -> dict[str, list[Row]]:
    """The rows that a case gives, by table."""
    return {path.stem: load_rows(path) for path in (folder / "given").glob("*.yaml")}


def compare(folder: Path, google: Evaluator) -> tuple[list[Row], list[Row]]:
    """The rows that a case expects, and those that Google's evaluator returns, made alike."""
    expect = load_rows(folder / "expect.yaml")
    day = expect.get("business_date", BUSINESS_DATE)
    actual = google.rows(*one_query(folder.name, given_of(folder), day))
    for column, values in expect.get("only", {}).items():
        kept = {alike(value, folder.name, column) for value in values}
        actual = [row for row in actual if alike(row[column], folder.name, column) in kept]
    columns = list(expect["rows"][0])
    return tuple(  # type: ignore[return-value]
        in_order({name: alike(row[name], folder.name, name) for name in columns} for row in rows)
        for rows in (expect["rows"], actual)
    )


def alike(value: Any, model: str, column: str) -> Any:
    """A value of YAML or of TO_JSON_STRING, as the column's type has it."""
    kind = gold_models()[model].header.columns[column].sql_type.partition("(")[0]
    if value is None:
        return None
    if kind in ("NUMERIC", "INT64", "BIGNUMERIC"):
        return Decimal(str(value)).normalize()
    if kind == "DATE":
        return value if isinstance(value, date) else date.fromisoformat(value)
    if kind == "TIMESTAMP":
        at = value if isinstance(value, datetime) else datetime.fromisoformat(value)
        return at.replace(tzinfo=at.tzinfo or UTC).astimezone(UTC)
    return value
