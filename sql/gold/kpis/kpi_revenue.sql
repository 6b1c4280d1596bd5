/*---
description: Gross charges and what became of them, by month of service.
grain: one row per source system and month of service
keys: [source_system, service_month]
owner: revenue-cycle
kpi:
  numerator: billed, paid, patient paid, adjustment, write-off and open amounts of the charges
  date_basis: date of service
  basis: gross
  exclusions: quarantined charges
  differs: >-
    by day of service; the books by day of posting are in kpi_month_close
  source: common practice
columns:
  source_system: {type: STRING, description: Hospital.}
  service_month: {type: DATE, description: First day of the month of service.}
  transaction_count: {type: INT64, description: Charges.}
  billed_amount: {type: NUMERIC, description: Gross charges in USD.}
  paid_amount: {type: NUMERIC, description: Paid by payers in USD.}
  patient_paid_amount: {type: NUMERIC, description: Paid by patients in USD.}
  adjustment_amount: {type: NUMERIC, description: Contractual adjustments in USD.}
  write_off_amount: {type: NUMERIC, description: Written off for other reasons in USD.}
  open_amount: {type: NUMERIC, description: Balance still owed in USD; credits count negative.}
checks:
  - sum_equals:
      billed_amount: fact_transactions.billed_amount
      paid_amount: fact_transactions.paid_amount
      open_amount: fact_transactions.open_amount
  - expect:
      balance_is_exact: >-
        billed_amount - paid_amount - patient_paid_amount - adjustment_amount - write_off_amount
        = open_amount
---*/
WITH
  transactions AS (
    SELECT
      source_system, service_date, billed_amount, paid_amount, patient_paid_amount,
      adjustment_amount, write_off_amount, open_amount
    FROM {{ ref("fact_transactions") }}
  )

SELECT
  source_system,
  DATE_TRUNC(service_date, MONTH) AS service_month,
  COUNT(*) AS transaction_count,
  SUM(billed_amount) AS billed_amount,
  SUM(paid_amount) AS paid_amount,
  SUM(patient_paid_amount) AS patient_paid_amount,
  SUM(adjustment_amount) AS adjustment_amount,
  SUM(write_off_amount) AS write_off_amount,
  SUM(open_amount) AS open_amount
FROM transactions
GROUP BY source_system, service_month
