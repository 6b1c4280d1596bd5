"""What a value is made from: columns, each with the way in which it is used, field by field."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable


class Way(IntEnum):
    """How much of a column is in what is made from it, the least first."""

    COUNTED = 1  # how many values there are, or whether there is one
    HASHED = 2  # the identity of a row
    DEIDENTIFIED = 3  # declared in the header of a gold model
    CONDITION = 4  # it chooses between other values
    VALUE = 5  # itself, or what is computed from it

    @property
    def label(self) -> str:
        """The way in a word."""
        return "de-identified" if self is Way.DEIDENTIFIED else self.name.lower()


class Column(NamedTuple):
    """A column by its full name; the schema is a layer or a source."""

    schema: str
    table: str
    name: str

    def __str__(self) -> str:
        return ".".join(self)


Sources = dict[Column, Way]
# What a value is made from, by the field of a STRUCT within it; () is the value as a whole.
Shape = dict[tuple[str, ...], Sources]
Relation = dict[str, Shape]


def capped(sources: Sources, way: Way) -> Sources:
    """The same columns, each used in this way at most."""
    return {column: min(way, used) for column, used in sources.items()}


def united(parts: Iterable[Sources]) -> Sources:
    """All columns, each in the strongest way in which a part uses it."""
    together: Sources = {}
    for part in parts:
        for column, way in part.items():
            together[column] = max(way, together.get(column, way))
    return together


def nested(fields: Relation) -> Shape:
    """A STRUCT of these fields; one that is made from nothing is a field all the same."""
    return {
        (name, *path): sources
        for name, shape in fields.items()
        for path, sources in {(): {}, **shape}.items()
    }


def field_of(shape: Shape, name: str) -> Shape:
    """A field of a STRUCT, or the whole value where its fields are unknown."""
    inner: Shape = {path[1:]: sources for path, sources in shape.items() if path[:1] == (name,)}
    if not inner:
        return {(): whole(shape)}
    return merged([inner, {(): shape.get((), {})}])


def merged(shapes: Iterable[Shape]) -> Shape:
    """What several values are made from, field by field if they have the same fields."""
    parts = list(shapes)
    fields = {paths for shape in parts if (paths := tuple(path for path in shape if path))}
    if len(fields) > 1:  # The first names the fields of all, which then differ in their meaning.
        return {(): united(map(whole, parts))}
    together = dict.fromkeys(path for shape in parts for path in shape)
    return {path: united(shape.get(path, {}) for shape in parts) for path in together}


def only(way: Way, shape: Shape) -> Shape:
    """A value of no fields that is made from another one in no more than this way."""
    return {(): capped(whole(shape), way)}


def whole(shape: Shape) -> Sources:
    """All that a value and its fields are made from."""
    return united(shape.values())
