SELECT
  source_system, payer_id AS payer_name, LAST_DAY(day) AS month_end_date,
  COALESCE(-SUM(dollars) FILTER (kind = 'payment'), 0) AS payment_amount,
  COALESCE(SUM(dollars) FILTER (kind = 'takeback'), 0) AS takeback_amount
FROM lines WHERE kind IN ('payment', 'takeback') GROUP BY ALL
