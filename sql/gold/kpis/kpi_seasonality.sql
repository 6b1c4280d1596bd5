/*---
description: How a month of the year compares with the hospital's average month.
grain: one row per source system and month of the year with a complete month of service
keys: [source_system, month_of_year]
owner: revenue-cycle
kpi:
  numerator: average gross charges of the month of the year
  denominator: mean of these averages over the hospital's months of the year
  date_basis: date of service
  basis: gross
  exclusions: >-
    quarantined charges; months that are not over, and months without a charge; no index before every
    month of the year has been
  differs: >-
    compares averages of months of one name, so that a year which is there twice weighs no more
  source: common practice (seasonal index by simple averages); a trend is not taken out
columns:
  source_system: {type: STRING, description: Hospital.}
  month_of_year: {type: INT64, description: "1 for January to 12 for December."}
  month_count: {type: INT64, description: Complete months of service of this name.}
  transaction_count: {type: INT64, description: Charges.}
  billed_amount: {type: NUMERIC, description: Gross charges in USD.}
  is_window_full: {type: BOOL, description: Whether the hospital has a complete month of every name; there is no index before.}
  average_billed_amount: {type: NUMERIC, description: "Gross charges per month in USD, rounded to the cent."}
  seasonal_index: {type: RATE, description: 1 for a month like the average one.}
checks:
  - sum_equals:
      transaction_count: fact_transactions
      billed_amount: fact_transactions.billed_amount
    where: LAST_DAY(service_date, MONTH) <= @business_date
  - {range: {month_of_year: [1, 12], month_count: [1, null], seasonal_index: [0, 12]}}
---*/
WITH
  transactions AS (
    SELECT source_system, DATE_TRUNC(service_date, MONTH) AS service_month, billed_amount
    FROM {{ ref("fact_transactions") }}
    WHERE LAST_DAY(service_date, MONTH) <= @business_date
  ),

  seasons AS (
    SELECT
      source_system,
      EXTRACT(MONTH FROM service_month) AS month_of_year,
      COUNT(DISTINCT service_month) AS month_count,
      COUNT(*) AS transaction_count,
      SUM(billed_amount) AS billed_amount
    FROM transactions
    GROUP BY source_system, month_of_year
  ),

  averages AS (
    SELECT
      source_system,
      month_of_year,
      month_count,
      transaction_count,
      billed_amount,
      CAST(billed_amount / month_count AS NUMERIC) AS exact_average_amount
    FROM seasons
  ),

  indexed AS (
    SELECT
      source_system, month_of_year, month_count, transaction_count, billed_amount,
      exact_average_amount,
      COUNT(*) OVER (PARTITION BY source_system) = 12 AS is_window_full,
      SAFE_DIVIDE(
        exact_average_amount * COUNT(*) OVER (PARTITION BY source_system),
        SUM(exact_average_amount) OVER (PARTITION BY source_system)
      ) AS full_index
    FROM averages
  )

SELECT
  source_system,
  month_of_year,
  month_count,
  transaction_count,
  billed_amount,
  is_window_full,
  ROUND(exact_average_amount, 2) AS average_billed_amount,
  IF(is_window_full, full_index, NULL) AS seasonal_index
FROM indexed
