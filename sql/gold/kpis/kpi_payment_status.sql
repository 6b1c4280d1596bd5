/*---
description: Charges by what has been paid on them so far.
grain: one row per source system and payment status
keys: [source_system, payment_status]
owner: revenue-cycle
kpi:
  numerator: charges in the payment status
  denominator: charges of the source system
  date_basis: as of the business date, all dates of service
  exclusions: quarantined charges
  differs: >-
    denied means that every claim of the charge was refused, not that nothing was paid yet
  source: common practice
columns:
  source_system: {type: STRING, description: Hospital.}
  payment_status: {type: STRING, description: "Paid, Partial, Pending or Denied."}
  transaction_count: {type: INT64, description: Charges in the status.}
  billed_amount: {type: NUMERIC, description: Gross charges in the status in USD.}
  total_transaction_count: {type: INT64, description: Charges of the source system.}
  transaction_rate: {type: RATE, description: Share of the source system's charges.}
checks:
  - {accepted: {payment_status: [Paid, Partial, Pending, Denied]}}
  - {sum_equals: {billed_amount: fact_transactions.billed_amount}}
  - {range: {transaction_rate: [0, 1]}}
---*/
WITH
  transactions AS (
    SELECT source_system, payment_status, billed_amount FROM {{ ref("fact_transactions") }}
  ),

  statuses AS (
    SELECT
      source_system,
      payment_status,
      COUNT(*) AS transaction_count,
      SUM(billed_amount) AS billed_amount
    FROM transactions
    GROUP BY source_system, payment_status
  ),

  totals AS (
    SELECT
      source_system,
      payment_status,
      transaction_count,
      billed_amount,
      SUM(transaction_count) OVER (PARTITION BY source_system) AS total_transaction_count
    FROM statuses
  )

SELECT
  source_system,
  payment_status,
  transaction_count,
  billed_amount,
  total_transaction_count,
  SAFE_DIVIDE(CAST(transaction_count AS NUMERIC), total_transaction_count) AS transaction_rate
FROM totals
