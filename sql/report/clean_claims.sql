-- Claims that were paid without rework: one row per hospital.
SELECT
  source_system,
  SAFE_DIVIDE(SUM(clean_count), SUM(claim_count)) AS clean_claim_rate,
  SAFE_DIVIDE(
    SUM(IF(is_mature, first_pass_count, NULL)),
    SUM(IF(is_mature, claim_count - rejected_count, NULL))
  ) AS first_pass_rate
FROM {{ ref("kpi_clean_claims") }}
GROUP BY source_system
