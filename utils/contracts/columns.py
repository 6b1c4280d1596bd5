"""A column of an entity: its type, its spelling and the range that bounds it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from utils.batch.types import ColumnType
from utils.schema import IDENTIFIER, StrictModel

Severity = Literal["quarantine", "warn"]
Normalizer = Literal[
    "id", "payer", "code", "keyword", "text", "person_name", "email", "phone", "ssn", "gender",
    "npi", "line_of_business", "claim_status",
]  # fmt: skip
# Months between these days are fewer than the partitions that one BigQuery job may write.
FIRST_DAY, LAST_DAY = "1900-01-01", "2200-12-31"
# The day after the epoch, which systems write for "no instant".
FIRST_RECORD = "1970-01-02"


class Column(StrictModel):
    """A contract column: what a source must or may deliver.

    An identifier (`normalize: id`) keeps its spelling. One of a key may say that spellings which
    differ in case only are one (`fold: case`); an identifier that `references` an entity is spelled
    as that entity's key is. A date lies between FIRST_DAY and LAST_DAY, or its row is held; one
    that is `open_ended` may say "since ever" or "for good" by any day of the calendar. An instant
    outside of the years in which computers kept records is a placeholder, which a warning counts.
    """

    type: ColumnType
    description: str
    normalize: Normalizer | None = None
    fold: Literal["case"] | None = None
    references: str | None = None
    required: bool = False
    tracked: bool = True
    phi: bool = False
    open_ended: bool = False

    def range_rule(self, name: str) -> Rule | None:
        """The rule that bounds a column of dates or instants."""
        if self.open_ended:
            return None
        if self.type == "DATE":
            return Rule(
                name=f"{name}_out_of_range",
                severity="quarantine",
                expect=f"{name} BETWEEN DATE '{FIRST_DAY}' AND DATE '{LAST_DAY}'",
                reason=f"The date lies outside of {FIRST_DAY} to {LAST_DAY}; no date is written as "
                "an empty value.",
            )
        if self.type == "TIMESTAMP":
            return Rule(
                name=f"{name}_is_placeholder",
                severity="warn",
                expect=f"{name} BETWEEN TIMESTAMP '{FIRST_RECORD} 00:00:00+00:00' "
                f"AND TIMESTAMP '{LAST_DAY} 00:00:00+00:00'",
                reason="The instant stands for none: no computer kept records then.",
            )
        return None

    @model_validator(mode="after")
    def _only_identifiers_fold(self) -> Column:
        if (self.fold or self.references) and self.normalize != "id":
            raise ValueError("only a column with `normalize: id` has `fold` or `references`")
        if self.fold and self.references:
            raise ValueError("`fold` is declared with the key that the column references")
        return self


class Derived(StrictModel):
    """A column computed from the contract's columns by a Spark SQL expression."""

    type: ColumnType
    expr: str
    description: str
    phi: bool = False


class Rule(StrictModel):
    """A predicate every row must meet; unknown (NULL) counts as met."""

    name: str = Field(pattern=IDENTIFIER)
    severity: Severity
    expect: str
    reason: str
