"""What a gold model promises about its rows, and the SQL that counts the rows that break it."""

from __future__ import annotations

from decimal import Decimal  # noqa: TC003 (pydantic resolves it at run time)
from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple

from pydantic import Field, model_validator

from utils.configs import StrictModel
from utils.entities import IDENTIFIER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Identifier = Annotated[str, Field(pattern=IDENTIFIER)]
TableColumn = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$")]
TableOrColumn = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)?$")]
AcceptedValue = Annotated[str, Field(pattern=r"^[A-Za-z0-9 +/_.-]+$")]
Severity = Literal["fail", "warn"]
UNKNOWN = "unknown"


class Rule(NamedTuple):
    """One countable promise.

    Attributes:
        name: as shown in `audit.dq_results`.
        severity: `fail` stops publication, `warn` is only recorded.
        failed: an INT64 expression over the model's rows; 0 when the promise is kept.
    """

    name: str
    severity: Severity
    failed: str


class Check(StrictModel):
    """Promises of one kind and one severity.

    Attributes:
        unique: these columns together identify a row; a NULL identifies none.
        not_null: each column always has a value.
        range: each column lies within [lowest, highest]; null leaves a side open.
        accepted: each column has one of these values.
        references: each column's value is in that column of another table, or is `unknown`.
        row_count_equals: there are as many rows as in that table plus this number.
        sum_equals: the column's total is that of another table's column; with a table alone, the
            number of its rows.
        expect: a named predicate holds for every row.

    A NULL breaks `not_null` and nothing else.
    """

    severity: Severity = "fail"
    unique: tuple[Identifier, ...] = ()
    not_null: tuple[Identifier, ...] = ()
    range: dict[Identifier, tuple[Decimal | None, Decimal | None]] = {}
    accepted: dict[Identifier, tuple[AcceptedValue, ...]] = {}
    references: dict[Identifier, TableColumn] = {}
    row_count_equals: dict[Identifier, int] = {}
    sum_equals: dict[Identifier, TableOrColumn] = {}
    expect: dict[Identifier, str] = {}

    @model_validator(mode="after")
    def _has_one_kind(self) -> Check:
        kinds = sorted(self.model_fields_set - {"severity"})
        if len(kinds) != 1 or not getattr(self, kinds[0]):
            raise ValueError("a check needs exactly one kind, such as `unique: [column]`")
        return self

    @property
    def columns(self) -> set[str]:
        """Columns of the model itself that the check names, save those within `expect`."""
        named = (self.range, self.accepted, self.references, self.sum_equals)
        return {*self.unique, *self.not_null, *(column for each in named for column in each)}

    @property
    def tables(self) -> set[str]:
        """Other tables that the check reads."""
        columns = [*self.references.values(), *self.sum_equals.values()]
        return {*self.row_count_equals, *(column.partition(".")[0] for column in columns)}

    def rules(self, ref: Callable[[str], str]) -> Iterator[Rule]:
        """The check's promises as SQL; `ref` gives the SQL name of another table."""
        for name, failed in self._counts(ref):
            yield Rule(name, self.severity, failed)

    def _counts(self, ref: Callable[[str], str]) -> Iterator[tuple[str, str]]:
        if self.unique:
            yield f"unique({', '.join(self.unique)})", _repeated(self.unique)
        for column in self.not_null:
            yield f"not_null({column})", f"COUNTIF({column} IS NULL)"
        for column, (lowest, highest) in self.range.items():
            yield f"range({column})", _outside(column, lowest, highest)
        for column, values in self.accepted.items():
            known = ", ".join(f"'{value}'" for value in values)
            yield f"accepted({column})", f"COUNTIF({column} NOT IN ({known}))"
        for name, predicate in self.expect.items():
            yield name, f"COUNTIF(NOT ({predicate}))"
        yield from self._comparisons(ref)

    def _comparisons(self, ref: Callable[[str], str]) -> Iterator[tuple[str, str]]:
        for column, parent in self.references.items():
            yield f"references({column})", _orphans(column, *_split(parent, ref))
        for other, surplus in self.row_count_equals.items():
            rows = f"(SELECT COUNT(*) FROM {ref(other)})"
            yield f"row_count_equals({other})", f"ABS(COUNT(*) - {rows} - {surplus})"
        for column, source in self.sum_equals.items():
            other, measure = _split(source, ref)
            total = f"COALESCE(SUM({measure}), 0)" if measure else "COUNT(*)"
            yield (
                f"sum_equals({column})",
                f"IF(COALESCE(SUM({column}), 0) = (SELECT {total} FROM {other}), 0, 1)",
            )


def _split(source: str, ref: Callable[[str], str]) -> tuple[str, str]:
    table, _, column = source.partition(".")
    return ref(table), column


def _repeated(columns: tuple[str, ...]) -> str:
    key = columns[0] if len(columns) == 1 else f"TO_JSON_STRING(STRUCT({', '.join(columns)}))"
    return f"COUNT(*) - COUNT(DISTINCT {key})"


def _outside(column: str, lowest: Decimal | None, highest: Decimal | None) -> str:
    bounds = [
        f"{column} {operator} {bound:f}"
        for operator, bound in (("<", lowest), (">", highest))
        if bound is not None
    ]
    return f"COUNTIF({' OR '.join(bounds) or 'FALSE'})"


def _orphans(column: str, parent: str, key: str) -> str:
    return (
        f"COUNTIF(CAST({column} AS STRING) != '{UNKNOWN}' "
        f"AND {column} NOT IN (SELECT {key} FROM {parent}))"
    )
