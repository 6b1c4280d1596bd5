-- Net collection rate: one row per hospital.
SELECT
  source_system,
  SAFE_DIVIDE(SUM(collected_amount), SUM(billed_amount - adjustment_amount)) AS net_collection_rate
FROM {{ ref("kpi_collection") }}
WHERE is_mature
GROUP BY source_system
