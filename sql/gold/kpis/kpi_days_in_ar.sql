/*---
description: Days of revenue that are still owed at the end of every complete month, gross and net.
grain: one row per source system and complete month from its first to its last posting
keys: [source_system, month_end_date]
owner: revenue-cycle
kpi:
  numerator: >-
    open balances (gross); what is expected to be collected of them, less credits (net); credit balances
    (credit days). Expected is a decided or a patient's balance as it is, of any other what the contract
    allows or the payer's own experience, less what was written off of balances of that age so far
  denominator: >-
    average daily gross charges (gross), or average daily net patient service revenue (net, credit
    days), of the three calendar months that end there
  date_basis: posting date
  exclusions: >-
    quarantined charges and postings; credits are left out of the gross days. No value before a full
    quarter of charges, and no net value before half a year shows what is written off at each age
  differs: >-
    net A/R is what is expected to be collected of each balance; gross less credits at the
    revenue's share of charges cancels to the gross days
  source: >-
    common practice (gross); HFMA MAP Keys FM-1, net days in A/R, and AR-9, net days in credit balance
  benchmark: net days in A/R below 40 to 45, by HFMA
columns:
  source_system: {type: STRING, description: Hospital.}
  month_end_date: {type: DATE, description: Last day of the month.}
  is_window_full: {type: BOOL, description: Whether the three months lie within what the hospital has charged; there are no days before.}
  is_reserve_known: {type: BOOL, description: Whether earlier balances of every age show what is written off within half a year; there is no net A/R before.}
  open_ar_amount: {type: NUMERIC, description: Positive balances in USD.}
  credit_amount: {type: NUMERIC, description: "Negative balances in USD, as a positive number."}
  trailing_billed_amount: {type: NUMERIC, description: Gross charges of the three months in USD.}
  trailing_day_count: {type: INT64, description: Days of the three months.}
  gross_days_in_ar: {type: RATE, description: Days of charges that are still owed.}
  contractual_allowance_amount: {type: NUMERIC, description: Positive balances that no contract lets the hospital collect in USD.}
  reserve_amount: {type: NUMERIC, description: "Part of the rest that is expected to be written off as bad debt, charity or denied in USD."}
  net_ar_amount: {type: NUMERIC, description: "Positive balances less allowance, reserve and credits in USD."}
  trailing_net_revenue_amount: {type: NUMERIC, description: Net patient service revenue of the three months in USD.}
  net_days_in_ar: {type: RATE, description: Days of net revenue that are still owed.}
  credit_days: {type: RATE, description: Days of net revenue that are owed back.}
checks:
  - sum_equals:
      open_ar_amount: fact_ar_balances.open_amount
      credit_amount: fact_ar_balances.credit_amount
    severity: warn # balances outlast the last posting of a hospital that went silent
  - {range: {open_ar_amount: [0, null], credit_amount: [0, null], trailing_day_count: [89, 92]}}
  - {range: {contractual_allowance_amount: [0, null], reserve_amount: [0, null]}}
  - expect:
      parts_are_the_total: >-
        open_ar_amount - contractual_allowance_amount - reserve_amount - credit_amount
        = net_ar_amount
      no_value_before_its_time: >-
        (is_window_full OR gross_days_in_ar IS NULL)
        AND (is_reserve_known OR net_ar_amount IS NULL)
  - {range: {gross_days_in_ar: [0, 400], net_days_in_ar: [0, 400]}, severity: warn}
---*/
WITH
  quarters AS (
    SELECT
      source_system, month_end_date, is_window_full, trailing_billed_amount,
      trailing_net_revenue_amount, trailing_day_count
    FROM {{ ref("trailing_quarters") }}
    WHERE is_complete
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

  ages AS (
    SELECT
      source_system,
      month_end_date,
      owed_by,
      aging_bucket,
      SUM(open_amount) AS open_amount,
      SUM(collectible_amount) AS collectible_amount
    FROM {{ ref("receivable_values") }}
    GROUP BY source_system, month_end_date, owed_by, aging_bucket
  ),

  experiences AS (
    SELECT
      source_system, month_end_date, owed_by, aging_bucket, past_open_amount,
      past_written_off_amount
    FROM {{ ref("write_off_experience") }}
  ),

  allowances AS (
    SELECT
      ages.source_system,
      ages.month_end_date,
      SUM(ages.open_amount - ages.collectible_amount) AS contractual_allowance_amount,
      LOGICAL_AND(ages.collectible_amount = 0 OR experiences.source_system IS NOT NULL)
        AS is_reserve_known,
      SUM(
        ROUND(
          CAST(
            COALESCE(
              SAFE_DIVIDE(
                ages.collectible_amount * experiences.past_written_off_amount,
                experiences.past_open_amount
              ),
              0
            ) AS NUMERIC
          ),
          2
        )
      ) AS reserve_amount
    FROM ages
    LEFT JOIN experiences
      ON
        ages.source_system = experiences.source_system
        AND ages.month_end_date = experiences.month_end_date
        AND ages.owed_by = experiences.owed_by
        AND ages.aging_bucket = experiences.aging_bucket
    GROUP BY ages.source_system, ages.month_end_date
  ),

  receivables AS (
    SELECT
      quarters.source_system,
      quarters.month_end_date,
      quarters.is_window_full,
      COALESCE(allowances.is_reserve_known, TRUE) AS is_reserve_known,
      COALESCE(balances.open_ar_amount, 0) AS open_ar_amount,
      COALESCE(balances.credit_amount, 0) AS credit_amount,
      quarters.trailing_billed_amount,
      quarters.trailing_day_count,
      quarters.trailing_net_revenue_amount,
      COALESCE(allowances.contractual_allowance_amount, 0) AS contractual_allowance_amount,
      COALESCE(allowances.reserve_amount, 0) AS known_reserve_amount,
      -- A rate needs a whole quarter below it.
      IF(quarters.is_window_full, quarters.trailing_billed_amount, NULL) AS billed_divisor,
      IF(quarters.is_window_full, quarters.trailing_net_revenue_amount, NULL) AS revenue_divisor
    FROM quarters
    LEFT JOIN balances
      ON
        quarters.source_system = balances.source_system
        AND quarters.month_end_date = balances.month_end_date
    LEFT JOIN allowances
      ON
        quarters.source_system = allowances.source_system
        AND quarters.month_end_date = allowances.month_end_date
  ),

  valued AS (
    SELECT
      source_system, month_end_date, is_window_full, is_reserve_known, open_ar_amount,
      credit_amount, trailing_billed_amount, trailing_day_count, trailing_net_revenue_amount,
      contractual_allowance_amount, billed_divisor, revenue_divisor,
      IF(is_reserve_known, known_reserve_amount, NULL) AS reserve_amount,
      IF(
        is_reserve_known,
        open_ar_amount - contractual_allowance_amount - known_reserve_amount - credit_amount,
        NULL
      ) AS net_ar_amount
    FROM receivables
  )

SELECT
  source_system,
  month_end_date,
  is_window_full,
  is_reserve_known,
  open_ar_amount,
  credit_amount,
  trailing_billed_amount,
  trailing_day_count,
  SAFE_DIVIDE(open_ar_amount * trailing_day_count, billed_divisor) AS gross_days_in_ar,
  contractual_allowance_amount,
  reserve_amount,
  net_ar_amount,
  trailing_net_revenue_amount,
  SAFE_DIVIDE(net_ar_amount * trailing_day_count, revenue_divisor) AS net_days_in_ar,
  SAFE_DIVIDE(credit_amount * trailing_day_count, revenue_divisor) AS credit_days
FROM valued
