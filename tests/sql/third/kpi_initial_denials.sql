WITH submitted AS (
  SELECT source_system, payer_id, claim_date, claim_amount FROM sent
  WHERE claim_frequency = '1' AND payer_sequence = 'P' AND claim_status != 'Rejected'
), active AS (
  SELECT source_system, payer_id, claim_date AS day FROM sent
  UNION ALL SELECT source_system, payer_id, remit_date FROM remits
), months AS (
  SELECT source_system, payer_id, MIN(day) AS first_day,
    UNNEST(GENERATE_SERIES(DATE_TRUNC('month', MIN(day)), DATE_TRUNC('month', MAX(day)),
      INTERVAL 1 MONTH))::DATE AS month
  FROM active GROUP BY source_system, payer_id
), counted AS (
  SELECT *, LAST_DAY(month) AS month_end,
    first_day <= month - INTERVAL 3 MONTH AND LAST_DAY(month) <= GETVARIABLE('business_date')
      AS has_rate,
    (SELECT COUNT(*) FROM submitted AS s WHERE s.source_system = months.source_system
      AND s.payer_id = months.payer_id AND claim_date < month
      AND claim_date >= month - INTERVAL 3 MONTH) AS before_count,
    (SELECT COALESCE(SUM(claim_amount), 0) FROM submitted AS s
      WHERE s.source_system = months.source_system AND s.payer_id = months.payer_id
      AND claim_date < month AND claim_date >= month - INTERVAL 3 MONTH) AS before_dollars,
    (SELECT COUNT(*) FROM denied AS d WHERE d.source_system = months.source_system
      AND d.payer_id = months.payer_id AND claim_frequency = '1'
      AND DATE_TRUNC('month', remit_date) = month) AS denials,
    (SELECT COALESCE(SUM(charge_amount), 0) FROM denied AS d
      WHERE d.source_system = months.source_system AND d.payer_id = months.payer_id
      AND claim_frequency = '1' AND DATE_TRUNC('month', remit_date) = month) AS dollars
  FROM months
)
SELECT
  source_system, payer_id AS payer_name, month_end AS month_end_date, denials AS denied_count,
  dollars AS denied_amount, before_count AS prior_submitted_count,
  before_dollars AS prior_submitted_amount,
  IF(has_rate, dollars::DOUBLE / NULLIF(before_dollars / 3, 0), NULL) AS initial_denial_amount_rate
FROM counted
