/*---
description: What procedures yield. Hospitals deliver no cost, so this is revenue per charge, not a margin.
grain: one row per source system, procedure code and category with a charge
keys: [source_system, procedure_code, category]
owner: revenue-cycle
kpi:
  numerator: paid by payers and by patients
  denominator: charges (per charge); gross charges less contractual adjustments (net rate)
  date_basis: as of the business date, all dates of service
  basis: net
  exclusions: quarantined charges; the cost of a procedure, which no source delivers
  differs: >-
    revenue per charge; without cost it is no profit
  source: common practice (yield by procedure)
columns:
  source_system: {type: STRING, description: Hospital.}
  procedure_code: {type: STRING, description: Procedure code; Unknown if the charge names none or one that is not in the set.}
  category: {type: STRING, description: Category of the code on the day of the service; Unknown if it has none.}
  transaction_count: {type: INT64, description: Charges.}
  billed_amount: {type: NUMERIC, description: Gross charges in USD.}
  adjustment_amount: {type: NUMERIC, description: Contractual adjustments in USD.}
  collected_amount: {type: NUMERIC, description: Paid by payers and patients in USD.}
  write_off_amount: {type: NUMERIC, description: Written off for other reasons in USD.}
  open_amount: {type: NUMERIC, description: Balance still owed in USD; credits count negative.}
  collected_per_charge: {type: RATE, description: USD collected per charge.}
  net_collection_rate: {type: RATE, description: Collected over billed less adjustments.}
checks:
  - sum_equals:
      transaction_count: fact_transactions
      billed_amount: fact_transactions.billed_amount
      adjustment_amount: fact_transactions.adjustment_amount
      write_off_amount: fact_transactions.write_off_amount
      open_amount: fact_transactions.open_amount
  - expect:
      balance_is_exact: >-
        billed_amount - adjustment_amount - collected_amount - write_off_amount = open_amount
  - {range: {net_collection_rate: [0, 1]}, severity: warn}
---*/
WITH
  transactions AS (
    SELECT
      source_system,
      procedure_version_key,
      billed_amount,
      adjustment_amount,
      paid_amount + patient_paid_amount AS collected_amount,
      write_off_amount,
      open_amount
    FROM {{ ref("fact_transactions") }}
  ),

  procedures AS (
    SELECT
      procedure_version_key,
      procedure_code,
      COALESCE(procedure_category, 'Unknown') AS category
    FROM {{ ref("dim_procedures") }}
  ),

  totals AS (
    SELECT
      transactions.source_system,
      procedures.procedure_code,
      procedures.category,
      COUNT(*) AS transaction_count,
      SUM(transactions.billed_amount) AS billed_amount,
      SUM(transactions.adjustment_amount) AS adjustment_amount,
      SUM(transactions.collected_amount) AS collected_amount,
      SUM(transactions.write_off_amount) AS write_off_amount,
      SUM(transactions.open_amount) AS open_amount
    FROM transactions
    INNER JOIN procedures
      ON transactions.procedure_version_key = procedures.procedure_version_key
    GROUP BY transactions.source_system, procedures.procedure_code, procedures.category
  )

SELECT
  source_system,
  procedure_code,
  category,
  transaction_count,
  billed_amount,
  adjustment_amount,
  collected_amount,
  write_off_amount,
  open_amount,
  SAFE_DIVIDE(collected_amount, transaction_count) AS collected_per_charge,
  SAFE_DIVIDE(collected_amount, billed_amount - adjustment_amount) AS net_collection_rate
FROM totals
