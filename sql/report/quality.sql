-- Checks of the published rows: one row per entity.
SELECT
  entity,
  SUM(rows_checked) AS rows_checked,
  SUM(rows_failed) AS rows_failed,
  1 - SAFE_DIVIDE(SUM(rows_failed), SUM(rows_checked)) AS quality_rate
FROM {{ ref("dq_results") }}
WHERE layer = 'silver' AND severity != 'quarantine'
GROUP BY entity
ORDER BY entity
