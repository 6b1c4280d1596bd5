"""Makes sure that a `select` of a source's file is one query and nothing else."""

from __future__ import annotations

import sqlglot
from sqlglot import expressions as exp
from sqlglot.errors import SqlglotError

# A SELECT can do more than read: write a file or a variable, or lock rows.
_MORE_THAN_READING = (exp.Into, exp.Lock, exp.Command, exp.DML, exp.DDL, exp.SessionParameter)


def complaint(select: str) -> str | None:
    """Why a text is not one SELECT that only reads, or None.

    Extraction puts the text between brackets as a derived table. It refuses anything that could
    close them or hide what follows: semicolons, comments and texts that do not parse.
    """
    if any(sign in select for sign in (";", "--", "/*", "#", "\\")):
        return "it has a semicolon, a comment or a backslash; write one SELECT without them"
    try:
        [statement] = sqlglot.parse(select, dialect="mysql")
    except (SqlglotError, ValueError) as error:
        return f"it is no SQL that MySQL would read: {str(error).splitlines()[0]}"
    if not isinstance(statement, exp.Query):
        return "it is no SELECT; nothing is created or changed at a source"
    found = next(statement.find_all(*_MORE_THAN_READING), None)
    return f"it does more than read ({found.sql('mysql')})" if found else None
