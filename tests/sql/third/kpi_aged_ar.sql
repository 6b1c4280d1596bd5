SELECT
  source_system, month_end AS month_end_date, payer_id AS payer_name,
  bucket(age) AS aging_bucket, COUNT(*) AS account_count,
  SUM(GREATEST(owed, 0)) AS open_amount, SUM(GREATEST(-owed, 0)) AS credit_amount
FROM standing GROUP BY ALL
