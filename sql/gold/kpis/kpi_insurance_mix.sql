/*---
description: Share of gross charges by line of business.
grain: one row per source system and line of business
keys: [source_system, line_of_business]
owner: revenue-cycle
kpi:
  numerator: gross charges of the line of business
  denominator: gross charges of the source system
  date_basis: as of the business date, all dates of service
  basis: gross
  exclusions: quarantined charges
  differs: >-
    goes by gross charges and keeps what has no line of business as Unknown
  source: common practice (payer mix)
columns:
  source_system: {type: STRING, description: Hospital.}
  line_of_business: {type: STRING, description: Line of business; Unknown when the source says nothing.}
  transaction_count: {type: INT64, description: Charges.}
  billed_amount: {type: NUMERIC, description: Gross charges in USD.}
  total_billed_amount: {type: NUMERIC, description: Gross charges of the source system in USD.}
  billed_rate: {type: RATE, description: Share of the source system's gross charges.}
checks:
  - {sum_equals: {billed_amount: fact_transactions.billed_amount, transaction_count: fact_transactions}}
  - {range: {billed_rate: [0, 1]}}
---*/
WITH
  transactions AS (
    SELECT
      source_system,
      COALESCE(line_of_business, 'Unknown') AS line_of_business,
      billed_amount
    FROM {{ ref("fact_transactions") }}
  ),

  lines_of_business AS (
    SELECT
      source_system,
      line_of_business,
      COUNT(*) AS transaction_count,
      SUM(billed_amount) AS billed_amount
    FROM transactions
    GROUP BY source_system, line_of_business
  ),

  totals AS (
    SELECT
      source_system,
      line_of_business,
      transaction_count,
      billed_amount,
      SUM(billed_amount) OVER (PARTITION BY source_system) AS total_billed_amount
    FROM lines_of_business
  )

SELECT
  source_system,
  line_of_business,
  transaction_count,
  billed_amount,
  total_billed_amount,
  SAFE_DIVIDE(billed_amount, total_billed_amount) AS billed_rate
FROM totals
