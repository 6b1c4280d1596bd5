/*---
description: Charges, payments and open balance of each patient over all time.
grain: one row per source system and patient with a charge; missing patients share the row unknown
keys: [source_system, patient_key]
cluster_by: [source_system, patient_key]
owner: revenue-cycle
kpi:
  numerator: visits, charges, and their gross, collected and open amounts
  date_basis: as of the business date, all dates of service
  basis: gross
  exclusions: quarantined charges; a charge without an encounter counts no visit
  differs: >-
    dollars charged and collected are not a margin
  source: common practice (lifetime value); dollars charged and collected, not a margin
columns:
  source_system: {type: STRING, description: Hospital.}
  patient_key: {type: STRING, description: "Patient, or unknown."}
  first_service_date: {type: DATE, description: Day of the first service.}
  last_service_date: {type: DATE, description: Day of the last service.}
  encounter_count: {type: INT64, description: Visits with a charge.}
  transaction_count: {type: INT64, description: Charges.}
  billed_amount: {type: NUMERIC, description: Gross charges in USD.}
  collected_amount: {type: NUMERIC, description: Paid by payers and the patient in USD.}
  open_amount: {type: NUMERIC, description: Balance still owed in USD; credits count negative.}
checks:
  - sum_equals:
      transaction_count: fact_transactions
      billed_amount: fact_transactions.billed_amount
      open_amount: fact_transactions.open_amount
  - {expect: {dates_are_in_order: first_service_date <= last_service_date}}
---*/
WITH
  transactions AS (
    SELECT
      transaction_key,
      source_system,
      patient_key,
      service_date,
      billed_amount,
      paid_amount + patient_paid_amount AS collected_amount,
      open_amount
    FROM {{ ref("fact_transactions") }}
  ),

  -- Identifiers, not keys: all encounters that are not there share the key `unknown`.
  visits AS (
    SELECT transaction_key, encounter_id FROM {{ ref("transactions_current") }}
  )

SELECT
  transactions.source_system,
  transactions.patient_key,
  MIN(transactions.service_date) AS first_service_date,
  MAX(transactions.service_date) AS last_service_date,
  COUNT(DISTINCT visits.encounter_id) AS encounter_count,
  COUNT(*) AS transaction_count,
  SUM(transactions.billed_amount) AS billed_amount,
  SUM(transactions.collected_amount) AS collected_amount,
  SUM(transactions.open_amount) AS open_amount
FROM transactions
LEFT JOIN visits ON transactions.transaction_key = visits.transaction_key
GROUP BY transactions.source_system, transactions.patient_key
