"""Scripts: their statements, parsed once, and translated while those before them run.

- A script is parsed at every run, and its trees are copied at every step. Here both is done once,
  as long as nobody changes a tree.
- A table that is created is looked up twice, also a temporary one.
- A statement is translated when its turn comes. Here a thread goes through a new script ahead of
  the one that runs it: DuckDB and Python then work side by side.
"""

from __future__ import annotations

import functools
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import duckdb
import sqlglot
from local_bigquery.errors import BigQueryError
from local_bigquery.jobs import query
from local_bigquery.models import JobStatistics2
from local_bigquery.sql import script
from local_bigquery.sql.dialect import BigQueryDialect
from local_bigquery.sql.rules import ddl
from sqlglot import exp

from local.bigquery.translations import SCRIPT, digest, translate

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from local_bigquery.models import JobConfigurationQuery
    from local_bigquery.sql.translate import Context

_KEPT_SCRIPTS = 256
_KEPT_STATEMENTS = 4_096
_CHANGED_BY_READERS = (exp.Create, exp.Alter, exp.Drop, exp.Command)
_TRANSLATED_WHOLE = (exp.Query, exp.Insert, exp.Update, exp.Delete, exp.Create)
_parse, _split, _ddl, _execute = script.parse, ddl.split, query._ddl, query._execute
parse_script = functools.lru_cache(_KEPT_SCRIPTS)(script.parse_script)
_trees = functools.lru_cache(_KEPT_STATEMENTS)(_parse)
_seen: set[str] = set()


def parse(sql: str) -> list[exp.Expression]:
    """The trees of a statement."""
    return [tree.copy() if isinstance(tree, _CHANGED_BY_READERS) else tree for tree in _trees(sql)]


def split(tree: exp.Expression) -> list[exp.Expression]:
    """The parts of a statement; those of a table that is filled as it is made are not copied."""
    is_filled = isinstance(tree, exp.Create) and tree.kind == "TABLE" and tree.expression
    if not is_filled or not isinstance(tree.this, exp.Schema) or tree.args.get("clone"):
        parts: list[exp.Expression] = _split(tree)
        return parts
    create = exp.Create(**{**tree.args, "expression": None})
    return [create, exp.insert(tree.expression, tree.this.this, copy=False)]


def described(tree: exp.Expression, context: Context) -> JobStatistics2:
    """What a statement does to the catalogue; a temporary table is not looked for there."""
    properties = tree.args.get("properties")
    if properties and properties.find(exp.TemporaryProperty):
        return JobStatistics2(ddlOperationPerformed="CREATE")
    return _ddl(tree, context)


def execute(
    cur: duckdb.DuckDBPyConnection,
    project_id: str,
    job_id: str | None,
    config: JobConfigurationQuery,
    dry_run: bool,
    isolated: bool,
    context: Context,
    statements: list[script.Statement],
) -> Any:
    """Runs the statements of a job; those of a new script are translated meanwhile."""
    name = context.system[SCRIPT] = digest(config.query or "")
    if script.is_script(statements) and not dry_run and name not in _seen:
        _seen.add(name)
        threading.Thread(
            target=translate_ahead, args=(statements, _apart(context)), daemon=True
        ).start()
    return _execute(cur, project_id, job_id, config, dry_run, isolated, context, statements)


def _apart(context: Context) -> Context:
    """A context that sees what the other one sees, and whose changes nobody else does."""
    own = {name: set(getattr(context, name)) for name in ("temporary", "used", "referenced")}
    return replace(context, variables=dict(context.variables), system=dict(context.system), **own)


def translate_ahead(statements: Iterable[script.Statement], context: Context) -> None:
    """Translates statements in their order, up to the first that needs what an earlier one does."""
    for statement in _flat(statements):
        context.system["statement_text"] = statement.text
        try:
            if statement.kind == "DECLARE":
                context.variables |= {name: _stand_in() for name in _declared(statement)}
            elif statement.kind == "SQL":
                _translate_parts(statement, context)
        except (BigQueryError, duckdb.Error, sqlglot.errors.SqlglotError):
            continue  # its turn tells whether it is wrong, or too early now


def _translate_parts(statement: script.Statement, context: Context) -> None:
    for tree in parse(statement.text):
        context.referenced.clear()
        for part in split(ddl.normalise(tree)):
            if isinstance(part, _TRANSLATED_WHOLE):
                translate(part, context)


def _flat(statements: Iterable[script.Statement]) -> Iterator[script.Statement]:
    for statement in statements:
        yield statement
        for _, branch in statement.branches:
            yield from _flat(branch)
        yield from _flat(statement.body)
        yield from _flat(statement.otherwise or [])


def _declared(statement: script.Statement) -> list[str]:
    tree = sqlglot.parse_one(statement.text, dialect=BigQueryDialect)
    return [name.name.lower() for item in tree.expressions for name in item.this]


def _stand_in() -> str:
    """The name of no table; the variable's own takes its place when the statement runs."""
    return f"variable_{uuid4().hex}"
