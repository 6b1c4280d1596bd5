/*---
description: Charges that a payer denied for the first time, as a share of what was submitted to it before.
grain: one row per source system, payer and month from its first to its last claim or remittance
keys: [source_system, payer_name, month_end_date]
owner: revenue-cycle
kpi:
  numerator: first denials of original claims, and the charges denied by them
  denominator: average month's original claims, and their charges, of the three months before
  date_basis: remittance date of the denial; claim date of what was submitted
  basis: gross
  exclusions: >-
    hospitals without remittances, rejected claims, denials of corrected claims and by secondary payers, further denials
    of the same charge; no rate for a month that is not over, nor before the payer was claimed from for
    three months
  differs: >-
    counts zero payments with a reason as denials, not status 4 alone, each charge once, over
    claims that the payer got, not over remittances
  source: after HFMA's claim integrity task force, initial denial rate by volume and by dollars
  benchmark: 11.4 to 11.8 % of dollars across the industry; secondary sources, indicative
columns:
  source_system: {type: STRING, description: Hospital.}
  payer_name: {type: STRING, description: Payer.}
  month_end_date: {type: DATE, description: Last day of the month.}
  is_complete: {type: BOOL, description: Whether the month was over on the business date.}
  is_window_full: {type: BOOL, description: "Whether the payer's first claim or remittance is not after the first day of the three months before; there is no rate otherwise."}
  denied_count: {type: INT64, description: Charges denied for the first time.}
  denied_amount: {type: NUMERIC, description: Their gross charges in USD.}
  prior_submitted_count: {type: INT64, description: Original claims to the payer as primary in the three months before.}
  prior_submitted_amount: {type: NUMERIC, description: Their gross charges in USD.}
  initial_denial_rate: {type: RATE, description: Denied charges over a third of the claims.}
  initial_denial_amount_rate: {type: RATE, description: Denied dollars over a third of the claims' dollars.}
checks:
  - sum_equals:
      denied_count: fact_denials
      denied_amount: fact_denials.denied_amount
    where: is_initial
  - {range: {initial_denial_rate: [0, null], initial_denial_amount_rate: [0, null]}}
  - {range: {initial_denial_rate: [0, 1]}, severity: warn}
---*/
WITH
  remittances AS (
    SELECT source_system, payer_key, remit_date FROM {{ ref("fact_remittances") }}
  ),

  claims AS (
    SELECT
      source_system,
      payer_key,
      claim_date,
      billed_amount,
      claim_frequency = '1' AND payer_sequence = 'P' AND claim_status != 'Rejected'
        AS is_original
    FROM {{ ref("fact_claims") }}
    -- Without remittances nobody knows what was denied.
    WHERE source_system IN (SELECT source_system FROM remittances)
  ),

  denials AS (
    SELECT source_system, payer_key, denial_date, denied_amount
    FROM {{ ref("fact_denials") }}
    WHERE is_initial
  ),

  payers AS (
    SELECT payer_key, payer_name FROM {{ ref("dim_payers") }}
  ),

  activities AS (
    SELECT
      source_system,
      payer_key,
      DATE_TRUNC(claim_date, MONTH) AS activity_month,
      MIN(claim_date) AS first_date,
      COUNTIF(is_original) AS submitted_count,
      SUM(IF(is_original, billed_amount, 0)) AS submitted_amount,
      0 AS denied_count,
      0 AS denied_amount
    FROM claims
    GROUP BY source_system, payer_key, activity_month
    UNION ALL
    SELECT
      source_system, payer_key, DATE_TRUNC(remit_date, MONTH) AS activity_month,
      MIN(remit_date), 0, 0, 0, 0
    FROM remittances
    GROUP BY source_system, payer_key, activity_month
    UNION ALL
    SELECT
      source_system, payer_key, DATE_TRUNC(denial_date, MONTH) AS activity_month,
      MIN(denial_date), 0, 0, COUNT(*), SUM(denied_amount)
    FROM denials
    GROUP BY source_system, payer_key, activity_month
  ),

  calendars AS (
    SELECT
      source_system,
      payer_key,
      MIN(first_date) AS first_date,
      GENERATE_DATE_ARRAY(MIN(activity_month), MAX(activity_month), INTERVAL 1 MONTH) AS months
    FROM activities
    GROUP BY source_system, payer_key
  ),

  months AS (
    SELECT
      calendars.source_system,
      calendars.payer_key,
      calendars.first_date,
      calendar_month,
      COALESCE(SUM(activities.submitted_count), 0) AS submitted_count,
      COALESCE(SUM(activities.submitted_amount), 0) AS submitted_amount,
      COALESCE(SUM(activities.denied_count), 0) AS denied_count,
      COALESCE(SUM(activities.denied_amount), 0) AS denied_amount
    FROM calendars
    CROSS JOIN UNNEST(calendars.months) AS calendar_month
    LEFT JOIN activities
      ON
        calendars.source_system = activities.source_system
        AND calendars.payer_key = activities.payer_key
        AND calendar_month = activities.activity_month
    GROUP BY
      calendars.source_system, calendars.payer_key, calendars.first_date, calendar_month
  ),

  priors AS (
    SELECT
      source_system,
      payer_key,
      LAST_DAY(calendar_month, MONTH) AS month_end_date,
      LAST_DAY(calendar_month, MONTH) <= @business_date AS is_complete,
      first_date <= DATE_SUB(calendar_month, INTERVAL 3 MONTH) AS is_window_full,
      denied_count,
      denied_amount,
      COALESCE(SUM(submitted_count) OVER before, 0) AS prior_submitted_count,
      COALESCE(SUM(submitted_amount) OVER before, 0) AS prior_submitted_amount
    FROM months
    WINDOW
      before AS (
        PARTITION BY source_system, payer_key
        ORDER BY calendar_month
        ROWS BETWEEN 3 PRECEDING AND 1 PRECEDING
      )
  )

SELECT
  priors.source_system,
  payers.payer_name,
  priors.month_end_date,
  priors.is_complete,
  priors.is_window_full,
  priors.denied_count,
  priors.denied_amount,
  priors.prior_submitted_count,
  priors.prior_submitted_amount,
  IF(
    priors.is_complete AND priors.is_window_full,
    SAFE_DIVIDE(CAST(priors.denied_count * 3 AS NUMERIC), priors.prior_submitted_count),
    NULL
  ) AS initial_denial_rate,
  IF(
    priors.is_complete AND priors.is_window_full,
    SAFE_DIVIDE(priors.denied_amount * 3, priors.prior_submitted_amount),
    NULL
  ) AS initial_denial_amount_rate
FROM priors
INNER JOIN payers ON priors.payer_key = payers.payer_key
