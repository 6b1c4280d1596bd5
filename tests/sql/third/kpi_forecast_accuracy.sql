-- The simulated hospitals were first read on the first business date, so that what was known at the
-- month ends before is what the dates of claims and postings say.
WITH days AS (
  SELECT LAST_DAY((GETVARIABLE('business_date') - 29 - INTERVAL 1 MONTH)::DATE) AS day
  UNION ALL SELECT LAST_DAY((GETVARIABLE('business_date') - 29 - INTERVAL 2 MONTH)::DATE)
), cash AS (
  SELECT source_system, claim_id, day AS paid_on, -dollars AS paid FROM lines
  WHERE kind = 'payment' AND claim_id IS NOT NULL
), open_then AS (
  SELECT
    days.day AS made, sent.source_system, sent.payer_id, claim_id, claim_date, claim_amount,
    days.day - claim_date AS age,
    (SELECT MIN(paid_on) FROM cash WHERE cash.source_system = sent.source_system
      AND cash.claim_id = sent.claim_id AND paid_on <= days.day) AS first_cash,
    (SELECT COALESCE(SUM(paid), 0) FROM cash WHERE cash.source_system = sent.source_system
      AND cash.claim_id = sent.claim_id AND paid_on <= days.day) AS paid
  FROM days JOIN sent ON claim_date <= days.day
  WHERE payer_sequence = 'P' AND claim_frequency != '8'
    AND NOT (claim_status = 'Rejected'
      AND COALESCE(adjudication_date, effective_date::DATE) <= days.day)
), old AS (
  SELECT *, CASE WHEN first_cash IS NOT NULL THEN GREATEST(first_cash - claim_date, 0) END AS lag
  FROM open_then WHERE age > 180
), horizons AS (
  SELECT UNNEST(['1-30', '31-60', '61-90']) AS horizon, UNNEST([1, 31, 61]) AS first,
    UNNEST([30, 60, 90]) AS last
), each AS (
  SELECT
    open_then.made, source_system, payer_id, horizon, first, last, claim_amount, claim_id,
    claim_amount * COALESCE(
      (SELECT SUM(claim_amount) FROM old WHERE old.made = open_then.made
        AND old.source_system = open_then.source_system AND old.payer_id = open_then.payer_id
        AND lag BETWEEN age_now + first AND age_now + last)::DOUBLE
      / NULLIF((SELECT SUM(claim_amount) FROM old WHERE old.made = open_then.made
        AND old.source_system = open_then.source_system AND old.payer_id = open_then.payer_id
        AND COALESCE(lag > age_now, TRUE)), 0), 0)
    * LEAST(1, COALESCE((SELECT SUM(paid)::DOUBLE / SUM(claim_amount) FROM old
        WHERE old.made = open_then.made AND old.source_system = open_then.source_system
        AND old.payer_id = open_then.payer_id AND lag IS NOT NULL), 0)) AS expected,
    COALESCE((SELECT SUM(cash.paid) FROM cash WHERE cash.source_system = open_then.source_system
      AND cash.claim_id = open_then.claim_id
      AND paid_on BETWEEN open_then.made + first AND open_then.made + last), 0) AS came
  FROM (SELECT *, age AS age_now FROM open_then WHERE first_cash IS NULL) AS open_then
  CROSS JOIN horizons
  WHERE open_then.made + last <= GETVARIABLE('business_date')
), payers AS (
  SELECT made, source_system, payer_id, horizon, ROUND(SUM(expected), 2)::DECIMAL(18, 2) AS expected,
    SUM(came) AS came
  FROM each
  WHERE EXISTS (FROM open_then AS first_one WHERE first_one.made = each.made
    AND first_one.source_system = each.source_system AND first_one.payer_id = each.payer_id
    AND age >= 270)
  GROUP BY ALL
)
SELECT
  source_system, made AS forecast_date, horizon, FALSE AS is_as_known,
  SUM(expected) AS expected_amount, SUM(came) AS actual_amount,
  SUM(ABS(expected - came)) AS absolute_error_amount
FROM payers GROUP BY ALL
