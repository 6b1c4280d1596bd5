-- Days in accounts receivable at the last month end: one row per hospital.
SELECT
  source_system,
  gross_days_in_ar,
  net_days_in_ar
FROM {{ ref("kpi_days_in_ar") }}
QUALIFY ROW_NUMBER() OVER (PARTITION BY source_system ORDER BY month_end_date DESC) = 1
