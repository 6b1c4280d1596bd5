-- The books: one row per hospital, in USD.
SELECT
  source_system,
  SUM(transaction_count) AS transactions,
  SUM(billed_amount) AS billed,
  SUM(paid_amount) AS paid,
  SUM(patient_paid_amount) AS patient_paid,
  SUM(adjustment_amount) AS adjusted,
  SUM(write_off_amount) AS written_off,
  SUM(open_amount) AS open_amount
FROM {{ ref("kpi_revenue") }}
GROUP BY source_system
ORDER BY source_system
