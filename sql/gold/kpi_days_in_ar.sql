/*---
description: Gross days in accounts receivable at the end of every complete month.
grain: one row per source system and month end
keys: [source_system, month_end_date]
owner: revenue-cycle
kpi:
  numerator: open balances at the month end, credits left out
  denominator: average daily gross charges of the three calendar months that end there
  date_basis: date of service opens a balance, paid_date settles it
  exclusions: credit balances (shown beside), quarantined charges
  source: common practice; gross, not the net days in A/R of a MAP Key
columns:
  source_system: {type: STRING, description: Hospital.}
  month_end_date: {type: DATE, description: Last day of the month.}
  open_ar_amount: {type: NUMERIC, description: Positive balances in USD.}
  credit_amount: {type: NUMERIC, description: "Negative balances in USD, as a positive number."}
  trailing_billed_amount: {type: NUMERIC, description: Gross charges of the three months in USD.}
  trailing_day_count: {type: INT64, description: Days of the three months.}
  gross_days_in_ar: {type: RATE, description: Days of charges that are still owed.}
checks:
  - {range: {open_ar_amount: [0, null], credit_amount: [0, null], trailing_day_count: [89, 92]}}
  - {range: {gross_days_in_ar: [0, 400]}, severity: warn}
---*/
WITH
  transactions AS (
    SELECT
      source_system,
      DATE_TRUNC(service_date, MONTH) AS service_month,
      DATE_TRUNC(paid_date, MONTH) AS paid_month,
      billed_amount,
      paid_amount + patient_paid_amount + adjustment_amount + write_off_amount AS settled_amount
    FROM {{ ref("fact_transactions") }}
  ),

  -- A charge opens in its month of service and changes once more, when it is settled: two
  -- postings a charge, summed up to each month end, instead of every charge times every month.
  postings AS (
    SELECT
      source_system,
      service_month AS posting_month,
      billed_amount,
      billed_amount AS open_change_amount,
      0 AS credit_change_amount
    FROM transactions
    UNION ALL
    SELECT
      source_system,
      GREATEST(service_month, paid_month),
      0,
      GREATEST(billed_amount - settled_amount, 0) - billed_amount,
      GREATEST(settled_amount - billed_amount, 0)
    FROM transactions
    WHERE paid_month IS NOT NULL
  ),

  months AS (
    SELECT
      source_system,
      posting_month AS service_month,
      SUM(billed_amount) AS billed_amount,
      SUM(open_change_amount) AS open_change_amount,
      SUM(credit_change_amount) AS credit_change_amount
    FROM postings
    GROUP BY source_system, service_month
  ),

  calendars AS (
    SELECT
      source_system,
      GENERATE_DATE_ARRAY(
        MIN(service_month),
        DATE_SUB(DATE_TRUNC(DATE_ADD(@business_date, INTERVAL 1 DAY), MONTH), INTERVAL 1 MONTH),
        INTERVAL 1 MONTH
      ) AS complete_months
    FROM transactions
    GROUP BY source_system
  ),

  balances AS (
    SELECT
      calendars.source_system,
      complete_month,
      SUM(COALESCE(months.open_change_amount, 0)) OVER to_date AS open_ar_amount,
      SUM(COALESCE(months.credit_change_amount, 0)) OVER to_date AS credit_amount,
      SUM(COALESCE(months.billed_amount, 0)) OVER (to_date ROWS 2 PRECEDING)
        AS trailing_billed_amount,
      DATE_DIFF(
        DATE_ADD(complete_month, INTERVAL 1 MONTH), DATE_SUB(complete_month, INTERVAL 2 MONTH), DAY
      ) AS trailing_day_count
    FROM calendars
    CROSS JOIN UNNEST(calendars.complete_months) AS complete_month
    LEFT JOIN months
      ON
        calendars.source_system = months.source_system
        AND complete_month = months.service_month
    WINDOW to_date AS (PARTITION BY calendars.source_system ORDER BY complete_month)
  )

SELECT
  source_system,
  LAST_DAY(complete_month, MONTH) AS month_end_date,
  open_ar_amount,
  credit_amount,
  trailing_billed_amount,
  trailing_day_count,
  SAFE_DIVIDE(open_ar_amount * trailing_day_count, trailing_billed_amount) AS gross_days_in_ar
FROM balances
