/*---
description: >-
  What a month is compared with: the charges and the net revenue of the three calendar months that end
  with it. A hospital whose first charge was posted within these months has no full quarter yet.
grain: one row per source system and month from its first to its last posting
keys: [source_system, month_end_date]
published: false
owner: revenue-cycle
columns:
  source_system: {type: STRING, description: Hospital.}
  month_end_date: {type: DATE, description: Last day of the month.}
  is_complete: {type: BOOL, description: Whether the month was over on the business date.}
  is_window_full: {type: BOOL, description: "Whether charges were posted from the first day of the three months on, or before."}
  trailing_billed_amount: {type: NUMERIC, description: Gross charges of the three months in USD.}
  trailing_net_revenue_amount: {type: NUMERIC, description: Net patient service revenue of the three months in USD.}
  trailing_day_count: {type: INT64, description: Days of the three months.}
checks:
  - {row_count_equals: {kpi_month_close: 0}}
  - {range: {trailing_day_count: [89, 92]}}
---*/
WITH
  months AS (
    SELECT
      source_system,
      month_end_date,
      is_complete,
      DATE_SUB(DATE_TRUNC(month_end_date, MONTH), INTERVAL 2 MONTH) AS window_begin_date,
      SUM(gross_charge_amount) OVER trailing AS trailing_billed_amount,
      SUM(net_revenue_amount) OVER trailing AS trailing_net_revenue_amount
    FROM {{ ref("kpi_month_close") }}
    WINDOW trailing AS (PARTITION BY source_system ORDER BY month_end_date ROWS 2 PRECEDING)
  ),

  first_charges AS (
    SELECT source_system, MIN(posting_date) AS first_charge_date
    FROM {{ ref("fact_ledger") }}
    WHERE posting_kind = 'charge'
    GROUP BY source_system
  )

SELECT
  months.source_system,
  months.month_end_date,
  months.is_complete,
  COALESCE(first_charges.first_charge_date <= months.window_begin_date, FALSE) AS is_window_full,
  months.trailing_billed_amount,
  months.trailing_net_revenue_amount,
  DATE_DIFF(months.month_end_date, months.window_begin_date, DAY) + 1 AS trailing_day_count
FROM months
LEFT JOIN first_charges ON months.source_system = first_charges.source_system
