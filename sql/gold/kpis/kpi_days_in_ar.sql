/*---
description: Days of revenue that are still owed at the end of every complete month, gross and net.
grain: one row per source system and complete month from its first to its last posting
keys: [source_system, month_end_date]
owner: revenue-cycle
kpi:
  numerator: >-
    open balances (gross); open balances less credits at the share of charges that became net revenue
    (net); credit balances (credit days)
  denominator: >-
    average daily gross charges (gross), or average daily net patient service revenue (net, credit
    days), of the three calendar months that end there
  date_basis: posting date
  exclusions: quarantined charges and postings; credits are left out of the gross days
  source: >-
    common practice (gross); after HFMA MAP Keys FM-1, net days in A/R, and AR-9, net days in credit
    balance, with allowances at the average rate of the three months
  benchmark: net days in A/R below 40 to 45, by HFMA
columns:
  source_system: {type: STRING, description: Hospital.}
  month_end_date: {type: DATE, description: Last day of the month.}
  open_ar_amount: {type: NUMERIC, description: Positive balances in USD.}
  credit_amount: {type: NUMERIC, description: "Negative balances in USD, as a positive number."}
  trailing_billed_amount: {type: NUMERIC, description: Gross charges of the three months in USD.}
  trailing_day_count: {type: INT64, description: Days of the three months.}
  gross_days_in_ar: {type: RATE, description: Days of charges that are still owed.}
  net_ar_amount: {type: NUMERIC, description: Balances less credits at the three months' share of net revenue in charges in USD.}
  trailing_net_revenue_amount: {type: NUMERIC, description: Net patient service revenue of the three months in USD.}
  net_days_in_ar: {type: RATE, description: Days of net revenue that are still owed.}
  credit_days: {type: RATE, description: Days of net revenue that are owed back.}
checks:
  - sum_equals:
      open_ar_amount: fact_ar_balances.open_amount
      credit_amount: fact_ar_balances.credit_amount
    severity: warn # balances outlast the last posting of a hospital that went silent
  - {range: {open_ar_amount: [0, null], credit_amount: [0, null], trailing_day_count: [89, 92]}}
  - {range: {gross_days_in_ar: [0, 400], net_days_in_ar: [0, 400]}, severity: warn}
---*/
WITH
  months AS (
    SELECT
      source_system,
      month_end_date,
      is_complete,
      SUM(gross_charge_amount) OVER trailing AS trailing_billed_amount,
      SUM(net_revenue_amount) OVER trailing AS trailing_net_revenue_amount,
      DATE_DIFF(
        month_end_date, DATE_SUB(DATE_TRUNC(month_end_date, MONTH), INTERVAL 2 MONTH), DAY
      ) + 1 AS trailing_day_count
    FROM {{ ref("kpi_month_close") }}
    WINDOW trailing AS (PARTITION BY source_system ORDER BY month_end_date ROWS 2 PRECEDING)
  ),

  balances AS (
    SELECT
      source_system,
      month_end_date,
      SUM(open_amount) AS open_ar_amount,
      SUM(credit_amount) AS credit_amount
    FROM {{ ref("fact_ar_balances") }}
    GROUP BY source_system, month_end_date
  ),

  receivables AS (
    SELECT
      months.source_system,
      months.month_end_date,
      months.trailing_billed_amount,
      months.trailing_net_revenue_amount,
      months.trailing_day_count,
      COALESCE(balances.open_ar_amount, 0) AS open_ar_amount,
      COALESCE(balances.credit_amount, 0) AS credit_amount,
      CAST(
        SAFE_DIVIDE(
          COALESCE(balances.open_ar_amount - balances.credit_amount, 0)
          * months.trailing_net_revenue_amount,
          months.trailing_billed_amount
        ) AS NUMERIC
      ) AS net_ar_amount
    FROM months
    LEFT JOIN balances
      ON
        months.source_system = balances.source_system
        AND months.month_end_date = balances.month_end_date
    WHERE months.is_complete
  )

SELECT
  source_system,
  month_end_date,
  open_ar_amount,
  credit_amount,
  trailing_billed_amount,
  trailing_day_count,
  SAFE_DIVIDE(open_ar_amount * trailing_day_count, trailing_billed_amount) AS gross_days_in_ar,
  net_ar_amount,
  trailing_net_revenue_amount,
  SAFE_DIVIDE(net_ar_amount * trailing_day_count, trailing_net_revenue_amount) AS net_days_in_ar,
  SAFE_DIVIDE(credit_amount * trailing_day_count, trailing_net_revenue_amount) AS credit_days
FROM receivables
