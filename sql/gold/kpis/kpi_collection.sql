/*---
description: Share of charges that was collected, by month of service.
grain: one row per source system and month of service
keys: [source_system, service_month]
owner: revenue-cycle
kpi:
  numerator: paid by payers and by patients on the month's charges
  denominator: gross charges (gross rate); gross charges less contractual adjustments (net rate)
  date_basis: date of service; a month matures 120 days after its end
  exclusions: quarantined charges; no rate before the month is mature
  differs: >-
    follows the charges of a month of service until they are mature; cash over charges of one
    calendar month mixes cohorts
  source: common practice; cohorts by date of service
  benchmark: a net rate below 92 % says that money leaks; secondary sources, indicative
columns:
  source_system: {type: STRING, description: Hospital.}
  service_month: {type: DATE, description: First day of the month of service.}
  billed_amount: {type: NUMERIC, description: Gross charges in USD.}
  adjustment_amount: {type: NUMERIC, description: Contractual adjustments in USD.}
  collected_amount: {type: NUMERIC, description: Paid by payers and patients in USD.}
  is_mature: {type: BOOL, description: Whether the month ended at least 120 days before the business date.}
  gross_collection_rate: {type: RATE, description: Collected over billed; NULL before the month is mature.}
  net_collection_rate: {type: RATE, description: Collected over billed less adjustments; NULL before the month is mature.}
checks:
  - sum_equals:
      billed_amount: fact_transactions.billed_amount
      adjustment_amount: fact_transactions.adjustment_amount
  - {range: {net_collection_rate: [0, 1]}, severity: warn}
---*/
WITH
  transactions AS (
    SELECT
      source_system,
      service_date,
      billed_amount,
      adjustment_amount,
      paid_amount + patient_paid_amount AS collected_amount
    FROM {{ ref("fact_transactions") }}
  ),

  months AS (
    SELECT
      source_system,
      DATE_TRUNC(service_date, MONTH) AS service_month,
      SUM(billed_amount) AS billed_amount,
      SUM(adjustment_amount) AS adjustment_amount,
      SUM(collected_amount) AS collected_amount
    FROM transactions
    GROUP BY source_system, service_month
  ),

  cohorts AS (
    SELECT
      source_system, service_month, billed_amount, adjustment_amount, collected_amount,
      DATE_DIFF(@business_date, LAST_DAY(service_month, MONTH), DAY) >= 120 AS is_mature
    FROM months
  )

SELECT
  source_system,
  service_month,
  billed_amount,
  adjustment_amount,
  collected_amount,
  is_mature,
  IF(is_mature, SAFE_DIVIDE(collected_amount, billed_amount), NULL) AS gross_collection_rate,
  IF(is_mature, SAFE_DIVIDE(collected_amount, billed_amount - adjustment_amount), NULL)
    AS net_collection_rate
FROM cohorts
