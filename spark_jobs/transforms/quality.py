"""What a conformed row must meet, and which of it each row does not."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from spark_jobs.transforms.conform import (
    can_be_invalid,
    invalid_flag,
)
from spark_jobs.transforms.normalise import IDENTIFIER
from spark_jobs.transforms.readings import READING
from utils.batch.spec import Column, Entity

QUARANTINE, WARN, BLANK = "quarantine", "warn", "blank"
_VERSION_LENGTH = 12
_SPREADSHEET = "^[+-]?([0-9]+[.]0+|[0-9]{1,3}(,[0-9]{3})+([.]0+)?|[0-9]([.][0-9]+)?[eE][+][0-9]+)$"
# What the reason of an unreadable value asks for, by type or spelling rule.
_EXAMPLES = {
    "DATE": "2024-01-31",
    "TIMESTAMP": "2024-01-31 14:30:00 or 2024-01-31T14:30:00Z",
    "NUMERIC": "1234.50",
    "RATE": "0.25",
    "INT64": "42",
    "BOOL": "true or false",
    "email": "ann@example.org",
    "phone": "703-210-5078",
    "ssn": "219-09-9999",
    "gender": "Male, Female or Other",
    IDENTIFIER: "1001, as text or as a whole number",
    "npi": "1265568618",
    "claim_status": "Pending, Approved, Paid, Denied or Rejected",
}


@dataclass(frozen=True)
class Check:
    """A rule: what it expects of rows, and why one that fails is held or counted."""

    name: str
    severity: str
    expect: str
    reason: str
    needs_watermark: bool = field(default=False, kw_only=True)

    @property
    def version(self) -> str:
        """Changes with what the rule expects and with its severity, not with its reason."""
        declared = f"{self.severity}: {self.expect}"
        return hashlib.sha256(declared.encode()).hexdigest()[:_VERSION_LENGTH]


@dataclass(frozen=True)
class RowCheck(Check):
    """A rule that a row meets or fails by itself: `fails` is true or false, never NULL.

    Of a deletion only its key and its time matter (`of_deletions`).
    """

    fails: SparkColumn
    of_deletions: bool = field(default=False, kw_only=True)


def row_checks(entity: Entity) -> tuple[RowCheck, ...]:
    """The checks of single rows in declared order: columns', the event time's, the rules."""
    columns = [
        replace(check, of_deletions=column.name in entity.key)
        for column in entity.columns
        for check in _column_checks(column)
    ]
    return (*columns, *_event_time_checks(), *_rule_checks(entity))


def apply_checks(rows: DataFrame, entity: Entity) -> DataFrame:
    """Adds `_rule`, the first failed quarantine rule or NULL, and `_rules`, all failed ones.

    Grain: unchanged. `_rules` lists names in declared order, separated by commas; '' if none.
    """
    applied = row_checks(entity)
    quarantining = [check for check in applied if check.severity == QUARANTINE]
    return rows.select(
        "*",
        F.coalesce(*[_name_if_failed(check) for check in quarantining]).alias("_rule"),
        F.concat_ws(",", *[_name_if_failed(check) for check in applied]).alias("_rules"),
    )


def _column_checks(column: Column) -> Iterator[RowCheck]:
    invalid = F.col(invalid_flag(column)) if can_be_invalid(column) else F.lit(False)
    if column.required:
        missing = F.col(column.name).isNull() & ~invalid
        expect, reason = f"{column.name} IS NOT NULL", f"{column.name} is missing."
        yield RowCheck(f"{column.name}_missing", QUARANTINE, expect, reason, missing)
    if can_be_invalid(column):
        severity = QUARANTINE if column.required else BLANK
        kind = column.normalize or column.type
        asked = f"; write it like {_EXAMPLES[kind]}" if kind in _EXAMPLES else ""
        reason = f"{column.name} cannot be read as {kind}{asked}."
        expect = f"{column.name} AS {kind} {READING[kind]}"
        yield RowCheck(f"{column.name}_invalid", severity, expect, reason, invalid)
    if column.normalize == IDENTIFIER:
        yield _rewritten(column)


def _rewritten(column: Column) -> RowCheck:
    """A spreadsheet takes identifiers of digits for numbers and writes them in its own way."""
    return RowCheck(
        f"{column.name}_rewritten",
        QUARANTINE if column.required else WARN,
        f"NOT {column.name} RLIKE {_SPREADSHEET!r}",
        f"{column.name} is written like a number of a spreadsheet (1.23E+15, 1,001 or 1001.0); "
        "deliver it as text, as it was assigned, such as 1001.",
        F.coalesce(F.col(column.name).rlike(_SPREADSHEET), F.lit(False)),
    )


def _event_time_checks() -> Iterator[RowCheck]:
    missing = F.col("_event_at").isNull()
    future = F.coalesce(F.col("_event_at") > F.col("_observed_at"), F.lit(False))
    for name, expect, reason, fails in (
        (
            "event_time_missing",
            "_event_at IS NOT NULL",
            "The time of the change is missing or cannot be read; write it like "
            f"{_EXAMPLES['TIMESTAMP']}.",
            missing,
        ),
        (
            "event_time_in_future",
            "_event_at <= _observed_at",
            "The time of the change is after the load's window.",
            future,
        ),
    ):
        yield RowCheck(
            name, QUARANTINE, expect, reason, fails, needs_watermark=True, of_deletions=True
        )


def _rule_checks(entity: Entity) -> Iterator[RowCheck]:
    for rule in entity.rules:
        fails = ~F.coalesce(F.expr(rule.expect), F.lit(True))
        yield RowCheck(rule.name, rule.severity, rule.expect, rule.reason, fails)


def _name_if_failed(check: RowCheck) -> SparkColumn:
    fails = check.fails if check.of_deletions else check.fails & ~F.col("_is_deleted")
    return F.when(fails, F.lit(check.name))
