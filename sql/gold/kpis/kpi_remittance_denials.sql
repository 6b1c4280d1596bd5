/*---
description: Share of a payer's answers that deny, by month of the remittance.
grain: one row per source system, payer and month with an answer
keys: [source_system, payer_name, month_end_date]
owner: revenue-cycle
kpi:
  numerator: claims that a remittance denies
  denominator: claims that a remittance pays or denies
  date_basis: remittance date
  exclusions: >-
    reversals; adjustments that deny nothing, such as contractual ones and patients' shares; no rate for
    a month that is not over
  differs: >-
    counts zero payments with a reason as denials, and neither reversals nor patients' shares nor
    contractual amounts
  source: HFMA MAP Key AR-5, remittance denial rate
  benchmark: less than 5 %; secondary sources, indicative
columns:
  source_system: {type: STRING, description: Hospital.}
  payer_name: {type: STRING, description: Payer.}
  month_end_date: {type: DATE, description: Last day of the month.}
  is_complete: {type: BOOL, description: Whether the month was over on the business date.}
  remitted_count: {type: INT64, description: Remittances that pay or deny a claim.}
  denied_count: {type: INT64, description: Remittances that deny a claim.}
  remittance_denial_rate: {type: RATE, description: Denied over remitted.}
checks:
  - sum_equals: {remitted_count: fact_remittances}
    where: status_code NOT IN ('22', '23', '25')
  - {range: {remittance_denial_rate: [0, 1]}}
---*/
WITH
  outcomes AS (
    SELECT remittance_key, outcome FROM {{ ref("remittance_outcomes") }}
  ),

  remittances AS (
    SELECT
      decisions.source_system,
      decisions.payer_key,
      LAST_DAY(decisions.remit_date, MONTH) AS month_end_date,
      outcomes.outcome = 'Denied' AS is_denial
    FROM {{ ref("fact_remittances") }} AS decisions
    INNER JOIN outcomes ON decisions.remittance_key = outcomes.remittance_key
    WHERE outcomes.outcome IN ('Denied', 'Paid')
  ),

  payers AS (
    SELECT payer_key, payer_name FROM {{ ref("dim_payers") }}
  ),

  months AS (
    SELECT
      remittances.source_system,
      payers.payer_name,
      remittances.month_end_date,
      COUNT(*) AS remitted_count,
      COUNTIF(remittances.is_denial) AS denied_count
    FROM remittances
    INNER JOIN payers ON remittances.payer_key = payers.payer_key
    GROUP BY remittances.source_system, payers.payer_name, remittances.month_end_date
  )

SELECT
  source_system,
  payer_name,
  month_end_date,
  month_end_date <= @business_date AS is_complete,
  remitted_count,
  denied_count,
  IF(
    month_end_date <= @business_date,
    SAFE_DIVIDE(CAST(denied_count AS NUMERIC), remitted_count),
    NULL
  ) AS remittance_denial_rate
FROM months
