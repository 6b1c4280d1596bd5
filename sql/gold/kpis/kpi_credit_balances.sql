/*---
description: Balances that a hospital owes back, at the end of every complete month.
grain: one row per source system, month end and payer with a balance
keys: [source_system, month_end_date, payer_name]
partition_by: month_end_date
owner: revenue-cycle
kpi:
  numerator: credit balances
  denominator: open balances
  date_basis: posting date
  basis: gross
  exclusions: quarantined charges; a credit is never netted against another account's balance
  differs: >-
    credits stand apart; netted against other accounts they make receivables look smaller
  source: common practice; kpi_days_in_ar has the days
columns:
  source_system: {type: STRING, description: Hospital.}
  month_end_date: {type: DATE, description: Last day of the month.}
  payer_name: {type: STRING, description: Payer.}
  account_count: {type: INT64, description: Balances of an account at the payer.}
  credit_account_count: {type: INT64, description: Credits of an account at the payer.}
  credit_amount: {type: NUMERIC, description: "Negative balances in USD, as a positive number."}
  old_credit_amount: {type: NUMERIC, description: Credits on services of more than 90 days before the month end in USD.}
  open_amount: {type: NUMERIC, description: Positive balances in USD.}
  credit_rate: {type: RATE, description: Credits over positive balances.}
checks:
  - sum_equals:
      account_count: fact_ar_balances
      credit_amount: fact_ar_balances.credit_amount
      open_amount: fact_ar_balances.open_amount
  - expect:
      old_credits_are_credits: old_credit_amount BETWEEN 0 AND credit_amount
---*/
WITH
  balances AS (
    SELECT source_system, month_end_date, payer_key, age_days, open_amount, credit_amount
    FROM {{ ref("fact_ar_balances") }}
  ),

  payers AS (
    SELECT payer_key, payer_name FROM {{ ref("dim_payers") }}
  ),

  credits AS (
    SELECT
      balances.source_system,
      balances.month_end_date,
      payers.payer_name,
      COUNT(*) AS account_count,
      COUNTIF(balances.credit_amount > 0) AS credit_account_count,
      SUM(balances.credit_amount) AS credit_amount,
      SUM(IF(balances.age_days > 90, balances.credit_amount, 0)) AS old_credit_amount,
      SUM(balances.open_amount) AS open_amount
    FROM balances
    INNER JOIN payers ON balances.payer_key = payers.payer_key
    GROUP BY balances.source_system, balances.month_end_date, payers.payer_name
  )

SELECT
  source_system,
  month_end_date,
  payer_name,
  account_count,
  credit_account_count,
  credit_amount,
  old_credit_amount,
  open_amount,
  SAFE_DIVIDE(credit_amount, open_amount) AS credit_rate
FROM credits
