-- What payers decided: one row per hospital.
SELECT
  source_system,
  SAFE_DIVIDE(SUM(approved_count), SUM(decided_count)) AS approval_rate,
  SAFE_DIVIDE(SUM(denied_count), SUM(decided_count)) AS denial_rate
FROM {{ ref("kpi_claim_outcomes") }}
GROUP BY source_system
