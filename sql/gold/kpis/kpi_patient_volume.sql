/*---
description: Patients seen and charges posted, by month of service.
grain: one row per source system and month of service
keys: [source_system, service_month]
owner: revenue-cycle
kpi:
  numerator: distinct patients, distinct encounters, and charges
  date_basis: date of service
  exclusions: quarantined charges; charges without an encounter count no encounter
  differs: >-
    people are counted once a month, not once a visit
  source: common practice
columns:
  source_system: {type: STRING, description: Hospital.}
  service_month: {type: DATE, description: First day of the month of service.}
  patient_count: {type: INT64, description: Patients with a charge in the month; do not add up months.}
  encounter_count: {type: INT64, description: Encounters with a charge in the month.}
  transaction_count: {type: INT64, description: Charges.}
checks:
  - {sum_equals: {transaction_count: fact_transactions}}
  - {expect: {patients_have_charges: patient_count BETWEEN 1 AND transaction_count}}
---*/
WITH
  -- Identifiers, not keys: all members that are not there share the key `unknown`.
  transactions AS (
    SELECT source_system, service_date, patient_id, encounter_id
    FROM {{ ref("transactions_current") }}
  )

SELECT
  source_system,
  DATE_TRUNC(service_date, MONTH) AS service_month,
  COUNT(DISTINCT patient_id) AS patient_count,
  COUNT(DISTINCT encounter_id) AS encounter_count,
  COUNT(*) AS transaction_count
FROM transactions
GROUP BY source_system, service_month
