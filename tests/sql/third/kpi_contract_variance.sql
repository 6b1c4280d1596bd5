-- Paid in the end and never taken back last: allowed against the contract of the day of service.
WITH last_word AS (
  SELECT source_system, claim_id, MIN(remit_date) AS first_day, SUM(allowed_amount) AS allowed,
    ARG_MAX(status_code, (remit_date, status_code != '22', remittance_id)) AS status,
    ARG_MAX(remittance_id, (remit_date, status_code != '22', remittance_id)) AS last_id
  FROM decisions GROUP BY ALL
), compared AS (
  SELECT sent.source_system, sent.payer_id, first_day, allowed,
    FLOOR(claim_amount * allowed_percent) / 100 AS agreed
  FROM sent JOIN last_word USING (source_system, claim_id)
  JOIN charges USING (source_system, transaction_id)
  JOIN rates AS fees ON fees.source_system = sent.source_system
    AND fees.payer_id = sent.payer_id AND fees.procedure_code = charges.procedure_code
    AND sent.service_date BETWEEN fees.valid_from AND fees.valid_to
  WHERE payer_sequence = 'P' AND status != '22' AND NOT EXISTS (FROM refusals
    WHERE refusals.source_system = sent.source_system AND refusals.payer_id = sent.payer_id
      AND remittance_id = last_id)
)
SELECT
  source_system, payer_id AS payer_name, LAST_DAY(first_day) AS month_end_date,
  COUNT(*) AS compared_count, COUNT(*) FILTER (allowed < agreed) AS underpaid_count,
  COALESCE(SUM(agreed - allowed) FILTER (allowed < agreed), 0) AS underpaid_amount,
  COALESCE(SUM(allowed - agreed) FILTER (allowed > agreed), 0) AS overpaid_amount
FROM compared GROUP BY ALL
