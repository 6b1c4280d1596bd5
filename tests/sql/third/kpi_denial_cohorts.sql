WITH fate AS (
  SELECT
    denied.*,
    (SELECT COALESCE(-SUM(dollars), 0) FROM lines
      WHERE lines.source_system = denied.source_system
        AND lines.transaction_id = denied.transaction_id AND lines.payer_id = denied.payer_id
        AND kind IN ('payment', 'takeback') AND day >= remit_date) AS recovered,
    (SELECT COALESCE(-SUM(dollars), 0) FROM lines
      WHERE lines.source_system = denied.source_system
        AND lines.transaction_id = denied.transaction_id
        AND kind = 'write_off' AND reason IN ('DENIAL', 'TIMELY_FILING')) AS given_up,
    (SELECT COALESCE(SUM(dollars), 0) FROM lines
      WHERE lines.source_system = denied.source_system
        AND lines.transaction_id = denied.transaction_id AND lines.payer_id = denied.payer_id)
      AS owed
  FROM denied
), claimed AS (
  SELECT DISTINCT source_system, transaction_id FROM sent
  WHERE payer_sequence = 'P' AND claim_status != 'Rejected'
)
SELECT
  charges.source_system, charges.payer_id AS payer_name,
  DATE_TRUNC('month', service_date)::DATE AS service_month, SUM(amount) AS claimed_amount,
  COALESCE(SUM(charge_amount) FILTER (claim_frequency = '1'), 0) AS initial_denied_amount,
  COALESCE(SUM(recovered), 0) AS recovered_amount,
  COALESCE(SUM(given_up), 0) AS denial_write_off_amount,
  COALESCE(SUM(GREATEST(0, LEAST(owed, charge_amount - recovered - given_up))), 0)
    AS open_denied_amount,
  IF(LAST_DAY(service_date) + 120 <= GETVARIABLE('business_date'),
    COALESCE(SUM(given_up), 0)::DOUBLE / NULLIF(SUM(amount), 0), NULL) AS final_denial_rate
FROM charges JOIN claimed USING (source_system, transaction_id)
LEFT JOIN fate USING (source_system, transaction_id)
GROUP BY charges.source_system, charges.payer_id, service_month, LAST_DAY(service_date)
