SELECT
  source_system, LAST_DAY(inserted_at::DATE) AS month_end_date,
  LAST_DAY(inserted_at::DATE) <= GETVARIABLE('business_date') AS is_complete,
  SUM(amount) AS charge_amount,
  COALESCE(SUM(amount) FILTER (inserted_at::DATE > last_service + 3), 0) AS late_charge_amount,
  COUNT(*) FILTER (inserted_at::DATE > last_service + 3) AS late_charge_count
FROM charges LEFT JOIN (
  SELECT source_system, transaction_id, IF(encounters.encounter_id IS NULL, service_date,
    MAX(service_date) OVER (PARTITION BY source_system, encounters.encounter_id)) AS last_service
  FROM charges LEFT JOIN (FROM encounters WHERE is_current) AS encounters
    USING (source_system, encounter_id)
) USING (source_system, transaction_id)
WHERE inserted_at IS NOT NULL
GROUP BY ALL
