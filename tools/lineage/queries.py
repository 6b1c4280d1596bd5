"""What each column of a query's result is made from, read from the query's syntax tree.

Joins, filters, groups and the order of windows choose rows; that is no lineage. Where the syntax
does not tell apart what is used, all of it counts: a column may be said to be made from too much,
never from too little.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from tools.lineage.scope import NotFollowed, Scope, resolved
from tools.lineage.shapes import (
    Column,
    Relation,
    Shape,
    Sources,
    Way,
    field_of,
    merged,
    nested,
    only,
    whole,
)
from utils.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping


def of_query(
    sql: str, table: Callable[[str, str], Collection[str]], where: str
) -> dict[str, Sources]:
    """What the columns of a BigQuery SELECT are made from.

    Args:
        sql: the query; it names tables as `schema.table`.
        table: gives the names of a table's columns by its schema and name.
        where: the query's file, for an error.

    Raises:
        ConfigError: the query cannot be followed.
    """
    return {
        name: whole(shape)
        for name, shape in _followed(sql, "bigquery", Scope(table), where).items()
    }


def of_expression(sql: str, columns: Mapping[str, Sources], where: str) -> Sources:
    """What a Spark SQL expression over `columns` is made from.

    Raises:
        ConfigError: the expression cannot be followed.
    """
    relation: Relation = {name: {(): sources} for name, sources in columns.items()}
    scope = Scope(lambda _schema, _table: (), relations={"": relation})
    return whole(_followed(f"SELECT {sql} AS value", "spark", scope, where)["value"])


def _followed(sql: str, dialect: str, scope: Scope, where: str) -> Relation:
    try:
        return _columns(sqlglot.parse_one(sql, dialect=dialect), scope)
    except (SqlglotError, NotFollowed) as error:
        raise ConfigError(
            f"The lineage of its columns cannot be followed: {error}",
            where=where,
            remedy="Write it in simpler SQL, or extend tools/lineage/queries.py",
        ) from error


def _columns(query: exp.Expr, scope: Scope) -> Relation:
    """The columns of a query's result in their order."""
    if isinstance(query, exp.Query):
        scope = _with_queries(query, scope)
    match query:
        case exp.Subquery():
            return _columns(query.this, scope)
        case exp.SetOperation():
            left, right = _columns(query.this, scope), _columns(query.expression, scope)
            if len(left) != len(right):
                raise NotFollowed(f"the sides of {query.key.upper()} differ in their columns")
            return {
                name: merged([shape, other])
                for (name, shape), other in zip(left.items(), right.values(), strict=True)
            }
        case exp.Select():
            return _selected(query, _reading(query, scope))
    raise NotFollowed(f"{query.key} is no SELECT")


def _with_queries(query: exp.Query, scope: Scope) -> Scope:
    for named in query.ctes:
        queries = {**scope.queries, named.alias.lower(): _columns(named.this, scope)}
        scope = Scope(scope.table, queries, scope.relations, scope.elements, scope.outer)
    return scope


def _selected(query: exp.Select, scope: Scope) -> Relation:
    result: Relation = {}
    for place, projection in enumerate(query.expressions):
        if projection.is_star:
            result |= _starred(projection, scope)
            continue
        name = projection.alias_or_name.lower()
        # Later queries of a UNION need no names, and may repeat them.
        unique = f"column {place}" if not name or name in result else name
        result[unique] = _shape(projection, scope)
    return result


def _starred(projection: exp.Expr, scope: Scope) -> Relation:
    """The columns that `*` or `relation.*` stands for."""
    relations, star = scope.relations, projection
    if isinstance(projection, exp.Column):
        name, star = projection.table.lower(), projection.this
        if name not in relations:
            raise NotFollowed(f"`{name}` is not read")
        relations = {name: relations[name]}
    columns: Relation = {}
    for name, shape in (each for relation in relations.values() for each in relation.items()):
        columns[name] = merged([columns.get(name, {}), shape])
    for replacement in star.args.get("replace") or ():
        columns[replacement.alias.lower()] = _shape(replacement, scope)
    for left_out in star.args.get("except_") or ():
        columns.pop(left_out.name.lower(), None)
    return columns


def _reading(query: exp.Select, around: Scope) -> Scope:
    """The scope of a SELECT: what its FROM and its joins read, each after those before it."""
    scope = around.inner()
    for clause in (query.args.get("from_"), *query.args.get("joins", ())):
        if clause:
            _read(clause.this, scope)
    return scope


def _read(item: exp.Expr, scope: Scope) -> None:
    if item.args.get("pivots"):
        raise NotFollowed("PIVOT hides which columns are read")
    match item:
        case exp.Unnest():
            _read_elements(item, scope)
        case exp.Table():
            scope.relations[item.alias_or_name.lower()] = _table(item, scope)
        case exp.Subquery(this=exp.Table()):
            _read(item.this, scope)
        case exp.Subquery():
            scope.relations[item.alias.lower() or f"#{len(scope.relations)}"] = _columns(
                item.this, _with_queries(item, scope).inner()
            )
        case _:
            raise NotFollowed(f"FROM reads a {item.key}")
    for join in item.args.get("joins", ()):
        _read(join.this, scope)


def _table(item: exp.Table, scope: Scope) -> Relation:
    name = item.name.lower()
    if not item.db:
        if name not in scope.queries:
            raise NotFollowed(f"`{item.name}` is no query of the WITH clause")
        return scope.queries[name]
    columns = scope.table(item.db, item.name)
    if not columns:
        raise NotFollowed(f"`{item.db}.{item.name}` is no table")
    return {column: {(): {Column(item.db, item.name, column): Way.VALUE}} for column in columns}


def _read_elements(item: exp.Unnest, scope: Scope) -> None:
    """UNNEST is read by the alias of its element, by the element's fields and by its offset."""
    shape = merged(_shape(array, scope) for array in item.expressions)
    alias = item.args.get("alias")
    names = [name.name.lower() for name in alias.columns] if alias else []
    if alias and alias.this:
        names.append(alias.this.name.lower())
    name = names[0] if names else f"#{len(scope.relations)}"
    scope.elements[name] = shape
    fields = {path[0]: field_of(shape, path[0]) for path in shape if path}
    scope.relations[name] = fields or {name: shape}
    offset = item.args.get("offset")
    if isinstance(offset, exp.Identifier):
        scope.elements[offset.name.lower()] = {}


def _shape(node: exp.Expr, scope: Scope) -> Shape:
    """What an expression is made from."""
    match node:
        case exp.Column():
            return resolved([part.name.lower() for part in node.parts], scope)
        case exp.Dot(expression=exp.Identifier()):
            return field_of(_shape(node.this, scope), node.expression.name.lower())
        case exp.Struct():
            return nested(dict(_fields(node, scope)))
        case exp.Array():
            return _array(node, scope)
        case exp.Query():
            return _subquery(node, scope)
        case exp.Window() | exp.Order():
            return _shape(node.this, scope)
        case exp.Case() | exp.If():
            return _choice(node, scope)
        case exp.Count() | exp.CountIf() | exp.ApproxDistinct() | exp.Exists():
            return only(Way.COUNTED, _parts(node, scope))
        case exp.Is(expression=exp.Null()):
            return only(Way.COUNTED, _parts(node, scope))
    return _parts(node, scope)


def _parts(node: exp.Expr, scope: Scope) -> Shape:
    return merged(_shape(part, scope) for part in node.iter_expressions())


def _choice(node: exp.Case | exp.If, scope: Scope) -> Shape:
    """A CASE without an operand chooses by its conditions, one with it by comparing it."""
    branches = node.args["ifs"] if isinstance(node, exp.Case) else [node]
    conditions = [branch.this for branch in branches]
    values = [branch.args.get("true") for branch in branches]
    values.append(node.args.get("default") or node.args.get("false"))
    if isinstance(node, exp.Case) and node.this:
        conditions.append(node.this)
    return merged(
        [
            *(only(Way.CONDITION, _shape(condition, scope)) for condition in conditions),
            *(_shape(value, scope) for value in values if value),
        ]
    )


def _fields(node: exp.Struct | exp.Tuple, scope: Scope) -> list[tuple[str, Shape]]:
    """The fields of a STRUCT or a tuple with their names, if they have any, in their order."""
    fields = []
    for place, part in enumerate(node.expressions):
        name, value = f"column {place}", part
        if isinstance(part, exp.PropertyEQ):
            name, value = part.this.name, part.expression
        elif isinstance(part, exp.Column | exp.Dot):
            name = part.name
        fields.append((name.lower(), _shape(value, scope)))
    return fields


def _array(node: exp.Array, scope: Scope) -> Shape:
    """An array of its elements; the first STRUCT names the fields of all."""
    if not node.expressions or not isinstance(node.expressions[0], exp.Struct):
        return _parts(node, scope)
    names = [name for name, _ in _fields(node.expressions[0], scope)]
    elements = []
    for element in node.expressions:
        if isinstance(element, exp.Struct | exp.Tuple) and len(element.expressions) == len(names):
            shapes = (shape for _, shape in _fields(element, scope))
            elements.append(nested(dict(zip(names, shapes, strict=True))))
        else:
            elements.append(_shape(element, scope))
    return merged(elements)


def _subquery(node: exp.Query, scope: Scope) -> Shape:
    columns = _columns(node, scope)
    select = node.unnest()
    if isinstance(select, exp.Select) and select.args.get("kind") == "STRUCT":
        return nested(columns)
    return merged(columns.values())
