SELECT
  source_system, DATE_TRUNC('month', service_date)::DATE AS service_month,
  SUM(amount) AS billed_amount, SUM(adjustment_amount) AS adjustment_amount,
  SUM(paid_amount + patient_paid_amount) AS collected_amount,
  GETVARIABLE('business_date') >= LAST_DAY(service_date) + 120 AS is_mature,
  IF(GETVARIABLE('business_date') >= LAST_DAY(service_date) + 120,
    SUM(paid_amount + patient_paid_amount)::DOUBLE / NULLIF(SUM(amount - adjustment_amount), 0),
    NULL) AS net_collection_rate
FROM charges
GROUP BY source_system, service_month, LAST_DAY(service_date)
