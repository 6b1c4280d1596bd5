"""What the names within a query mean."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import reduce
from typing import TYPE_CHECKING

from tools.lineage.shapes import Relation, Shape, field_of, merged, nested

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence


class NotFollowed(Exception):
    """A name that means nothing here, or syntax that hides what is read."""


@dataclass(frozen=True)
class Scope:
    """What the names within a query mean.

    Attributes:
        table: gives the columns of a table by its schema and name.
        queries: the WITH clause's queries by name.
        relations: what FROM and JOIN read, by alias.
        elements: the elements of the arrays that UNNEST reads, by alias.
        outer: the scope around a subquery.
    """

    table: Callable[[str, str], Collection[str]]
    queries: Mapping[str, Relation] = field(default_factory=dict)
    relations: dict[str, Relation] = field(default_factory=dict)
    elements: Relation = field(default_factory=dict)
    outer: Scope | None = None

    def inner(self) -> Scope:
        """The scope of a query within this one."""
        return Scope(self.table, self.queries, outer=self)


def resolved(parts: Sequence[str], scope: Scope) -> Shape:
    """What a name means: an element, a column of a relation, or all of a relation's row."""
    first, *rest = parts
    if first in scope.elements:
        return reduce(field_of, rest, scope.elements[first])
    if rest and first in scope.relations:
        column, *rest = rest
        if column not in scope.relations[first]:
            raise NotFollowed(f"`{first}` has no column `{column}`")
        return reduce(field_of, rest, scope.relations[first][column])
    if found := [columns[first] for columns in scope.relations.values() if first in columns]:
        return reduce(field_of, rest, merged(found))
    if first in scope.relations:
        return nested(scope.relations[first])
    if scope.outer is None:
        raise NotFollowed(f"`{'.'.join(parts)}` is no column of the tables that are read")
    return resolved(parts, scope.outer)
