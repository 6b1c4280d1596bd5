-- Dollars denied at first and for good: one row per hospital.
SELECT
  source_system,
  SAFE_DIVIDE(SUM(initial_denied_amount), SUM(claimed_amount)) AS initial_denial_rate,
  SAFE_DIVIDE(SUM(denial_write_off_amount), SUM(claimed_amount)) AS final_denial_rate
FROM {{ ref("kpi_denial_cohorts") }}
WHERE is_mature
GROUP BY source_system
