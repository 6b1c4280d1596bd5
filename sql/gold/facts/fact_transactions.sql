/*---
description: Charges posted to patients' accounts with what was paid and adjusted on them so far.
grain: one row per transaction in its current version
keys: [transaction_key]
partition_by: service_date
cluster_by: [source_system, patient_key]
owner: revenue-cycle
columns:
  transaction_key: {type: STRING, description: Identity of the transaction within the hospital.}
  source_system: {type: STRING, description: Hospital.}
  encounter_key: {type: STRING, description: "Visit, or unknown."}
  patient_key: {type: STRING, description: "Patient, or unknown."}
  patient_version_key: {type: STRING, description: Version of the patient in force on the service day.}
  provider_key: {type: STRING, description: "Provider, or unknown."}
  provider_version_key: {type: STRING, description: Version of the provider in force on the service day.}
  department_key: {type: STRING, description: "Department, or unknown."}
  department_version_key: {type: STRING, description: Version of the department in force on the service day.}
  procedure_key: {type: STRING, description: "Procedure, or unknown."}
  procedure_version_key: {type: STRING, description: Version of the procedure code in force on the service day.}
  payer_key: {type: STRING, description: "Payer, or unknown."}
  service_date: {type: DATE, description: Day of the service.}
  visit_date: {type: DATE, description: Day of the visit.}
  paid_date: {type: DATE, description: Day of the last payment or adjustment.}
  visit_type: {type: STRING, description: Kind of visit.}
  amount_type: {type: STRING, description: Who is expected to pay.}
  line_of_business: {type: STRING, description: Line of business.}
  icd_code: {type: STRING, description: ICD-10-CM diagnosis code.}
  billed_amount: {type: NUMERIC, description: Gross charge in USD.}
  paid_amount: {type: NUMERIC, description: Paid by payers in USD.}
  patient_paid_amount: {type: NUMERIC, description: Paid by the patient in USD; 0 when the source says nothing.}
  adjustment_amount: {type: NUMERIC, description: Contractual adjustment in USD; 0 when the source says nothing.}
  write_off_amount: {type: NUMERIC, description: Written off for other reasons in USD; 0 when the source says nothing.}
  open_amount: {type: NUMERIC, description: Balance still owed in USD; negative is a credit.}
  coverage_rate: {type: RATE, description: Share of the charge that payers paid; NULL for a charge of 0.}
  claim_count: {type: INT64, description: Claims that bill this charge.}
  payment_status: {type: STRING, description: "Paid, Partial, Pending, or Denied: payers paid nothing and every claim was refused."}
checks:
  - {not_null: [source_system, service_date, billed_amount, paid_amount, open_amount]}
  - {row_count_equals: {transactions_current: 0}}
  - {accepted: {payment_status: [Paid, Partial, Pending, Denied]}}
  - references:
      encounter_key: fact_encounters.encounter_key
      patient_version_key: dim_patients.patient_version_key
      provider_version_key: dim_providers.provider_version_key
      department_version_key: dim_departments.department_version_key
      procedure_version_key: dim_procedures.procedure_version_key
      payer_key: dim_payers.payer_key
  - {references: {service_date: dim_date.calendar_date}, severity: warn}
  - expect:
      balance_is_exact: >-
        billed_amount - paid_amount - patient_paid_amount - adjustment_amount - write_off_amount
        = open_amount
---*/
WITH
  transactions AS (
    SELECT
      transaction_key, transaction_version_key, source_system, service_date, visit_date,
      paid_date, visit_type, amount_type, line_of_business, icd_code, amount, paid_amount,
      patient_paid_amount, adjustment_amount, write_off_amount, open_amount, coverage_rate,
      payment_status
    FROM {{ ref("transactions_current") }}
  ),

  links AS (
    SELECT
      fact_key,
      encounter_key,
      patient_key,
      patient_version_key,
      provider_key,
      provider_version_key,
      department_key,
      department_version_key,
      procedure_key,
      procedure_version_key,
      payer_key
    FROM {{ ref("fact_links") }}
    WHERE fact = 'transactions'
  ),

  claims AS (
    SELECT
      transaction_key,
      COUNT(*) AS claim_count,
      LOGICAL_AND(payment_status = 'Denied') AS is_denied
    FROM {{ ref("fact_claims") }}
    GROUP BY transaction_key
  )

SELECT
  transactions.transaction_key,
  transactions.source_system,
  COALESCE(links.encounter_key, 'unknown') AS encounter_key,
  COALESCE(links.patient_key, 'unknown') AS patient_key,
  COALESCE(links.patient_version_key, 'unknown') AS patient_version_key,
  COALESCE(links.provider_key, 'unknown') AS provider_key,
  COALESCE(links.provider_version_key, 'unknown') AS provider_version_key,
  COALESCE(links.department_key, 'unknown') AS department_key,
  COALESCE(links.department_version_key, 'unknown') AS department_version_key,
  COALESCE(links.procedure_key, 'unknown') AS procedure_key,
  COALESCE(links.procedure_version_key, 'unknown') AS procedure_version_key,
  COALESCE(links.payer_key, 'unknown') AS payer_key,
  transactions.service_date,
  transactions.visit_date,
  transactions.paid_date,
  transactions.visit_type,
  transactions.amount_type,
  transactions.line_of_business,
  transactions.icd_code,
  transactions.amount AS billed_amount,
  transactions.paid_amount,
  COALESCE(transactions.patient_paid_amount, 0) AS patient_paid_amount,
  COALESCE(transactions.adjustment_amount, 0) AS adjustment_amount,
  COALESCE(transactions.write_off_amount, 0) AS write_off_amount,
  transactions.open_amount,
  transactions.coverage_rate,
  COALESCE(claims.claim_count, 0) AS claim_count,
  IF(
    transactions.paid_amount = 0 AND COALESCE(claims.is_denied, FALSE),
    'Denied',
    transactions.payment_status
  ) AS payment_status
FROM transactions
LEFT JOIN links ON transactions.transaction_version_key = links.fact_key
LEFT JOIN claims ON transactions.transaction_key = claims.transaction_key
