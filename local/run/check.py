"""`make check`: tries everything that a run needs of configuration and sources; writes nothing."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from local.stack import client
from local.stack import lifecycle as stack

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator
    from datetime import datetime

    from local.paths import StateFolder
    from utils.audit.loads import Load
    from utils.contracts.source_file import DatabaseSource, DatabaseTable, FileSource, Mapped


@dataclass(frozen=True)
class Finding:
    """One line of the report; an error ends the check with exit code 1."""

    text: str
    is_error: bool = False


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """There are no options."""


def main(state: StateFolder, options: argparse.Namespace) -> int:  # noqa: ARG001
    """Prints what was found, and returns 1 if a run would fail."""
    os.environ.setdefault("RCM_ENVIRONMENT", "local")  # read before the services are there
    findings = list(configuration_errors())
    if not findings:
        stack.up(state, lambda ready: None)
        os.environ.update({**client.environment(state), **_given_connections()})
        findings += try_sources()
    for finding in findings:
        print(f"error: {finding.text}" if finding.is_error else finding.text)
    errors = sum(finding.is_error for finding in findings)
    print(f"check: {errors} error{'s' * (errors != 1)}; nothing was written")
    return 1 if errors else 0


def _given_connections() -> dict[str, str]:
    """Connections that the shell sets; they take precedence over the stack's."""
    return {name: text for name, text in os.environ.items() if name.startswith("AIRFLOW_CONN_")}


def configuration_errors() -> Iterator[Finding]:
    """Everything that is wrong with the files in `configs/`, and with the models of gold."""
    from utils.contracts.entities import entities
    from utils.contracts.sources import source_errors
    from utils.errors import ConfigError
    from utils.gold.models import gold_models
    from utils.settings import settings

    for read in (settings, entities, gold_models):
        try:
            read()
        except ConfigError as error:
            yield Finding(str(error), is_error=True)
    yield from (Finding(str(error), is_error=True) for error in source_errors())


def try_sources() -> Iterator[Finding]:
    """Tries the connection, tables, columns, types and rights of every source."""
    from utils.contracts.sources import sources
    from utils.errors import PipelineError

    names = _delivered()
    for source in sources().values():
        try:
            if source.kind == "mysql":
                yield from _try_database(source)
            else:
                yield from _try_files(source, names)
        except PipelineError as error:
            yield Finding(str(error), is_error=True)
    for name in sorted(names):
        yield Finding(
            f"{name}: no source reads this file; remove it, or correct its place and name",
            is_error=True,
        )


def _delivered() -> set[str]:
    """Names of the objects in the landing bucket."""
    from utils.gcp import storage
    from utils.settings import settings

    bucket = settings().landing_bucket
    return {item.uri.removeprefix(f"gs://{bucket}/") for item in storage.list_objects(bucket)}


def _try_database(source: DatabaseSource) -> Iterator[Finding]:
    from utils.errors import PipelineError
    from utils.landing.mysql import try_table
    from utils.landing.mysql_server import absent_tables, source_clock
    from utils.landing.table_plan import table_request
    from utils.landing.void_flags import void_flags
    from utils.orchestration.connections import source_uri

    uri = source_uri(source) or ""
    clock = source_clock(uri, source.name)
    optional = [name for name, table in source.tables.items() if table.optional]
    absent = absent_tables(uri, source.name, optional)
    for name, table in source.tables.items():
        where = f"{source.name}.{name}"
        if name in absent:
            yield Finding(
                f"{where}: is not there; it is optional, so {table.entity} lacks its rows"
            )
            continue
        try:
            tried = try_table(table_request(source, _load(source, name, clock), uri, clock))
        except PipelineError as error:
            yield Finding(str(error), is_error=True)
            continue
        notes = [_reading(table), f"{len(tried.columns)} columns", *_nulls(table, tried.missing)]
        notes += [f"passed over: {', '.join(tried.extra)}"] if tried.extra else []
        notes += [
            f"{column} may say that a row is deleted: declare it in `deleted_when` if it does"
            for column in void_flags(tried.extra)
        ]
        yield Finding(f"{where}: {'; '.join([*notes, *['EMPTY'] * tried.is_empty])}")


def _reading(table: DatabaseTable) -> str:
    """How a run reads a table, and what it does with columns that the map does not name."""
    hours = f"{table.overlap / timedelta(hours=1):g} h of overlap"
    how = f"changes by {table.watermark}, {hours}" if table.watermark else "read whole"
    return f"{how}; further columns: {table.extra_columns}"


def _load(source: DatabaseSource, name: str, clock: datetime) -> Load:
    """The load that a run would plan first."""
    from utils.audit.loads import Load

    table = source.tables[name]
    return Load(
        load_id="check",
        run_id="check",
        business_date=clock.date(),
        source=source.name,
        source_system=source.name,
        table_name=name,
        entity=table.entity,
        load_type=table.load,
    )


def _try_files(source: FileSource, names: set[str]) -> Iterator[Finding]:
    """Counts the files of a source, and takes them from the names that nobody reads."""
    from utils.contracts.file_patterns import SYSTEM, name_regex

    for name, table in source.tables.items():
        counts = {}
        for system in table.source_systems:
            pattern = name_regex(table.files.replace(SYSTEM, system))
            own = {item for item in names if pattern.fullmatch(item)}
            counts[system] = len(own)
            names -= own
        files = ", ".join(f"{system} {count}" for system, count in counts.items())
        empty = ["EMPTY"] * (not any(counts.values()))
        notes = [f"files delivered: {files}", *_nulls(table, ()), *empty]
        yield Finding(f"{source.name}.{name}: {'; '.join(notes)}")


def _nulls(table: Mapped, missing: tuple[str, ...]) -> list[str]:
    """Names what would be NULL in silver: columns without a map, or mapped to what is not there."""
    from utils.contracts.entities import entities

    absent = set(missing)
    nulls = [
        name
        for name in entities()[table.entity].columns
        if name not in table.mapped or table.columns.get(name) in absent
    ]
    return [f"NULL: {', '.join(nulls)}"] if nulls else []
