/*---
description: Denials that nobody has worked, by the days that are left to appeal them.
grain: one row per source system, payer and bucket with such a denial
keys: [source_system, payer_name, days_left_bucket]
owner: revenue-cycle
kpi:
  numerator: denied and still owed by the payer, and neither appealed nor resubmitted
  date_basis: business date; the limit of the payer's terms in force on the day of the denial
  basis: gross
  exclusions: denials whose deadline is not known; denials by secondary payers
  differs: >-
    counts what is still owed of a denial, not all that was denied, by the terms of the day of the
    denial, not today's
  source: common practice (appeal window exposure)
columns:
  source_system: {type: STRING, description: Hospital.}
  payer_name: {type: STRING, description: Payer that denied.}
  days_left_bucket: {type: STRING, description: "Days from the business date to the last day for an appeal: past, 0-7, 8-14, 15-30 or over 30."}
  denial_count: {type: INT64, description: Charges denied.}
  denied_amount: {type: NUMERIC, description: Denied and still owed by the payer in USD.}
checks:
  - sum_equals:
      denial_count: fact_denials
      denied_amount: fact_denials.open_amount
    where: >-
      status = 'Open' AND first_appeal_date IS NULL AND NOT is_worked AND appeal_deadline IS NOT NULL
  - {accepted: {days_left_bucket: [past, 0-7, 8-14, 15-30, over 30]}}
---*/
WITH
  denials AS (
    SELECT
      source_system,
      payer_key,
      open_amount,
      DATE_DIFF(appeal_deadline, @business_date, DAY) AS days_left
    FROM {{ ref("fact_denials") }}
    WHERE
      status = 'Open'
      AND first_appeal_date IS NULL
      AND NOT is_worked
      AND appeal_deadline IS NOT NULL
  ),

  payers AS (
    SELECT payer_key, payer_name FROM {{ ref("dim_payers") }}
  )

SELECT
  denials.source_system,
  payers.payer_name,
  CASE
    WHEN denials.days_left < 0 THEN 'past'
    WHEN denials.days_left <= 7 THEN '0-7'
    WHEN denials.days_left <= 14 THEN '8-14'
    WHEN denials.days_left <= 30 THEN '15-30'
    ELSE 'over 30'
  END AS days_left_bucket,
  COUNT(*) AS denial_count,
  SUM(denials.open_amount) AS denied_amount
FROM denials
INNER JOIN payers ON denials.payer_key = payers.payer_key
GROUP BY denials.source_system, payers.payer_name, days_left_bucket
