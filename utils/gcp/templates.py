"""Renders SQL templates: `{{ ref("name") }}` is the only way to name a table.

A file of `sql/` may include others, and begins the text of its RAISE with `{{ marker }}`. Values
never become SQL text; they are query parameters.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from jinja2 import FileSystemLoader, StrictUndefined, TemplateError
from jinja2.sandbox import SandboxedEnvironment

from utils.errors import ConfigError
from utils.gcp.failures import MARKER
from utils.paths import SQL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_SQL = SandboxedEnvironment(
    loader=FileSystemLoader(SQL),
    undefined=StrictUndefined,
    autoescape=False,  # noqa: S701 (not HTML)
)
_SQL.globals["marker"] = MARKER


def render_file(file: str, ref: Callable[[str], str], **values: object) -> str:
    """Renders a file of `sql/`, such as `silver/publish.sql`; `ref` gives the SQL name of a table.

    Raises:
        ConfigError: the template is wrong or uses a name that it was not given.
    """
    with _explained(file):
        return _SQL.get_template(file).render(ref=ref, **values)


def render(template: str, ref: Callable[[str], str], where: str, **values: object) -> str:
    """Renders a SQL template; `ref` gives the SQL name of a table.

    Raises:
        ConfigError: the template is wrong or uses a name that it was not given.
    """
    with _explained(where):
        return _SQL.from_string(template).render(ref=ref, **values)


@contextmanager
def _explained(where: str) -> Iterator[None]:
    try:
        yield
    except TemplateError as error:
        raise ConfigError(
            f"The SQL template cannot be rendered: {error}",
            where=where,
            remedy='Templates may only use {{ ref("table") }} and the values that they are given',
        ) from error
