"""The script that builds, checks and publishes gold as one query job.

Models are built as temporary tables in the order of their references. Every promise is counted
and recorded in `audit.dq_results`; a broken one of severity `fail` ends the script with an error
before anything is published. One transaction then brings gold to the built state and touches only
the rows that differ: readers see all of it or nothing, and a repeated run changes nothing.

The script takes the query parameters @business_date DATE and @run_id STRING.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from utils.audit.lease import hold_statements
from utils.gcp.templates import render
from utils.gold.models import gold_models, resolver

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from utils.gold.models import Model
    from utils.settings import Settings


def refresh_script(environment: Settings, models: Mapping[str, Model] | None = None) -> str:
    """Builds and checks all models, then publishes them together.

    The silver views, the audit tables and gold's tables must exist (`utils.layout`).
    """
    known = models or gold_models()
    ref = resolver(environment, known)
    published = [model for model in known.values() if model.header.published]
    return "\n".join(
        [
            "DECLARE failures STRING;",
            *(build_statement(model, ref) for model in known.values()),
            _record_checks(known.values(), ref),
            _raise_failures(ref),
            "BEGIN TRANSACTION;",
            *(f"{statement};" for statement in hold_statements(ref("leases"))),
            *(_synchronise(model, environment) for model in published),
            _record_publication(ref),
            "COMMIT TRANSACTION;",
        ]
    )


def build_statement(model: Model, ref: Callable[[str], str]) -> str:
    """Builds one model as a temporary table, its columns by name and with the declared types."""
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
  (run_id, business_date, layer, entity, rule, severity, rows_checked, rows_failed, examples,
   checked_at)
SELECT
  @run_id, @business_date, 'gold', checked.entity,
  result.rule, result.severity, checked.rows_checked, result.rows_failed, result.examples,
  CURRENT_TIMESTAMP()
FROM (
{results}
) AS checked
CROSS JOIN UNNEST(checked.results) AS result;
COMMIT TRANSACTION;"""


def _results(model: Model, ref: Callable[[str], str]) -> str:
    dollars = [name for name, c in model.header.columns.items() if c.type == "NUMERIC"]
    rules = [rule for check in model.checks for rule in check.rules(ref, dollars)]
    structs = ",\n  ".join(
        f"STRUCT('{rule.name}' AS rule, '{rule.severity}' AS severity, "
        f"{rule.failed} AS rows_failed, {rule.examples} AS examples)"
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
      CONCAT(
        FORMAT('gold.%s: %s failed for %d of %d rows', entity, rule, rows_failed, rows_checked),
        COALESCE(CONCAT(', first ', examples), '')
      ),
      '; ' ORDER BY entity, rule
    )
  FROM {ref("dq_results")}
  WHERE run_id = @run_id AND layer = 'gold' AND severity = 'fail' AND rows_failed > 0
);
IF failures IS NOT NULL THEN
  RAISE USING MESSAGE = failures;
END IF;"""


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
