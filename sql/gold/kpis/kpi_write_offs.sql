/*---
description: Write-offs other than contractual adjustments, by month of service.
grain: one row per source system and month of service
keys: [source_system, service_month]
owner: revenue-cycle
kpi:
  numerator: write-offs
  denominator: gross charges
  date_basis: date of service
  basis: gross
  exclusions: contractual adjustments (shown beside), quarantined charges
  differs: >-
    contractual adjustments are no write-offs
  source: common practice
columns:
  source_system: {type: STRING, description: Hospital.}
  service_month: {type: DATE, description: First day of the month of service.}
  write_off_amount: {type: NUMERIC, description: Written off in USD.}
  adjustment_amount: {type: NUMERIC, description: Contractual adjustments in USD.}
  billed_amount: {type: NUMERIC, description: Gross charges in USD.}
  write_off_rate: {type: RATE, description: Written off over billed.}
checks:
  - sum_equals:
      write_off_amount: fact_transactions.write_off_amount
      billed_amount: fact_transactions.billed_amount
  - {range: {write_off_rate: [0, 1]}, severity: warn}
---*/
WITH
  transactions AS (
    SELECT source_system, service_date, write_off_amount, adjustment_amount, billed_amount
    FROM {{ ref("fact_transactions") }}
  ),

  months AS (
    SELECT
      source_system,
      DATE_TRUNC(service_date, MONTH) AS service_month,
      SUM(write_off_amount) AS write_off_amount,
      SUM(adjustment_amount) AS adjustment_amount,
      SUM(billed_amount) AS billed_amount
    FROM transactions
    GROUP BY source_system, service_month
  )

SELECT
  source_system,
  service_month,
  write_off_amount,
  adjustment_amount,
  billed_amount,
  SAFE_DIVIDE(write_off_amount, billed_amount) AS write_off_rate
FROM months
