"""Whether Google's resolver takes every statement of a script."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from google.protobuf.message import Message
from zetasql.wasi._pb2.zetasql.local_service import local_service_pb2 as service
from zetasql.wasi._pb2.zetasql.public import type_pb2

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tools.google_sql.engine import Engine

    Columns = Mapping[str, str]

_RESOLVED = ("SELECT", "WITH", "INSERT", "UPDATE", "DELETE", "MERGE", "CREATE TEMP TABLE")
_VALUE = re.compile(r"^(?:SET\s+\w+\s*=|RAISE\s+USING\s+MESSAGE\s*=)\s*(?P<value>.*)$", re.DOTALL)


def complaints(
    engine: Engine, script: str, tables: Mapping[str, Columns], variables: Columns
) -> tuple[int, list[str]]:
    """Resolves the statements of a script, and the values that it sets and raises.

    Args:
        engine: the running module.
        script: rendered, with its parameters by name.
        tables: columns with their types of every table that the script reads, writes or makes.
        variables: types of the script's variables and parameters; a parameter begins with @.

    Returns:
        How many statements were resolved, and what is wrong with those that cannot be.
    """
    request = service.ParseRequest(sql_statement=script, allow_script=True, options=engine.language)
    parsed = engine.call("Parse", request, service.ParseResponse)
    known = service.RegisterCatalogRequest(simple_catalog=engine.catalog)
    options = type(engine.options)()
    options.CopyFrom(engine.options)
    for name, columns in tables.items():
        table = known.simple_catalog.table.add(name=name)
        for column, kind in columns.items():
            table.column.add(name=column).type.type_kind = _kind(kind)
    for name, kind in variables.items():
        if name.startswith("@"):
            added: Any = options.query_parameters.add(name=name[1:])
        else:
            added = known.simple_catalog.constant.add(name_path=[name])
            added.value.SetInParent()
        added.type.type_kind = _kind(kind)
    registered = engine.call("RegisterCatalog", known, service.RegisterResponse).registered_id
    asked = service.AnalyzeRequest(options=options, registered_catalog_id=registered)
    wrong = []
    texts = [text for text in map(_resolvable, _statements(parsed, script.encode())) if text]
    for text in texts:
        asked.sql_statement = text
        try:
            engine.call("Analyze", asked, service.AnalyzeResponse)
        except Exception as error:  # told with the statement that it is about
            wrong.append(f"{error}: {text[:200]}")
    return len(texts), wrong


def _kind(name: str) -> int:
    return int(type_pb2.TypeKind.Value(f"TYPE_{name.partition('(')[0]}"))


def _resolvable(statement: str) -> str | None:
    """A statement of its own, or the value of a SET or RAISE as one."""
    if statement.startswith(_RESOLVED):
        return statement
    found = _VALUE.match(statement)
    return f"SELECT {found['value']}" if found else None


def _statements(node: Message, script: bytes) -> Iterator[str]:
    """The texts of a script's statements, those within blocks and branches too."""
    for field, value in node.ListFields():
        for part in value if isinstance(value, (list, tuple)) or field.is_repeated else [value]:
            if field.name == "statement_list" and "StatementList" not in part.DESCRIPTOR.name:
                yield _text(part, script)
            if isinstance(part, Message):
                yield from _statements(part, script)


def _text(node: Message, script: bytes) -> str:
    """The text of a node: its place stands in the innermost of its parents."""
    waiting = [node]
    while waiting:
        part = waiting.pop(0)
        for field, value in part.ListFields():
            if field.name == "parse_location_range":
                return script[value.start : value.end].decode().strip()
            if isinstance(value, Message):
                waiting.insert(0, value) if field.name == "parent" else waiting.append(value)
    return ""
