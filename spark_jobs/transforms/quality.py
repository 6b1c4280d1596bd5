"""What a conformed row must meet, and which of it each row does not."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from spark_jobs.transforms.conform import can_be_invalid, invalid_flag
from utils.batch.spec import Column, Entity

QUARANTINE, BLANK = "quarantine", "blank"
_VERSION_LENGTH = 12
# What the reason of an unreadable value asks for, by type or spelling rule.
_EXAMPLES = {
    "DATE": "2024-01-31",
    "TIMESTAMP": "2024-01-31 14:30:00 or 2024-01-31T14:30:00Z",
    "NUMERIC": "1234.50",
    "RATE": "0.25",
    "INT64": "42",
    "BOOL": "true or false",
    "email": "ann@example.org",
    "phone_us": "703-210-5078",
    "ssn": "219-09-9999",
    "gender": "Male, Female or Other",
    "npi": "1265568618",
    "claim_status": "Pending, Approved, Paid, Denied or Rejected",
}


@dataclass(frozen=True)
class Check:
    """A rule as it is applied: `fails` is true or false, never NULL; `expect` is its text."""

    name: str
    severity: str
    expect: str
    reason: str
    fails: SparkColumn
    needs_watermark: bool = False

    @property
    def version(self) -> str:
        """Changes with what the rule expects and with its severity, not with its reason."""
        declared = f"{self.severity}: {self.expect}"
        return hashlib.sha256(declared.encode()).hexdigest()[:_VERSION_LENGTH]


def checks(entity: Entity) -> tuple[Check, ...]:
    """All checks of an entity in declared order: its columns', the event time's, its rules."""
    columns = [check for column in entity.columns for check in _column_checks(column)]
    return (*columns, *_event_time_checks(), *_rule_checks(entity))


def apply_checks(rows: DataFrame, entity: Entity) -> DataFrame:
    """Adds `_rule`, the first failed quarantine rule or NULL, and `_rules`, all failed ones.

    Grain: unchanged. `_rules` lists names in declared order, separated by commas; '' if none.
    """
    applied = checks(entity)
    quarantining = [check for check in applied if check.severity == QUARANTINE]
    return rows.select(
        "*",
        F.coalesce(*[_name_if_failed(check) for check in quarantining]).alias("_rule"),
        F.concat_ws(",", *[_name_if_failed(check) for check in applied]).alias("_rules"),
    )


def _column_checks(column: Column) -> Iterator[Check]:
    invalid = F.col(invalid_flag(column)) if can_be_invalid(column) else F.lit(False)
    if column.required:
        missing = F.col(column.name).isNull() & ~invalid
        expect, reason = f"{column.name} IS NOT NULL", f"{column.name} is missing."
        yield Check(f"{column.name}_missing", QUARANTINE, expect, reason, missing)
    if can_be_invalid(column):
        severity = QUARANTINE if column.required else BLANK
        kind = column.normalize or column.type
        asked = f"; write it like {_EXAMPLES[kind]}" if kind in _EXAMPLES else ""
        expect, reason = (
            f"{column.name} AS {kind}",
            f"{column.name} cannot be read as {kind}{asked}.",
        )
        yield Check(f"{column.name}_invalid", severity, expect, reason, invalid)


def _event_time_checks() -> Iterator[Check]:
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
        yield Check(name, QUARANTINE, expect, reason, fails, needs_watermark=True)


def _rule_checks(entity: Entity) -> Iterator[Check]:
    for rule in entity.rules:
        fails = ~F.coalesce(F.expr(rule.expect), F.lit(True))
        yield Check(rule.name, rule.severity, rule.expect, rule.reason, fails)


def _name_if_failed(check: Check) -> SparkColumn:
    return F.when(check.fails, F.lit(check.name))
