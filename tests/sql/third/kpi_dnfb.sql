-- A charge is submitted by the first claim that its primary payer got.
WITH way AS (
  SELECT charges.*, (
    SELECT MIN(claim_date) FROM sent
    WHERE sent.source_system = charges.source_system
      AND sent.transaction_id = charges.transaction_id
      AND payer_sequence = 'P' AND claim_status != 'Rejected'
  ) AS submitted
  FROM charges
), ends AS (
  SELECT DISTINCT source_system, LAST_DAY(month::DATE) AS day FROM (
    SELECT source_system, UNNEST(GENERATE_SERIES(DATE_TRUNC('month', MIN(service_date)),
      DATE_TRUNC('month', GETVARIABLE('business_date')), INTERVAL 1 MONTH)) AS month
    FROM charges GROUP BY source_system)
  WHERE LAST_DAY(month::DATE) <= GETVARIABLE('business_date')
), sums AS (
  SELECT
    ends.source_system, ends.day AS month_end_date,
    day - (DATE_TRUNC('month', day) - INTERVAL 2 MONTH)::DATE + 1 AS days,
    MIN(inserted_at)::DATE <= DATE_TRUNC('month', day) - INTERVAL 2 MONTH AS is_window_full,
    SUM(amount) FILTER (service_date <= day AND COALESCE(billed_date > day, TRUE)) AS dnfb,
    SUM(amount) FILTER (billed_date <= day AND payer_id != 'Self-Pay'
      AND COALESCE(submitted > day, TRUE)) AS fbns,
    SUM(amount) FILTER (service_date <= day
      AND service_date >= DATE_TRUNC('month', day) - INTERVAL 2 MONTH) AS quarter
  FROM ends JOIN way USING (source_system) GROUP BY ends.source_system, day
)
SELECT
  source_system, month_end_date, is_window_full, COALESCE(dnfb, 0) AS dnfb_amount,
  COALESCE(fbns, 0) AS fbns_amount, COALESCE(dnfb, 0) + COALESCE(fbns, 0) AS dnsp_amount,
  IF(is_window_full, (COALESCE(dnfb, 0) + COALESCE(fbns, 0))::DOUBLE * days / quarter, NULL)
    AS dnsp_days
FROM sums
