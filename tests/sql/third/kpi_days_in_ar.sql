-- Net A/R: what will come of every balance, less what such balances lost before, less credits.
WITH worth AS (
  SELECT
    standing.source_system, month_end, standing.transaction_id, standing.payer_id,
    IF(standing.payer_id = 'Self-Pay', 'patient', 'insurer') AS debtor, bucket(age) AS old, owed,
    (SELECT COALESCE(SUM(dollars), 0) FROM lines WHERE day <= month_end
      AND lines.source_system = standing.source_system
      AND lines.transaction_id = standing.transaction_id AND kind = 'contractual') AS adjusted,
    (SELECT SUM(dollars) FROM lines WHERE day <= month_end
      AND lines.source_system = standing.source_system
      AND lines.transaction_id = standing.transaction_id AND kind = 'charge') AS billed,
    (SELECT COALESCE(-SUM(dollars), 0) FROM lines WHERE day <= month_end
      AND lines.source_system = standing.source_system
      AND lines.transaction_id = standing.transaction_id
      AND kind IN ('payment', 'patient_payment', 'takeback', 'refund')) AS cash,
    (SELECT ANY_VALUE(allowed_percent) FROM charges JOIN rates AS fees
      ON fees.source_system = charges.source_system AND fees.payer_id = charges.payer_id
      AND fees.procedure_code = charges.procedure_code
      AND charges.service_date BETWEEN valid_from AND valid_to
      WHERE charges.source_system = standing.source_system
      AND charges.transaction_id = standing.transaction_id) AS percent,
    COUNT(*) OVER (PARTITION BY standing.source_system, month_end, standing.transaction_id)
      AS debtors
  FROM standing WHERE owed > 0
), valued AS (
  SELECT *, CASE
    WHEN debtor = 'patient' OR adjusted != 0 OR transaction_id = 'unknown' THEN owed
    ELSE LEAST(owed, GREATEST(0, FLOOR(billed * percent) / 100 - cash))
  END AS expected
  FROM worth
), fates AS (
  SELECT source_system, debtor, old, month_end, owed, LEAST(owed, GREATEST(0, COALESCE((
    SELECT -SUM(dollars) FROM lines WHERE kind = 'write_off'
      AND lines.source_system = valued.source_system
      AND lines.transaction_id = valued.transaction_id
      AND day > month_end AND day <= LAST_DAY((month_end + INTERVAL 6 MONTH)::DATE)
      AND (debtors = 1 OR lines.payer_id = valued.payer_id)), 0))) AS lost
  FROM valued WHERE transaction_id != 'unknown'
), ages AS (
  SELECT source_system, month_end, debtor, old, SUM(expected) AS expected, (
    SELECT (SUM(lost), SUM(owed)) FROM fates WHERE fates.source_system = valued.source_system
      AND fates.debtor = valued.debtor AND fates.old = valued.old
      AND LAST_DAY((fates.month_end + INTERVAL 6 MONTH)::DATE) <= valued.month_end) AS before
  FROM valued GROUP BY ALL
), reserves AS (
  SELECT source_system, month_end,
    BOOL_AND(expected = 0 OR before[2] IS NOT NULL) AS is_known,
    SUM(ROUND(COALESCE(expected * before[1]::DECIMAL(18, 2) / before[2], 0), 2)) AS reserve
  FROM ages GROUP BY ALL
), balances AS (
  SELECT source_system, month_end, SUM(GREATEST(owed, 0)) AS open,
    SUM(GREATEST(-owed, 0)) AS credit FROM standing GROUP BY ALL
), allowances AS (
  SELECT source_system, month_end, SUM(owed - expected) AS allowance FROM valued GROUP BY ALL
), quarters AS (
  SELECT month_ends.source_system, month_end,
    month_end - (DATE_TRUNC('month', month_end) - INTERVAL 2 MONTH)::DATE + 1 AS days,
    (SELECT MIN(day) FROM lines WHERE kind = 'charge'
      AND lines.source_system = month_ends.source_system)
      <= DATE_TRUNC('month', month_end) - INTERVAL 2 MONTH AS is_full,
    SUM(dollars) FILTER (kind = 'charge') AS gross,
    SUM(dollars) FILTER (kind IN ('charge', 'contractual')
      OR kind = 'write_off' AND reason IN ('CHARITY', 'BAD_DEBT')) AS net
  FROM month_ends JOIN lines ON lines.source_system = month_ends.source_system
    AND day <= month_end AND day >= DATE_TRUNC('month', month_end) - INTERVAL 2 MONTH
  GROUP BY ALL
)
SELECT
  source_system, month_end AS month_end_date, is_full AS is_window_full,
  is_known AS is_reserve_known, open AS open_ar_amount, credit AS credit_amount,
  allowance AS contractual_allowance_amount, IF(is_known, reserve, NULL) AS reserve_amount,
  IF(is_known, open - allowance - reserve - credit, NULL)::DECIMAL(18, 2) AS net_ar_amount,
  net AS trailing_net_revenue_amount,
  IF(is_full AND is_known, (open - allowance - reserve - credit)::DOUBLE * days / net, NULL)
    AS net_days_in_ar,
  IF(is_full, open::DOUBLE * days / gross, NULL) AS gross_days_in_ar
FROM quarters
JOIN balances USING (source_system, month_end)
JOIN allowances USING (source_system, month_end)
JOIN reserves USING (source_system, month_end)
