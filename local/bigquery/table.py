"""The replacements: where each one goes and why. The modules that hold them say how they work."""

from __future__ import annotations

from typing import Any

from local.bigquery import answers, catalogue, jobs, scripts, translations, trees
from local.bigquery.replace import EMULATOR, SQLGLOT, Replacement


def _emulator(target: str, by: Any, why: str) -> Replacement:
    return Replacement(f"local_bigquery.{target}", by, why, EMULATOR)


_TRANSLATED_ONCE = "A statement was translated each time, which takes as long as running it"

REPLACEMENTS = (
    _emulator(
        "engine.database._connect",
        catalogue.connect,
        "A job of a killed emulator ran for ever, and each job searched for temporary tables",
    ),
    _emulator(
        "engine.database.objects",
        catalogue.objects,
        "Each look-up read all tables of all databases",
    ),
    _emulator(
        "catalog.tables.columns",
        catalogue.columns,
        "Each look-up read all columns of all databases",
    ),
    _emulator(
        "catalog.tabledata.columns", catalogue.columns, "It has its own name for the same look-up"
    ),
    _emulator(
        "sql.rules.partitions._hidden",
        lambda table: False,
        "Each statement looked for a hidden column that no table here has",
    ),
    _emulator(
        "catalog.tables.physical", answers.physical, "Each answer of a query was a table on disk"
    ),
    _emulator(
        "engine.results.materialise",
        answers.materialise,
        "A load that replaces rows made a new table, and the catalogue was read again",
    ),
    _emulator(
        "jobs.store.save",
        jobs.save,
        "Each job, and each statement of a script, was written to disk three times",
    ),
    _emulator("jobs.store.load", jobs.load, "It finds the jobs that are kept in memory"),
    _emulator("jobs.store.list_", jobs.list_jobs, "It lists the jobs that are kept in memory"),
    _emulator(
        "jobs.runner.submit",
        jobs.submit,
        "A query that was sent again ran again; in BigQuery it gets the first one's answer",
    ),
    _emulator(
        "sql.rules.ddl.split",
        scripts.split,
        "The trees of a table that is filled as it is made were copied at each step",
    ),
    _emulator("sql.script.parse_script", scripts.parse_script, "A script was parsed at each run"),
    _emulator("sql.script.parse", scripts.parse, "A statement was parsed at each run"),
    _emulator(
        "jobs.query._ddl", scripts.described, "A temporary table was looked for in the catalogue"
    ),
    _emulator(
        "jobs.query._execute", scripts.execute, "A statement was translated while nothing ran"
    ),
    _emulator("sql.script.translate", translations.translate, _TRANSLATED_ONCE),
    _emulator("jobs.query.translate", translations.translate, _TRANSLATED_ONCE),
    _emulator("jobs.merge.translate", translations.translate, _TRANSLATED_ONCE),
    Replacement(
        "sqlglot.expressions.core.deepcopy",
        trees.copied,
        "Trees were copied by a function that is made for any object",
        SQLGLOT,
    ),
)
