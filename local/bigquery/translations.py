"""Statements in DuckDB's SQL, each translated once.

A statement is parsed and translated by Python, which takes as long as running it. A statement that
comes again, while the datasets that it names have the same tables with the same columns, is run as
it was translated then. The file that $RCM_TRANSLATIONS names keeps the translations for other
emulators and the next start; it may be deleted at any time.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from local_bigquery.sql import script

from local.bigquery.catalogue import schema_version, shape

if TYPE_CHECKING:
    from local_bigquery.sql.translate import Context
    from sqlglot import exp

SCRIPT = "script.digest"  # of the script that a statement belongs to, in its context
_KEPT = 4_096
# What these stand for is read from the catalogue while a statement is translated.
_READ_WHEN_TRANSLATED = ("@@", "INFORMATION_SCHEMA", "*`")
_translations: dict[str, Translation] = {}
_turns: dict[str, threading.Lock] = {}
_translate = script.translate


def digest(text: str) -> str:
    """A short name of a long text."""
    return hashlib.sha256(text.encode()).hexdigest()


_REPLACEMENTS = sorted(Path(__file__).parent.glob("*.py"))
_TRANSLATORS = [
    *(version(name) for name in ("local-bigquery", "sqlglot", "duckdb")),
    *(digest(file.read_text(encoding="utf-8")) for file in _REPLACEMENTS),
]


@dataclass(frozen=True)
class Translation:
    """DuckDB's SQL of a statement, what the translator noted, and the shapes that it stands on.

    Of lists alone, as JSON has them: `referenced` holds project, dataset and table, `shapes`
    project, dataset and digest.
    """

    sql: str
    used: list[str]
    referenced: list[list[str]]
    temporary: list[str]
    variables: dict[str, str]
    shapes: list[list[str]]

    def still_holds(self) -> bool:
        """Whether the datasets that the statement names look as they did."""
        versions = {project: schema_version(project) for project, _, _ in self.shapes}
        return all(
            shape(project, dataset, versions[project]) == shaped
            for project, dataset, shaped in self.shapes
        )

    def applied(self, context: Context) -> tuple[str, dict[str, Any]]:
        """The statement with the values of a context, which learns what the translator reported."""
        context.referenced |= {tuple(table) for table in self.referenced}
        context.temporary |= set(self.temporary)
        sql = self.sql
        for name, table in self.variables.items():
            sql = sql.replace(table, context.variables[name])
        return sql, {name: context.values[name] for name in self.used}


def recall(file: Path) -> None:
    """Takes over the translations that earlier starts wrote down, the last ones of many."""
    lines = file.read_bytes().splitlines(keepends=True) if file.exists() else []
    kept = lines[-_KEPT:]
    for line in kept:
        try:
            key, translation = json.loads(line)
            _translations[key] = Translation(**translation)
        except (ValueError, TypeError):
            continue  # cut off when an emulator died, or of another version: translated again
    if len(kept) < len(lines):
        shorter = file.with_suffix(f".{os.getpid()}")
        shorter.write_bytes(b"".join(kept))
        shorter.replace(file)


def translate(tree: exp.Expression, context: Context) -> tuple[str, dict[str, Any]]:
    """A statement in DuckDB's SQL with the values that it uses.

    Who asks for what another thread translates at the moment, waits for it.
    """
    text = context.system.get("statement_text", "")
    if any(word in text.upper() for word in _READ_WHEN_TRANSLATED):
        answer: tuple[str, dict[str, Any]] = _translate(tree, context)
        return answer
    key = _key(tree, text, context)
    if key not in _translations:
        with _turns.setdefault(key, threading.Lock()):
            return _recalled(key, context) or _translated(key, tree, context)
    return _recalled(key, context) or _translated(key, tree, context)


def _key(tree: exp.Expression, text: str, context: Context) -> str:
    parts = (
        *(context.system.get(SCRIPT), text, hash(tree), _TRANSLATORS),
        *(context.project_id, context.dataset_id),
        *(list(context.parameters.items()), list(context.variables), sorted(context.temporary)),
    )
    return digest(repr(parts))


def _recalled(key: str, context: Context) -> tuple[str, dict[str, Any]] | None:
    known = _translations.get(key)
    return known.applied(context) if known and known.still_holds() else None


def _translated(key: str, tree: exp.Expression, context: Context) -> tuple[str, dict[str, Any]]:
    before, context.referenced = context.referenced, set()
    began = schema_version(context.project_id)
    sql, values = _translate(tree, context)
    datasets = {(project_id, dataset_id) for project_id, dataset_id, _ in context.referenced}
    translation = Translation(
        sql,
        sorted(values),
        [list(table) for table in sorted(context.referenced)],
        sorted(context.temporary),
        dict(context.variables),
        [[*dataset, shape(*dataset, schema_version(dataset[0]))] for dataset in datasets],
    )
    # A table that changed meanwhile may have been seen as it was before.
    if schema_version(context.project_id) == began:
        _keep(key, translation)
    _turns.pop(key, None)
    context.referenced |= before
    return sql, values


def _keep(key: str, translation: Translation) -> None:
    _translations[key] = translation
    while len(_translations) > _KEPT:
        del _translations[next(iter(_translations))]
    if name := os.environ.get("RCM_TRANSLATIONS"):
        line = json.dumps([key, asdict(translation)]) + "\n"
        with Path(name).open("ab", buffering=0) as file:
            file.write(line.encode())  # at once: other emulators write there too
