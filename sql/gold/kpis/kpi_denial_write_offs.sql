/*---
description: Revenue given up to denials, as a share of an average month's net revenue.
grain: one row per source system and month from its first to its last posting
keys: [source_system, month_end_date]
owner: revenue-cycle
kpi:
  numerator: written off after a denial or because it was filed too late, less such write-offs taken back
  denominator: average monthly net patient service revenue of the three months that end there
  date_basis: posting date of the write-off
  basis: net
  exclusions: >-
    write-offs for other reasons; no rate for a month that is not over, nor before a full quarter of
    charges
  differs: >-
    counts only write-offs for denials and late filing, less reversals, and divides by net revenue, not
    by gross charges
  source: after HFMA MAP Key AR-6, denial write-offs as a percentage of net patient service revenue
columns:
  source_system: {type: STRING, description: Hospital.}
  month_end_date: {type: DATE, description: Last day of the month.}
  is_complete: {type: BOOL, description: Whether the month was over on the business date.}
  is_window_full: {type: BOOL, description: Whether the three months lie within what the hospital has charged; there is no rate before.}
  denial_write_off_amount: {type: NUMERIC, description: Written off after a denial or because it was filed too late in USD.}
  trailing_net_revenue_amount: {type: NUMERIC, description: Net patient service revenue of the three months in USD.}
  denial_write_off_rate: {type: RATE, description: Write-offs over a third of the three months' net revenue.}
checks:
  - {sum_equals: {denial_write_off_amount: kpi_month_close.denial_write_off_amount}}
  - {range: {denial_write_off_rate: [0, 1]}, severity: warn}
---*/
WITH
  months AS (
    SELECT source_system, month_end_date, denial_write_off_amount
    FROM {{ ref("kpi_month_close") }}
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
  months.denial_write_off_amount,
  quarters.trailing_net_revenue_amount,
  IF(
    quarters.is_complete AND quarters.is_window_full,
    SAFE_DIVIDE(months.denial_write_off_amount * 3, quarters.trailing_net_revenue_amount),
    NULL
  ) AS denial_write_off_rate
FROM months
INNER JOIN quarters
  ON
    months.source_system = quarters.source_system
    AND months.month_end_date = quarters.month_end_date
