"""Renders SQL templates: `{{ ref("name") }}` is the only way to name a table.

Values never become SQL text; they are query parameters.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from jinja2 import StrictUndefined, TemplateError
from jinja2.sandbox import SandboxedEnvironment

from utils.errors import ConfigError
from utils.paths import SQL

if TYPE_CHECKING:
    from collections.abc import Callable

_SQL = SandboxedEnvironment(undefined=StrictUndefined, autoescape=False)  # noqa: S701 (not HTML)


@cache
def sql_text(file: str) -> str:
    """The text of a file of `sql/`, such as `silver/history.sql`."""
    return (SQL / file).read_text(encoding="utf-8")


def render_file(file: str, ref: Callable[[str], str], **values: object) -> str:
    """Renders a file of `sql/`; `ref` gives the SQL name of a table.

    Raises:
        ConfigError: the template is wrong or uses a name that it was not given.
    """
    return render(sql_text(file), ref, file, **values)


def render(template: str, ref: Callable[[str], str], where: str, **values: object) -> str:
    """Renders a SQL template; `ref` gives the SQL name of a table.

    Raises:
        ConfigError: the template is wrong or uses a name that it was not given.
    """
    try:
        return _SQL.from_string(template).render(ref=ref, **values)
    except TemplateError as error:
        raise ConfigError(
            f"The SQL template cannot be rendered: {error}",
            where=where,
            remedy='Templates may only use {{ ref("table") }}',
        ) from error
