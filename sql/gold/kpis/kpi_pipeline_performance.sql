/*---
description: Rows that the loads of a business date brought, and what became of them.
grain: one row per business date, source system and entity with a published load
keys: [business_date, source_system, entity]
partition_by: business_date
owner: data-engineering
kpi:
  numerator: rows quarantined
  denominator: rows read
  date_basis: business date of the load
  exclusions: loads that are not published yet; replays of quarantine, and what the comparison of keys found
  differs: >-
    counts rows, not seconds, so that a repeated run is the same
  source: this project's own; gold counts no seconds, so that a repeated run changes nothing
columns:
  business_date: {type: DATE, description: Business date of the loads.}
  source_system: {type: STRING, description: Hospital or set of codes.}
  entity: {type: STRING, description: Entity of the common data model.}
  load_count: {type: INT64, description: Loads.}
  rows_read: {type: INT64, description: Rows read.}
  rows_merged: {type: INT64, description: Rows that started or closed a version.}
  rows_unchanged: {type: INT64, description: Rows without a change.}
  rows_deduplicated: {type: INT64, description: Rows that lost against another one of the same batch.}
  rows_quarantined: {type: INT64, description: Rows held out of silver.}
  quarantine_rate: {type: RATE, description: Quarantined share of the rows read.}
checks:
  - expect:
      loads_balance: rows_merged + rows_unchanged + rows_deduplicated + rows_quarantined = rows_read
  - {range: {quarantine_rate: [0, 1]}}
  - {range: {quarantine_rate: [0, 0.01]}, severity: warn}
---*/
WITH
  totals AS (
    SELECT
      business_date,
      source_system,
      entity,
      COUNT(*) AS load_count,
      SUM(rows_read) AS rows_read,
      SUM(rows_merged) AS rows_merged,
      SUM(rows_unchanged) AS rows_unchanged,
      SUM(rows_deduplicated) AS rows_deduplicated,
      SUM(rows_quarantined) AS rows_quarantined
    FROM {{ ref("table_loads") }}
    WHERE
      state = 'PUBLISHED'
      AND replays IS NULL
      AND load_type IN ('full', 'incremental', 'file')
    GROUP BY business_date, source_system, entity
  )

SELECT
  business_date,
  source_system,
  entity,
  load_count,
  rows_read,
  rows_merged,
  rows_unchanged,
  rows_deduplicated,
  rows_quarantined,
  SAFE_DIVIDE(CAST(rows_quarantined AS NUMERIC), rows_read) AS quarantine_rate
FROM totals
