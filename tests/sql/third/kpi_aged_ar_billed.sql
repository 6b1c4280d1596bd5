SELECT
  source_system, month_end AS month_end_date, payer_id AS payer_name,
  bucket(month_end - billed_date) AS bill_aging_bucket, COUNT(*) AS account_count,
  SUM(GREATEST(owed, 0)) AS open_amount, SUM(GREATEST(-owed, 0)) AS credit_amount
FROM standing WHERE billed_date <= month_end GROUP BY ALL
