/*---
description: Cash of the month as a share of an average month's net revenue.
grain: one row per source system and month from its first to its last posting
keys: [source_system, month_end_date]
owner: revenue-cycle
kpi:
  numerator: cash of payers and patients, less refunds and takebacks
  denominator: average monthly net patient service revenue of the three months that end there
  date_basis: posting date
  basis: net
  exclusions: >-
    quarantined charges and postings; no rate for a month that is not over, nor before a full
    quarter of charges
  differs: >-
    nets refunds and takebacks, divides by net and not gross revenue, and has no value before
    three whole months
  source: HFMA MAP Key FM-2, cash collection as a percentage of net patient service revenue
  benchmark: about 100 %, by HFMA
columns:
  source_system: {type: STRING, description: Hospital.}
  month_end_date: {type: DATE, description: Last day of the month.}
  is_complete: {type: BOOL, description: Whether the month was over on the business date.}
  is_window_full: {type: BOOL, description: Whether the three months lie within what the hospital has charged; there is no rate before.}
  cash_amount: {type: NUMERIC, description: Cash of payers and patients in USD.}
  trailing_net_revenue_amount: {type: NUMERIC, description: Net patient service revenue of the three months in USD.}
  cash_rate: {type: RATE, description: Cash over a third of the three months' net revenue.}
checks:
  - {sum_equals: {cash_amount: kpi_month_close.cash_amount}}
  - {range: {cash_rate: [0, 2]}, severity: warn}
---*/
WITH
  months AS (
    SELECT source_system, month_end_date, cash_amount FROM {{ ref("kpi_month_close") }}
  ),

  quarters AS (
    SELECT
      source_system, month_end_date, is_complete, is_window_full, trailing_net_revenue_amount
    FROM {{ ref("trailing_quarters") }}
  )

SELECT
  months.source_system,
  months.month_end_date,
  quarters.is_complete,
  quarters.is_window_full,
  months.cash_amount,
  quarters.trailing_net_revenue_amount,
  IF(
    quarters.is_complete AND quarters.is_window_full,
    SAFE_DIVIDE(months.cash_amount * 3, quarters.trailing_net_revenue_amount),
    NULL
  ) AS cash_rate
FROM months
INNER JOIN quarters
  ON
    months.source_system = quarters.source_system
    AND months.month_end_date = quarters.month_end_date
