-- A reversal and a recovery of one claim in one check are one take-back.
WITH told AS (
  SELECT source_system, payer_id, remit_date, check_number, claim_id,
    -paid_amount AS reversed, 0.00 AS recovered, 0.00 AS forwarded, 0.00 AS interest
  FROM remits WHERE status_code = '22'
  UNION ALL
  SELECT source_system, payer_id, adjustment_date, check_number, claim_id, 0,
    IF(reason_code = 'WO', amount, 0), IF(reason_code = 'FB', amount, 0),
    IF(reason_code = 'L6', -amount, 0)
  FROM provider_adjustments WHERE is_current
), events AS (
  SELECT source_system, payer_id, remit_date, check_number, claim_id,
    GREATEST(SUM(reversed), SUM(recovered)) AS taken, SUM(forwarded) AS forwarded,
    SUM(interest) AS interest
  FROM told GROUP BY ALL
), posted AS (
  SELECT source_system, claim_id, SUM(dollars) AS dollars FROM lines
  WHERE kind = 'takeback' GROUP BY ALL
), settled AS (
  SELECT events.*, LEAST(taken, GREATEST(0, COALESCE(dollars, 0) - COALESCE((
    SELECT SUM(earlier.taken) FROM events AS earlier
    WHERE earlier.source_system = events.source_system AND earlier.claim_id = events.claim_id
      AND earlier.remit_date < events.remit_date), 0))) AS booked
  FROM events LEFT JOIN posted USING (source_system, claim_id)
)
SELECT
  source_system, payer_id AS payer_name, remit_date, check_number,
  COUNT(*) FILTER (taken > 0) AS claim_count, SUM(taken) AS recouped_amount,
  SUM(booked) AS posted_amount, SUM(taken - booked) AS unposted_amount,
  SUM(forwarded) AS forwarded_amount, SUM(interest) AS interest_amount
FROM settled GROUP BY ALL
