-- Rows of the published loads and what became of them: one row per source system and table.
SELECT
  source_system,
  table_name,
  SUM(rows_read) AS rows_read,
  SUM(rows_merged) AS rows_merged,
  SUM(rows_unchanged) AS rows_unchanged,
  SUM(rows_deduplicated) AS rows_deduplicated,
  SUM(rows_quarantined) AS rows_quarantined,
  SUM(billed_quarantined) AS billed_quarantined,
  LOGICAL_AND(
    rows_read = rows_merged + rows_unchanged + rows_deduplicated + rows_quarantined
  ) AS is_balanced
FROM {{ ref("table_loads") }}
WHERE state = 'PUBLISHED'
GROUP BY source_system, table_name
ORDER BY source_system, table_name
