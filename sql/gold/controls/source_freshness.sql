/*---
description: >-
  The business date that every table of every source has reached. While a source is incomplete, the
  KPIs of the date lack its changes.
grain: one row per source and table
keys: [source, table_name]
owner: data-engineering
columns:
  source: {type: STRING, description: Hospital's database or family of files.}
  table_name: {type: STRING, description: Table or kind of file.}
  entity: {type: STRING, description: Entity of the common data model.}
  published_to: {type: TIMESTAMP, description: "End of the last window that is published, or arrival of the last file."}
  reached_date: {type: DATE, description: "Last business date whose window is published, or on which all files that were there landed."}
  is_complete: {type: BOOL, description: "Whether that is the date that gold shows, nothing of it failed, and no hospital that it feeds is held back."}
  held_back: {type: STRING, description: "Hospitals that it feeds and that are held back, each with the date that gold shows of it and the reason; NULL if none is."}
checks:
  - {not_null: [entity, is_complete]}
  - {expect: {source_is_complete: is_complete}, severity: warn}
---*/
WITH
  -- A database brings a load for every date, even an empty one.
  loads AS (
    SELECT
      source,
      table_name,
      entity,
      MAX(IF(state = 'PUBLISHED', observed_at, NULL)) AS published_to,
      MAX(IF(state = 'PUBLISHED' AND load_type != 'file', business_date, NULL)) AS reached_date,
      LOGICAL_OR(state != 'PUBLISHED' AND business_date >= @business_date) AS is_waiting
    FROM {{ ref("table_loads") }}
    WHERE load_type IN ('full', 'incremental', 'file') AND replays IS NULL
    GROUP BY source, table_name, entity
  ),

  -- Files come when they come: the look at them is recorded.
  deliveries AS (
    SELECT
      source_system AS source,
      REGEXP_EXTRACT(rule, r'^landed\((.+)\)$') AS table_name,
      entity,
      MAX(IF(rows_failed = 0, business_date, NULL)) AS reached_date
    FROM {{ ref("dq_results") }}
    WHERE layer = 'bronze' AND STARTS_WITH(rule, 'landed(')
    GROUP BY source, table_name, entity
  ),

  tables AS (
    SELECT source, table_name, entity, published_to, reached_date, is_waiting
    FROM loads
    UNION ALL
    SELECT source, table_name, entity, NULL, reached_date, FALSE
    FROM deliveries
  ),

  fed AS (
    SELECT DISTINCT source, source_system FROM {{ ref("table_loads") }}
  ),

  held AS (
    SELECT
      fed.source,
      STRING_AGG(
        CONCAT(
          standings.source_system,
          ' (gold of ', COALESCE(CAST(standings.gold_date AS STRING), 'no date yet'), '): ',
          standings.reason
        ),
        '; ' ORDER BY standings.source_system
      ) AS reasons
    FROM fed
    INNER JOIN {{ ref("gold_standings") }} AS standings
      ON fed.source_system = standings.source_system
    WHERE standings.is_held_back
    GROUP BY fed.source
  )

SELECT
  tables.source,
  tables.table_name,
  tables.entity,
  MAX(tables.published_to) AS published_to,
  MAX(tables.reached_date) AS reached_date,
  COALESCE(MAX(tables.reached_date) >= @business_date, FALSE)
  AND NOT LOGICAL_OR(tables.is_waiting)
  AND MAX(held.reasons) IS NULL AS is_complete,
  MAX(held.reasons) AS held_back
FROM tables
LEFT JOIN held ON tables.source = held.source
GROUP BY tables.source, tables.table_name, tables.entity
