"""The script that builds, checks and publishes gold as one query job.

Models are built as temporary tables in the order of their references. Every promise is counted
and recorded in `audit.dq_results`; a broken one of severity `fail` ends the script with an error
before anything is published. One transaction then brings gold to the built state and touches only
the rows that differ: readers see all of it or nothing, and a repeated run changes nothing.

The script takes the query parameters @business_date DATE and @run_id STRING.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from utils.entities import entities
from utils.paths import SQL
from utils.sql import gold_models, render, resolver

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from utils.entities import Entity
    from utils.settings import Settings
    from utils.sql import Group, Model


def job_configuration(script: str, business_date: str, run_id: str) -> dict[str, Any]:
    """Configuration of a query job that runs a script; the two values are bound, never spliced."""
    parameters = (("business_date", "DATE", business_date), ("run_id", "STRING", run_id))
    return {
        "query": {
            "query": script,
            "useLegacySql": False,
            "parameterMode": "NAMED",
            "queryParameters": [
                {
                    "name": name,
                    "parameterType": {"type": kind},
                    "parameterValue": {"value": value},
                }
                for name, kind, value in parameters
            ],
        }
    }


def views_script(environment: Settings) -> str:
    """Creates the silver views that gold reads; the silver tables must exist."""
    return "\n".join(
        _view(environment, entity, template)
        for template in ("current", "periods")
        for entity in entities().values()
    )


def _view(environment: Settings, entity: Entity, template: str) -> str:
    query = render(
        (SQL / "silver" / f"{template}.sql").read_text(encoding="utf-8"),
        lambda name: f"`{environment.table('silver', name)}`",
        f"silver/{template}.sql",
        entity=entity.name,
        columns=",\n  ".join(column.name for column in entity.silver_schema()),
        key=", ".join(entity.key),
        key_column=entity.key_column,
        version_key_column=entity.version_key_column,
    )
    view = environment.table("silver", f"{entity.name}_{template}")
    return f"CREATE OR REPLACE VIEW `{view}` AS\n{query};"


def refresh_script(environment: Settings, models: Mapping[str, Model] | None = None) -> str:
    """Builds and checks all models, then publishes them together.

    Tables and columns that gold lacks are added before the transaction, because BigQuery takes no
    permanent DDL inside one.
    """
    known = models or gold_models()
    ref = resolver(environment, known)
    published = [model for model in known.values() if model.header.published]
    return "\n".join(
        [
            "DECLARE failures STRING;",
            *(_build(model, ref) for model in known.values()),
            _record_checks(known.values(), ref),
            _raise_failures(ref),
            _add_missing(published, environment),
            "BEGIN TRANSACTION;",
            *(_synchronise(model, environment) for model in published),
            _record_publication(ref),
            "COMMIT TRANSACTION;",
        ]
    )


def _build(model: Model, ref: Callable[[str], str]) -> str:
    columns = ",\n  ".join(f"{name} {c.sql_type}" for name, c in model.header.columns.items())
    return (
        f"CREATE TEMP TABLE {model.name} (\n  {columns}\n) AS\n"
        f"SELECT {', '.join(model.header.columns)}\nFROM (\n"
        f"{render(model.query, ref, f'{model.name}.sql')}\n);"
    )


def _record_checks(models: Iterable[Model], ref: Callable[[str], str]) -> str:
    results = "\nUNION ALL\n".join(_results(model, ref) for model in models)
    return f"""BEGIN TRANSACTION;
DELETE FROM {ref("dq_results")} WHERE run_id = @run_id AND layer = 'gold';
INSERT INTO {ref("dq_results")}
  (run_id, business_date, layer, entity, rule, severity, rows_checked, rows_failed, checked_at)
SELECT
  @run_id, @business_date, 'gold', checked.entity,
  result.rule, result.severity, checked.rows_checked, result.rows_failed, CURRENT_TIMESTAMP()
FROM (
{results}
) AS checked
CROSS JOIN UNNEST(checked.results) AS result;
COMMIT TRANSACTION;"""


def _results(model: Model, ref: Callable[[str], str]) -> str:
    rules = [rule for check in model.checks for rule in check.rules(ref)]
    structs = ",\n  ".join(
        f"STRUCT('{rule.name}' AS rule, '{rule.severity}' AS severity, "
        f"{rule.failed} AS rows_failed)"
        for rule in rules
    )
    return (
        f"SELECT '{model.name}' AS entity, COUNT(*) AS rows_checked, [\n  {structs}\n] AS results\n"
        f"FROM {ref(model.name)}"
    )


def _raise_failures(ref: Callable[[str], str]) -> str:
    return f"""SET failures = (
  SELECT
    STRING_AGG(
      FORMAT('gold.%s: %s failed for %d of %d rows', entity, rule, rows_failed, rows_checked),
      '; ' ORDER BY entity, rule
    )
  FROM {ref("dq_results")}
  WHERE run_id = @run_id AND layer = 'gold' AND severity = 'fail' AND rows_failed > 0
);
IF failures IS NOT NULL THEN
  RAISE USING MESSAGE = failures;
END IF;"""


def _add_missing(models: Sequence[Model], environment: Settings) -> str:
    columns = ", ".join(
        f"'{model.name}.{column}'" for model in models for column in model.header.columns
    )
    count = sum(len(model.header.columns) for model in models)
    schema = f"`{environment.project}.{environment.dataset('gold')}`.INFORMATION_SCHEMA.COLUMNS"
    ddl = "\n".join(_layout(model, environment) for model in models)
    return f"""IF (
  SELECT COUNT(*) FROM {schema}
  WHERE CONCAT(table_name, '.', column_name) IN ({columns})
) < {count} THEN
{ddl}
END IF;"""


def _layout(model: Model, environment: Settings) -> str:
    """DDL that creates the published table, or adds the columns that it lacks."""
    header, table = model.header, _gold(model, environment)
    required = {name: " NOT NULL" if name in header.keys else "" for name in header.columns}
    columns = {
        name: f"{name} {c.sql_type}%s OPTIONS (description = {_literal(c.description)})"
        for name, c in header.columns.items()
    }
    created = ",\n  ".join(columns[name] % required[name] for name in columns)
    added = ",\n  ".join(f"ADD COLUMN IF NOT EXISTS {columns[name] % ''}" for name in columns)
    partition = f"PARTITION BY DATE_TRUNC({header.partition_by}, MONTH)\n"
    return (
        f"CREATE TABLE IF NOT EXISTS {table} (\n  {created},\n"
        f"  PRIMARY KEY ({', '.join(header.keys)}) NOT ENFORCED\n)\n"
        + (partition if header.partition_by else "")
        + (f"CLUSTER BY {', '.join(header.cluster_by)}\n" if header.cluster_by else "")
        + f"OPTIONS (description = {_literal(f'{header.description} Grain: {header.grain}.')});\n"
        f"ALTER TABLE {table}\n  {added};"
    )


def _synchronise(model: Model, environment: Settings) -> str:
    """Removes the rows that are no longer built as they stand, and adds those that are missing."""
    keys, columns = model.header.keys, list(model.header.columns)
    table = _gold(model, environment)
    same_key = " AND ".join(f"built.{key} = published.{key}" for key in keys)
    same_row = " AND ".join(
        [same_key, *(_same(column) for column in columns if column not in keys)]
    )
    return f"""DELETE FROM {table} AS published
WHERE NOT EXISTS (SELECT 1 FROM {model.name} AS built WHERE {same_row});
INSERT INTO {table} ({", ".join(columns)})
SELECT {", ".join(columns)}
FROM {model.name} AS built
WHERE NOT EXISTS (SELECT 1 FROM {table} AS published WHERE {same_key});"""


def _record_publication(ref: Callable[[str], str]) -> str:
    publications = ref("publications")
    return f"""INSERT INTO {publications}
  (publication_id, layer, business_date, run_id, published_at)
SELECT CONCAT('gold.', @run_id), 'gold', @business_date, @run_id, CURRENT_TIMESTAMP()
FROM (SELECT 1)
WHERE NOT EXISTS (
  SELECT 1 FROM {publications} WHERE publication_id = CONCAT('gold.', @run_id)
);"""


def _same(column: str) -> str:
    return f"built.{column} IS NOT DISTINCT FROM published.{column}"


def _gold(model: Model, environment: Settings) -> str:
    return f"`{environment.table('gold', model.name)}`"


def _literal(text: str) -> str:
    """A SQL string literal; JSON's escapes are a subset of GoogleSQL's."""
    return json.dumps(text, ensure_ascii=False)
