/*---
description: >-
  How far every table of every source is: a KPI of a date for which a source is not complete lacks
  what that source would have changed.
grain: one row per source and table
keys: [source, table_name]
owner: data-engineering
columns:
  source: {type: STRING, description: Hospital's database or family of files.}
  table_name: {type: STRING, description: Table or kind of file.}
  entity: {type: STRING, description: Entity of the common data model.}
  published_to: {type: TIMESTAMP, description: "End of the last window that is published, or arrival of the last file."}
  landed_date: {type: DATE, description: Last business date for which everything that was there landed.}
  is_complete: {type: BOOL, description: Whether all that landed up to the date that gold shows is published.}
checks:
  - {not_null: [entity, is_complete]}
  - {expect: {source_is_complete: is_complete}, severity: warn}
---*/
WITH
  landings AS (
    SELECT
      source_system AS source,
      REGEXP_EXTRACT(rule, r'^landed\((.+)\)$') AS table_name,
      entity,
      MAX(IF(rows_failed = 0, business_date, NULL)) AS landed_date
    FROM {{ ref("dq_results") }}
    WHERE layer = 'bronze' AND STARTS_WITH(rule, 'landed(')
    GROUP BY source, table_name, entity
  ),

  loads AS (
    SELECT
      source,
      table_name,
      MAX(IF(state = 'PUBLISHED', observed_at, NULL)) AS published_to,
      LOGICAL_OR(state != 'PUBLISHED' AND business_date >= @business_date) AS is_waiting
    FROM {{ ref("table_loads") }}
    WHERE load_type IN ('full', 'incremental', 'file') AND replays IS NULL
    GROUP BY source, table_name
  )

SELECT
  landings.source,
  landings.table_name,
  landings.entity,
  loads.published_to,
  landings.landed_date,
  COALESCE(landings.landed_date >= @business_date, FALSE)
  AND NOT COALESCE(loads.is_waiting, FALSE) AS is_complete
FROM landings
LEFT JOIN loads
  ON landings.source = loads.source AND landings.table_name = loads.table_name
