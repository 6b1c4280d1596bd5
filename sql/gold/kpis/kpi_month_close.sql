/*---
description: The month's books by posting date, from gross charges to net revenue and cash.
grain: one row per source system and month from its first to its last posting
keys: [source_system, month_end_date]
owner: revenue-cycle
kpi:
  numerator: charges, adjustments, write-offs by reason, and cash that were posted in the month
  date_basis: posting date
  basis: net
  exclusions: quarantined charges and postings; postings dated after the business date's month
  differs: >-
    write-offs for denials do not lower net revenue, and transfers between payers are neither cash
    nor adjustment
  source: >-
    after HFMA's net patient service revenue: gross charges less contractual adjustments, charity care
    and bad debt
columns:
  source_system: {type: STRING, description: Hospital.}
  month_end_date: {type: DATE, description: Last day of the month.}
  is_complete: {type: BOOL, description: Whether the month was over on the business date.}
  gross_charge_amount: {type: NUMERIC, description: "Charges posted in USD: gross patient service revenue."}
  contractual_amount: {type: NUMERIC, description: Contractual adjustments in USD.}
  charity_amount: {type: NUMERIC, description: Written off as charity care in USD.}
  bad_debt_amount: {type: NUMERIC, description: Written off as bad debt in USD.}
  denial_write_off_amount: {type: NUMERIC, description: Written off after a denial or because it was filed too late in USD.}
  small_balance_amount: {type: NUMERIC, description: Small balances written off in USD.}
  admin_write_off_amount: {type: NUMERIC, description: Written off by an administrative decision in USD.}
  other_write_off_amount: {type: NUMERIC, description: Written off for another reason or for none that is known in USD.}
  net_revenue_amount: {type: NUMERIC, description: "Net patient service revenue in USD: charges less contractual adjustments, charity care and bad debt."}
  payer_cash_amount: {type: NUMERIC, description: "Paid by payers in USD, less what they took back and what was given back to them."}
  patient_cash_amount: {type: NUMERIC, description: "Paid by patients in USD, less what was given back to them."}
  cash_amount: {type: NUMERIC, description: Cash of payers and patients in USD.}
  refund_amount: {type: NUMERIC, description: "Money given back to payers and patients in USD, which cash is less of."}
  takeback_amount: {type: NUMERIC, description: "Payments that payers took back in USD, which cash is less of."}
checks:
  - sum_equals:
      gross_charge_amount: ledger_months.gross_charge_amount
      contractual_amount: ledger_months.contractual_amount
      payer_cash_amount: ledger_months.payer_cash_amount
      patient_cash_amount: ledger_months.patient_cash_amount
  - sum_equals: {gross_charge_amount: fact_ledger.posted_amount}
    where: posting_kind = 'charge' AND posting_date <= LAST_DAY(@business_date, MONTH)
  - expect:
      cash_is_from_payers_or_patients: payer_cash_amount + patient_cash_amount = cash_amount
---*/
WITH
  ledger AS (
    SELECT
      source_system,
      month_end_date,
      gross_charge_amount,
      contractual_amount,
      charity_amount,
      bad_debt_amount,
      denial_write_off_amount,
      small_balance_amount,
      admin_write_off_amount,
      other_write_off_amount,
      payer_cash_amount,
      patient_cash_amount,
      refund_amount,
      takeback_amount
    FROM {{ ref("ledger_months") }}
  )

SELECT
  source_system,
  month_end_date,
  month_end_date <= @business_date AS is_complete,
  SUM(gross_charge_amount) AS gross_charge_amount,
  SUM(contractual_amount) AS contractual_amount,
  SUM(charity_amount) AS charity_amount,
  SUM(bad_debt_amount) AS bad_debt_amount,
  SUM(denial_write_off_amount) AS denial_write_off_amount,
  SUM(small_balance_amount) AS small_balance_amount,
  SUM(admin_write_off_amount) AS admin_write_off_amount,
  SUM(other_write_off_amount) AS other_write_off_amount,
  SUM(gross_charge_amount - contractual_amount - charity_amount - bad_debt_amount)
    AS net_revenue_amount,
  SUM(payer_cash_amount) AS payer_cash_amount,
  SUM(patient_cash_amount) AS patient_cash_amount,
  SUM(payer_cash_amount + patient_cash_amount) AS cash_amount,
  SUM(refund_amount) AS refund_amount,
  SUM(takeback_amount) AS takeback_amount
FROM ledger
GROUP BY source_system, month_end_date
