"""Clean values to source rows: one line per record, a column for each field, then the watermark."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from simulator.schema import PAYER_FILES
from simulator.scribe import Scribe

MYSQL_NULL = r"\N"
_ADJUSTMENT = "word word amount word"
KINDS: dict[str, tuple[str, ...]] = {
    entity: tuple(kinds.split())
    for entity, kinds in {
        "patients": "code name name name ssn phone email gender day text text",
        "providers": "code name name text code npi",
        "departments": "code text",
        "encounters": "code code day text code code code instant",
        "transactions": "code code code code code day day day text money text money money money "
        "money code text code code line_of_business code code day instant",
        "postings": "code code day word word money code text text instant",
        "appeals": "code code day day word instant",
        "claims": "code code code code code code date date date text amount amount claim_status "
        "text amount amount amount word code word count time",
        "remittances": "code code text date code word amount amount amount amount "
        + f"{_ADJUSTMENT} " * 4
        + "time",
        "provider_adjustments": "code text code date word amount code time",
        "fee_schedules": "text code date date count",
        "payer_terms": "text date date count count",
        "procedures": "code text text text",
    }.items()
}
WITHOUT_STAMP = frozenset(
    {"providers", "departments", "fee_schedules", "payer_terms", "procedures"}
)
AS_CSV = frozenset({*PAYER_FILES, "procedures"})


def mysql_line(fields: Sequence[str | None]) -> str:
    """Returns a line for LOAD DATA: tabs between the fields. No field holds a tab or backslash."""
    return "\t".join([MYSQL_NULL if field is None else field for field in fields])


def csv_line(fields: Sequence[str | None]) -> str:
    """Returns a line of comma separated values (RFC 4180); None is an empty field."""
    plain = [field or "" for field in fields]
    line = ",".join(plain)
    if '"' in line or line.count(",") >= len(plain):
        return ",".join([_quoted(field) for field in plain])
    return line


def render(entity: str, truth: Sequence[Any], at: datetime, zone: ZoneInfo, scribe: Scribe) -> str:
    """Returns the line that says `truth` the way its source types it."""
    fields = scribe.type(KINDS[entity], truth, at, zone)
    if entity in WITHOUT_STAMP:
        fields.pop()
    return csv_line(fields) if entity in AS_CSV else mysql_line(fields)


def _quoted(field: str) -> str:
    if '"' not in field and "," not in field:
        return field
    return '"' + field.replace('"', '""') + '"'
