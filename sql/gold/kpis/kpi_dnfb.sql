/*---
description: >-
  Charges that stopped before the payer at the end of every complete month: not final billed, or billed
  and not submitted.
grain: one row per source system and complete month from the first service, of hospitals that say when they billed
keys: [source_system, month_end_date]
owner: revenue-cycle
kpi:
  numerator: >-
    gross charges of services on or before the month end without a final bill by then (DNFB); of insured
    charges billed by then without a claim that the primary payer got by then (FBNS); both (DNSP)
  denominator: average daily gross charges of the three months of service that end there
  date_basis: days of service, final bill and claim; amounts as of the business date
  basis: gross
  exclusions: >-
    quarantined charges; hospitals without any day of a final bill; self-pay charges (FBNS); no days
    before a full quarter of charges
  differs: >-
    a charge leaves when the payer got a claim: one that was rejected is not submitted
  source: HFMA MAP Keys PB-1, PB-2 and PB-3; by service date, where the key goes by discharge
  benchmark: 5 to 7 days not final billed; secondary sources, indicative
columns:
  source_system: {type: STRING, description: Hospital.}
  month_end_date: {type: DATE, description: Last day of the month.}
  is_window_full: {type: BOOL, description: "Whether charges were recorded from the first day of the three months on, or before; there are no days otherwise."}
  dnfb_amount: {type: NUMERIC, description: Serviced and not final billed in USD.}
  fbns_amount: {type: NUMERIC, description: Final billed and not submitted to the payer in USD.}
  dnsp_amount: {type: NUMERIC, description: Serviced and not submitted to the payer in USD.}
  trailing_billed_amount: {type: NUMERIC, description: Gross charges of the three months of service in USD.}
  trailing_day_count: {type: INT64, description: Days of the three months.}
  dnfb_days: {type: RATE, description: Days of charges that are not final billed.}
  fbns_days: {type: RATE, description: Days of charges that are final billed and not submitted.}
  dnsp_days: {type: RATE, description: Days of charges that are not submitted.}
checks:
  - {range: {dnfb_amount: [0, null], fbns_amount: [0, null], trailing_day_count: [89, 92]}}
  - {expect: {parts_are_the_total: dnfb_amount + fbns_amount = dnsp_amount}}
  - {range: {dnsp_days: [0, 400]}, severity: warn}
---*/
WITH
  charges AS (
    SELECT
      source_system, transaction_key, service_date, charge_posted_date, bill_date, payer_key,
      charge_amount
    FROM {{ ref("accounts") }}
    WHERE is_live
  ),

  self_pay AS (
    SELECT payer_key FROM {{ ref("dim_payers") }} WHERE payer_group = 'Self-Pay'
  ),

  claims AS (
    SELECT transaction_key, MIN(claim_date) AS claim_date
    FROM {{ ref("fact_claims") }}
    WHERE payer_sequence = 'P' AND claim_status != 'Rejected'
    GROUP BY transaction_key
  ),

  -- Only months matter at month ends: few groups stand for all charges.
  stages AS (
    SELECT
      charges.source_system,
      charges.payer_key NOT IN (SELECT self_pay.payer_key FROM self_pay) AS is_insured,
      DATE_TRUNC(charges.service_date, MONTH) AS service_month,
      DATE_TRUNC(charges.bill_date, MONTH) AS bill_month,
      COALESCE(DATE_TRUNC(claims.claim_date, MONTH), DATE '9999-12-01') AS claim_month,
      MIN(charges.charge_posted_date) AS first_posted_date,
      SUM(charges.charge_amount) AS charge_amount
    FROM charges
    LEFT JOIN claims ON charges.transaction_key = claims.transaction_key
    GROUP BY
      charges.source_system, is_insured, service_month, bill_month, claim_month
  ),

  calendars AS (
    SELECT
      source_system,
      MIN(first_posted_date) AS first_posted_date,
      GENERATE_DATE_ARRAY(
        MIN(service_month),
        DATE_SUB(DATE_TRUNC(DATE_ADD(@business_date, INTERVAL 1 DAY), MONTH), INTERVAL 1 MONTH),
        INTERVAL 1 MONTH
      ) AS complete_months
    FROM stages
    GROUP BY source_system
    HAVING COUNT(bill_month) > 0
  ),

  months AS (
    SELECT
      calendars.source_system,
      complete_month,
      COALESCE(
        calendars.first_posted_date <= DATE_SUB(complete_month, INTERVAL 2 MONTH), FALSE
      ) AS is_window_full,
      SUM(
        IF(
          stages.service_month <= complete_month
          AND COALESCE(stages.bill_month > complete_month, TRUE),
          stages.charge_amount,
          0
        )
      ) AS dnfb_amount,
      SUM(
        IF(
          stages.is_insured AND stages.bill_month <= complete_month
          AND stages.claim_month > complete_month,
          stages.charge_amount,
          0
        )
      ) AS fbns_amount,
      SUM(
        IF(
          DATE_DIFF(complete_month, stages.service_month, MONTH) BETWEEN 0 AND 2,
          stages.charge_amount,
          0
        )
      ) AS trailing_billed_amount,
      DATE_DIFF(
        DATE_ADD(complete_month, INTERVAL 1 MONTH), DATE_SUB(complete_month, INTERVAL 2 MONTH), DAY
      ) AS trailing_day_count
    FROM calendars
    CROSS JOIN UNNEST(calendars.complete_months) AS complete_month
    INNER JOIN stages ON calendars.source_system = stages.source_system
    GROUP BY calendars.source_system, calendars.first_posted_date, complete_month
  ),

  rated AS (
    SELECT
      source_system, complete_month, is_window_full, dnfb_amount, fbns_amount,
      trailing_billed_amount, trailing_day_count,
      IF(is_window_full, trailing_billed_amount, NULL) AS divisor
    FROM months
  )

SELECT
  source_system,
  LAST_DAY(complete_month, MONTH) AS month_end_date,
  is_window_full,
  dnfb_amount,
  fbns_amount,
  dnfb_amount + fbns_amount AS dnsp_amount,
  trailing_billed_amount,
  trailing_day_count,
  SAFE_DIVIDE(dnfb_amount * trailing_day_count, divisor) AS dnfb_days,
  SAFE_DIVIDE(fbns_amount * trailing_day_count, divisor) AS fbns_days,
  SAFE_DIVIDE((dnfb_amount + fbns_amount) * trailing_day_count, divisor) AS dnsp_days
FROM rated
