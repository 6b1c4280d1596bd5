-- Days discharged, not final billed, at the last month end: one row per hospital.
SELECT
  source_system,
  dnfb_days
FROM {{ ref("kpi_dnfb") }}
QUALIFY ROW_NUMBER() OVER (PARTITION BY source_system ORDER BY month_end_date DESC) = 1
