"""Starts the BigQuery emulator with a faster look-up of its catalogue.

Runs in the emulator's own environment (Python 3.13) and takes the emulator's arguments. Every
statement makes the emulator look up each table it names, by `duckdb_tables()`, which reads the
statistics of all tables of all databases: half of a run's time. The answer for one dataset stands
in a few small tables of the lake's own catalogue. Whether a table is partitioned by ingestion time
is not looked up at all: none of this pipeline's is.
"""

from __future__ import annotations

import duckdb
from local_bigquery import cli
from local_bigquery.engine import database
from local_bigquery.sql.rules import partitions

_OBJECTS = """
WITH
  lake_schema AS (
    SELECT schema_id
    FROM {catalogue}.ducklake_schema
    WHERE schema_name = $1 AND end_snapshot IS NULL
  )

SELECT lake_table.table_name, 'TABLE', COALESCE(stats.record_count, 0)
FROM {catalogue}.ducklake_table AS lake_table
INNER JOIN lake_schema USING (schema_id)
LEFT JOIN {catalogue}.ducklake_table_stats AS stats USING (table_id)
WHERE lake_table.end_snapshot IS NULL AND lake_table.table_name = COALESCE($2, table_name)
UNION ALL
SELECT lake_view.view_name, 'VIEW', 0
FROM {catalogue}.ducklake_view AS lake_view
INNER JOIN lake_schema USING (schema_id)
WHERE lake_view.end_snapshot IS NULL AND lake_view.view_name = COALESCE($2, view_name)
ORDER BY 1
"""


def objects(
    project_id: str, dataset_id: str, table_id: str | None = None
) -> list[tuple[str, str, int]]:
    """Tables and views of a dataset as (name, kind, rows), like the function it stands for."""
    if project_id != "emulator":
        catalogue = database.quote(f"__ducklake_metadata_{project_id}")
        found: list[tuple[str, str, int]] = database.fetch(
            _OBJECTS.format(catalogue=catalogue), [dataset_id, table_id]
        )
        return found
    if table_id is None:
        return []
    try:
        name = database.quote(project_id, dataset_id, table_id)
        [(rows,)] = database.fetch(f"SELECT COUNT(*) FROM {name}")
    except duckdb.CatalogException:
        return []
    return [(table_id, "TABLE", rows)]


if __name__ == "__main__":
    database.objects = objects
    partitions._hidden = lambda table: False
    cli.main()
