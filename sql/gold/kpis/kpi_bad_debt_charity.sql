/*---
description: "Uncompensated care: bad debt and charity care."
grain: one row per source system and month from its first to its last posting
keys: [source_system, month_end_date]
owner: revenue-cycle
kpi:
  numerator: written off as bad debt, as charity care, and both
  denominator: gross patient service revenue of the month
  date_basis: posting date
  basis: gross
  exclusions: quarantined charges and postings; no rate for a month that is not over
  differs: >-
    takes write-offs by reason and day of posting; all write-offs together would count denials and
    small balances as uncompensated care
  source: HFMA MAP Keys AR-7 and AR-8; after FM-4, uncompensated care, here without uninsured discounts
columns:
  source_system: {type: STRING, description: Hospital.}
  month_end_date: {type: DATE, description: Last day of the month.}
  is_complete: {type: BOOL, description: Whether the month was over on the business date.}
  bad_debt_amount: {type: NUMERIC, description: Written off as bad debt in USD.}
  charity_amount: {type: NUMERIC, description: Written off as charity care in USD.}
  gross_charge_amount: {type: NUMERIC, description: Charges posted in USD.}
  bad_debt_rate: {type: RATE, description: Bad debt over charges.}
  charity_rate: {type: RATE, description: Charity care over charges.}
  uncompensated_rate: {type: RATE, description: Bad debt and charity care over charges.}
checks:
  - sum_equals:
      bad_debt_amount: kpi_month_close.bad_debt_amount
      charity_amount: kpi_month_close.charity_amount
      gross_charge_amount: kpi_month_close.gross_charge_amount
  - {range: {uncompensated_rate: [0, 1]}, severity: warn}
---*/
WITH
  months AS (
    SELECT
      source_system,
      month_end_date,
      is_complete,
      bad_debt_amount,
      charity_amount,
      gross_charge_amount,
      IF(is_complete, gross_charge_amount, NULL) AS divisor
    FROM {{ ref("kpi_month_close") }}
  )

SELECT
  source_system,
  month_end_date,
  is_complete,
  bad_debt_amount,
  charity_amount,
  gross_charge_amount,
  SAFE_DIVIDE(bad_debt_amount, divisor) AS bad_debt_rate,
  SAFE_DIVIDE(charity_amount, divisor) AS charity_rate,
  SAFE_DIVIDE(bad_debt_amount + charity_amount, divisor) AS uncompensated_rate
FROM months
