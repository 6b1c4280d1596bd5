/*---
description: Payments that payers took back, by month of posting.
grain: one row per source system, payer and month with a payment or takeback
keys: [source_system, payer_name, month_end_date]
owner: revenue-cycle
kpi:
  numerator: payments taken back
  denominator: payments of payers
  date_basis: posting date
  basis: net
  exclusions: refunds that the hospital gave of its own accord; no rate for a month that is not over
  differs: >-
    takes what was posted as taken back; refunds that the hospital gave are none, and payments are
    not netted
  source: common practice (takeback rate)
columns:
  source_system: {type: STRING, description: Hospital.}
  payer_name: {type: STRING, description: Payer.}
  month_end_date: {type: DATE, description: Last day of the month.}
  is_complete: {type: BOOL, description: Whether the month was over on the business date.}
  payment_amount: {type: NUMERIC, description: Paid by the payer in USD.}
  takeback_amount: {type: NUMERIC, description: Taken back by the payer in USD.}
  takeback_rate: {type: RATE, description: Taken back over paid.}
checks:
  - sum_equals:
      payment_amount: ledger_months.payment_amount
      takeback_amount: ledger_months.takeback_amount
  - {range: {takeback_rate: [0, 1]}, severity: warn}
---*/
WITH
  months AS (
    SELECT
      source_system,
      payer_name,
      month_end_date,
      month_end_date <= @business_date AS is_complete,
      payment_amount,
      takeback_amount
    FROM {{ ref("ledger_months") }}
    WHERE payment_amount != 0 OR takeback_amount != 0
  )

SELECT
  source_system,
  payer_name,
  month_end_date,
  is_complete,
  payment_amount,
  takeback_amount,
  IF(is_complete, SAFE_DIVIDE(takeback_amount, payment_amount), NULL) AS takeback_rate
FROM months
