/*---
description: Open balances by age at the end of every complete month, credits apart.
grain: one row per source system, month end, payer and aging bucket with a balance
keys: [source_system, month_end_date, payer_name, aging_bucket]
partition_by: month_end_date
owner: revenue-cycle
kpi:
  numerator: open balances of the bucket, by days from the service to the month end
  denominator: open balances of the payer, and of the hospital
  date_basis: posting date opens and settles a balance, date of service gives its age
  basis: gross
  exclusions: credit balances (shown beside), quarantined charges
  differs: >-
    ages an account from its service and by payer; the last bill restarts no clock, and credits
    are not netted against what others owe
  source: after HFMA MAP Keys AR-3 and AR-4, aged A/R as a share of total A/R; buckets from the date of service
columns:
  source_system: {type: STRING, description: Hospital.}
  month_end_date: {type: DATE, description: Last day of the month.}
  payer_name: {type: STRING, description: Payer.}
  aging_bucket: {type: STRING, description: "0-30, 31-60, 61-90, 91-120 or over 120 days."}
  account_count: {type: INT64, description: "Balances of an account at the payer, credits among them."}
  open_amount: {type: NUMERIC, description: Positive balances in USD.}
  credit_amount: {type: NUMERIC, description: "Negative balances in USD, as a positive number."}
  payer_open_amount: {type: NUMERIC, description: Positive balances of the payer in all buckets in USD.}
  payer_open_rate: {type: RATE, description: Share of the payer's positive balances.}
  hospital_open_amount: {type: NUMERIC, description: Positive balances of the hospital in USD.}
  hospital_open_rate: {type: RATE, description: Share of the hospital's positive balances.}
checks:
  - sum_equals:
      account_count: fact_ar_balances
      open_amount: fact_ar_balances.open_amount
      credit_amount: fact_ar_balances.credit_amount
  - {range: {payer_open_rate: [0, 1], hospital_open_rate: [0, 1]}}
---*/
WITH
  balances AS (
    SELECT
      source_system, month_end_date, payer_key, aging_bucket, open_amount, credit_amount
    FROM {{ ref("fact_ar_balances") }}
  ),

  payers AS (
    SELECT payer_key, payer_name FROM {{ ref("dim_payers") }}
  ),

  buckets AS (
    SELECT
      balances.source_system,
      balances.month_end_date,
      payers.payer_name,
      balances.aging_bucket,
      COUNT(*) AS account_count,
      SUM(balances.open_amount) AS open_amount,
      SUM(balances.credit_amount) AS credit_amount
    FROM balances
    INNER JOIN payers ON balances.payer_key = payers.payer_key
    GROUP BY
      balances.source_system, balances.month_end_date, payers.payer_name, balances.aging_bucket
  ),

  totals AS (
    SELECT
      source_system,
      month_end_date,
      payer_name,
      aging_bucket,
      account_count,
      open_amount,
      credit_amount,
      SUM(open_amount) OVER (PARTITION BY source_system, month_end_date, payer_name)
        AS payer_open_amount,
      SUM(open_amount) OVER (PARTITION BY source_system, month_end_date) AS hospital_open_amount
    FROM buckets
  )

SELECT
  source_system,
  month_end_date,
  payer_name,
  aging_bucket,
  account_count,
  open_amount,
  credit_amount,
  payer_open_amount,
  SAFE_DIVIDE(open_amount, payer_open_amount) AS payer_open_rate,
  hospital_open_amount,
  SAFE_DIVIDE(open_amount, hospital_open_amount) AS hospital_open_rate
FROM totals
