"""What a gold model promises about its rows, and the SQL that counts the rows that break it."""

from __future__ import annotations

from decimal import Decimal  # noqa: TC003 (pydantic resolves it at run time)
from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple

from pydantic import Field, model_validator

from utils.schema import IDENTIFIER, StrictModel

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

Identifier = Annotated[str, Field(pattern=IDENTIFIER)]
TableColumn = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$")]
TableOrColumn = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)?$")]
AcceptedValue = Annotated[str, Field(pattern=r"^[A-Za-z0-9 +/_.-]+$")]
Severity = Literal["fail", "warn"]
UNKNOWN = "unknown"
SHOWN_ROWS = 3
_OF_ALL_ROWS = ("unique", "row_count_equals", "sum_equals")


class Rule(NamedTuple):
    """One countable promise.

    Attributes:
        name: as shown in `audit.dq_results`.
        severity: `fail` stops publication, `warn` is only recorded.
        failed: an INT64 expression over the rows of `checked`, which are the model's where `is_row`
            holds; 0 when the promise is kept.
        examples: a STRING expression over them that names the first rows that break the promise;
            NULL when it is kept, or when the check does not say what names a row.
    """

    name: str
    severity: Severity
    failed: str
    examples: str = "CAST(NULL AS STRING)"


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
        where: which rows of the other table `sum_equals` counts; all by default.
        expect: a named predicate holds for every row.
        named_by: columns by which a message names the first rows that break a promise of single
            rows; no PHI is among gold's columns.

    A NULL breaks `not_null` and nothing else. Each hospital is counted by itself, and compared with
    its own rows of another table.
    """

    severity: Severity = "fail"
    named_by: tuple[Identifier, ...] = ()
    unique: tuple[Identifier, ...] = ()
    not_null: tuple[Identifier, ...] = ()
    range: dict[Identifier, tuple[Decimal | None, Decimal | None]] = {}
    accepted: dict[Identifier, tuple[AcceptedValue, ...]] = {}
    references: dict[Identifier, TableColumn] = {}
    row_count_equals: dict[Identifier, int] = {}
    sum_equals: dict[Identifier, TableOrColumn] = {}
    where: str | None = None
    expect: dict[Identifier, str] = {}

    @model_validator(mode="after")
    def _has_one_kind(self) -> Check:
        kinds = sorted(self.model_fields_set - {"severity", "named_by", "where"})
        if len(kinds) != 1 or not getattr(self, kinds[0]):
            raise ValueError("a check needs exactly one kind, such as `unique: [column]`")
        if self.named_by and kinds[0] in _OF_ALL_ROWS:
            raise ValueError(f"`{kinds[0]}` is about all rows: `named_by` has none to name")
        if self.where and kinds[0] != "sum_equals":
            raise ValueError(f"`{kinds[0]}` looks at all rows: `where` goes with `sum_equals`")
        return self

    @property
    def columns(self) -> set[str]:
        """Columns of the model itself that the check names, save those within `expect`."""
        named = (self.range, self.accepted, self.references, self.sum_equals)
        columns = {column for each in named for column in each}
        return columns.union(self.unique, self.not_null, self.named_by)

    @property
    def tables(self) -> set[str]:
        """Other tables that the check reads."""
        columns = [*self.references.values(), *self.sum_equals.values()]
        return {*self.row_count_equals, *(column.partition(".")[0] for column in columns)}

    def rules(
        self, ref: Callable[[str], str], dollars: Collection[str] = (), *, by_hospital: bool
    ) -> Iterator[Rule]:
        """The check's promises as SQL.

        Args:
            ref: gives the SQL name of another table.
            dollars: the model's columns in USD, which are shown with their cents.
            by_hospital: whether `checked` has the rows of one `subject`, a source system, and
                the promise is about these.
        """
        of_subject = " AND source_system = checked.subject" if by_hospital else ""
        for name, failed in self._of_all_rows(ref, of_subject):
            yield Rule(name, self.severity, failed)
        for name, predicate, column in self._of_each_row(ref):
            broken = f"is_row AND ({predicate})"
            shown = dict.fromkeys([*self.named_by, *([column] if column else [])])
            examples = [_examples(broken, [*shown], dollars)] if self.named_by else []
            yield Rule(name, self.severity, f"COUNTIF({broken})", *examples)

    def _of_all_rows(self, ref: Callable[[str], str], of_subject: str) -> Iterator[tuple[str, str]]:
        """Names and the number of rows that break them."""
        if self.unique:
            yield f"unique({', '.join(self.unique)})", _repeated(self.unique)
        for other, surplus in self.row_count_equals.items():
            rows = f"(SELECT COUNT(*) FROM {ref(other)} WHERE TRUE{of_subject})"
            yield f"row_count_equals({other})", f"ABS(COUNTIF(is_row) - {rows} - {surplus})"
        for column, source in self.sum_equals.items():
            other, measure = _split(source, ref)
            total = f"COALESCE(SUM({measure}), 0)" if measure else "COUNT(*)"
            whole = f"(SELECT {total} FROM {other} WHERE ({self.where or 'TRUE'}){of_subject})"
            yield f"sum_equals({column})", f"IF(COALESCE(SUM({column}), 0) = {whole}, 0, 1)"

    def _of_each_row(self, ref: Callable[[str], str]) -> Iterator[tuple[str, str, str | None]]:
        """Names, the predicate of a row that breaks them, and the column that is looked at."""
        for column in self.not_null:
            yield f"not_null({column})", f"{column} IS NULL", column
        for column, (lowest, highest) in self.range.items():
            yield f"range({column})", _outside(column, lowest, highest), column
        for column, values in self.accepted.items():
            known = ", ".join(f"'{value}'" for value in values)
            yield f"accepted({column})", f"{column} NOT IN ({known})", column
        for column, parent in self.references.items():
            yield f"references({column})", _is_orphan(column, *_split(parent, ref)), column
        for name, predicate in self.expect.items():
            yield name, f"NOT ({predicate})", None


def _split(source: str, ref: Callable[[str], str]) -> tuple[str, str]:
    table, _, column = source.partition(".")
    return ref(table), column


def _repeated(columns: tuple[str, ...]) -> str:
    key = columns[0] if len(columns) == 1 else f"TO_JSON_STRING(STRUCT({', '.join(columns)}))"
    return f"COUNTIF(is_row) - COUNT(DISTINCT IF(is_row, {key}, NULL))"


def _outside(column: str, lowest: Decimal | None, highest: Decimal | None) -> str:
    bounds = [
        f"{column} {operator} {bound:f}"
        for operator, bound in (("<", lowest), (">", highest))
        if bound is not None
    ]
    return " OR ".join(bounds) or "FALSE"


def _is_orphan(column: str, parent: str, key: str) -> str:
    return (
        f"CAST({column} AS STRING) != '{UNKNOWN}' AND {column} NOT IN (SELECT {key} FROM {parent})"
    )


def _examples(broken: str, columns: list[str], dollars: Collection[str]) -> str:
    texts = {
        column: f"FORMAT('%.2f', {column})" if column in dollars else f"CAST({column} AS STRING)"
        for column in columns
    }
    values = ", ', ', ".join(
        f"'{column} ', COALESCE({text}, 'NULL')" for column, text in texts.items()
    )
    return (
        f"STRING_AGG(IF({broken}, CONCAT({values}), NULL), '; ' "
        f"ORDER BY {', '.join(columns)} LIMIT {SHOWN_ROWS})"
    )
