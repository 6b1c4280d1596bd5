/*---
description: Days between the steps from a service to its cash, by payer.
grain: one row per source system, payer and lag with a measured claim
keys: [source_system, payer_name, lag]
owner: revenue-cycle
kpi:
  numerator: days between the two dates of the lag, summed over the measured claims
  denominator: measured claims
  date_basis: >-
    charge: service to posting; bill: posting to final bill; submit: final bill to claim; payer: claim to
    first decision; post: first remittance to first cash
  exclusions: >-
    corrected, void and rejected claims, claims to secondary payers; claims without one of the dates, or with the
    second before the first
  differs: >-
    median and 90th percentile by nearest rank; a mean alone hides the claims that wait
  source: after PB-4, charge lag days, of the HFMA MAP Keys; common practice for the others
columns:
  source_system: {type: STRING, description: Hospital.}
  payer_name: {type: STRING, description: Payer that the claim was sent to.}
  lag: {type: STRING, description: "charge, bill, submit, payer or post."}
  measured_count: {type: INT64, description: Claims measured.}
  lag_days_sum: {type: INT64, description: Days of the measured claims together.}
  median_days: {type: INT64, description: "Days that half of the claims do not exceed, by nearest rank."}
  p90_days: {type: INT64, description: "Days that nine in ten claims do not exceed, by nearest rank."}
  average_days: {type: RATE, description: Days per measured claim.}
checks:
  - {accepted: {lag: [charge, bill, submit, payer, post]}}
  - {range: {measured_count: [1, null], lag_days_sum: [0, null]}}
  - {expect: {percentiles_rise: median_days BETWEEN 0 AND p90_days}}
  - {range: {median_days: [0, 365]}, severity: warn}
---*/
WITH
  claims AS (
    SELECT
      source_system,
      payer_key,
      service_date,
      charge_posted_date,
      bill_date,
      claim_date,
      first_remit_date,
      cash_posted_date
    FROM {{ ref("fact_claims") }}
    WHERE claim_frequency = '1' AND payer_sequence = 'P' AND claim_status != 'Rejected'
  ),

  payers AS (
    SELECT payer_key, payer_name FROM {{ ref("dim_payers") }}
  ),

  steps AS (
    SELECT
      claims.source_system,
      claims.payer_key,
      lag,
      CASE lag
        WHEN 'charge' THEN DATE_DIFF(claims.charge_posted_date, claims.service_date, DAY)
        WHEN 'bill' THEN DATE_DIFF(claims.bill_date, claims.charge_posted_date, DAY)
        WHEN 'submit' THEN DATE_DIFF(claims.claim_date, claims.bill_date, DAY)
        WHEN 'payer' THEN DATE_DIFF(claims.first_remit_date, claims.claim_date, DAY)
        WHEN 'post' THEN DATE_DIFF(claims.cash_posted_date, claims.first_remit_date, DAY)
      END AS days
    FROM claims
    CROSS JOIN UNNEST(['charge', 'bill', 'submit', 'payer', 'post']) AS lag
  ),

  durations AS (
    SELECT
      source_system,
      payer_key,
      lag,
      days,
      COUNT(*) AS claim_count
    FROM steps
    WHERE days >= 0
    GROUP BY source_system, payer_key, lag, days
  ),

  ranks AS (
    SELECT
      source_system,
      payer_key,
      lag,
      days,
      claim_count,
      SUM(claim_count) OVER (PARTITION BY source_system, payer_key, lag ORDER BY days)
        AS last_rank,
      SUM(claim_count) OVER (PARTITION BY source_system, payer_key, lag) AS measured_count
    FROM durations
  ),

  -- Nearest rank: the value at position ceil(p * n) of the ascending list.
  lags AS (
    SELECT
      source_system,
      payer_key,
      lag,
      SUM(claim_count) AS measured_count,
      SUM(days * claim_count) AS lag_days_sum,
      MIN(IF(last_rank * 2 >= measured_count, days, NULL)) AS median_days,
      MIN(IF(last_rank * 10 >= measured_count * 9, days, NULL)) AS p90_days
    FROM ranks
    GROUP BY source_system, payer_key, lag
  )

SELECT
  lags.source_system,
  payers.payer_name,
  lags.lag,
  lags.measured_count,
  lags.lag_days_sum,
  lags.median_days,
  lags.p90_days,
  SAFE_DIVIDE(CAST(lags.lag_days_sum AS NUMERIC), lags.measured_count) AS average_days
FROM lags
INNER JOIN payers ON lags.payer_key = payers.payer_key
