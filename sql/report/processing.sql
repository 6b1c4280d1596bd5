-- Days until a payer decides: one row per hospital.
SELECT
  source_system,
  SAFE_DIVIDE(SUM(processing_days_sum), SUM(measured_claim_count)) AS processing_days
FROM {{ ref("kpi_processing_days") }}
GROUP BY source_system
