/*---
description: Claims sent to payers with the payer's decision so far.
grain: one row per claim in its current version
keys: [claim_key]
partition_by: service_date
cluster_by: [source_system, payer_key]
owner: revenue-cycle
columns:
  claim_key: {type: STRING, description: Identity of the claim within the hospital.}
  source_system: {type: STRING, description: Hospital.}
  transaction_key: {type: STRING, description: "Charge that the claim bills, or unknown."}
  encounter_key: {type: STRING, description: "Visit, or unknown."}
  patient_key: {type: STRING, description: "Patient, or unknown."}
  patient_version_key: {type: STRING, description: Version of the patient in force on the service day.}
  provider_key: {type: STRING, description: "Provider, or unknown."}
  provider_version_key: {type: STRING, description: Version of the provider in force on the service day.}
  department_key: {type: STRING, description: "Department, or unknown."}
  department_version_key: {type: STRING, description: Version of the department in force on the service day.}
  payer_key: {type: STRING, description: "Payer, or unknown."}
  service_date: {type: DATE, description: Day of the service.}
  claim_date: {type: DATE, description: Day the claim was sent to the payer.}
  adjudication_date: {type: DATE, description: "Day the payer decided, as the payer says."}
  decision_date: {type: DATE, description: "Day of the decision: adjudication_date, else for a granted claim the day its charge was paid. NULL while pending."}
  processing_days: {type: INT64, description: "Days from claim_date to decision_date; NULL when pending, unknown or negative."}
  claim_status: {type: STRING, description: "Pending, Approved, Paid, Denied or Rejected."}
  payment_status: {type: STRING, description: "Paid, Partial, Pending or Denied."}
  payer_type: {type: STRING, description: "Private, Government or Self-Pay."}
  billed_amount: {type: NUMERIC, description: Billed to the payer in USD.}
  paid_amount: {type: NUMERIC, description: Paid by the payer in USD.}
  deductible_amount: {type: NUMERIC, description: Deductible in USD.}
  coinsurance_amount: {type: NUMERIC, description: Coinsurance in USD.}
  copay_amount: {type: NUMERIC, description: Copay in USD.}
  coverage_rate: {type: RATE, description: Share of the billed amount that the payer paid; NULL for a bill of 0.}
checks:
  - {not_null: [source_system, service_date, claim_date, billed_amount, paid_amount]}
  - {row_count_equals: {claims_current: 0}}
  - {accepted: {claim_status: [Pending, Approved, Paid, Denied, Rejected]}}
  - {accepted: {payment_status: [Paid, Partial, Pending, Denied]}}
  - {range: {processing_days: [0, null]}}
  - references:
      transaction_key: fact_transactions.transaction_key
      encounter_key: fact_encounters.encounter_key
      patient_version_key: dim_patients.patient_version_key
      provider_version_key: dim_providers.provider_version_key
      department_version_key: dim_departments.department_version_key
      payer_key: dim_payers.payer_key
  - {references: {service_date: dim_date.calendar_date}, severity: warn}
---*/
WITH
  claims AS (
    SELECT
      claim_key, source_system, transaction_id, service_date, claim_date, adjudication_date,
      claim_status, payment_status, payer_type, claim_amount, paid_amount, deductible_amount,
      coinsurance_amount, copay_amount, coverage_rate
    FROM {{ ref("claims_current") }}
  ),

  links AS (
    SELECT
      fact_key,
      transaction_key,
      encounter_key,
      patient_key,
      patient_version_key,
      provider_key,
      provider_version_key,
      department_key,
      department_version_key,
      payer_key
    FROM {{ ref("fact_links") }}
    WHERE fact = 'claims'
  ),

  transactions AS (
    SELECT source_system, transaction_id, paid_date FROM {{ ref("transactions_current") }}
  ),

  decisions AS (
    SELECT
      claims.claim_key,
      CASE
        WHEN claims.claim_status = 'Pending' THEN NULL
        WHEN claims.claim_status IN ('Approved', 'Paid')
          THEN COALESCE(claims.adjudication_date, transactions.paid_date)
        ELSE claims.adjudication_date
      END AS decision_date
    FROM claims
    LEFT JOIN transactions
      ON
        claims.source_system = transactions.source_system
        AND claims.transaction_id = transactions.transaction_id
  )

SELECT
  claims.claim_key,
  claims.source_system,
  COALESCE(links.transaction_key, 'unknown') AS transaction_key,
  COALESCE(links.encounter_key, 'unknown') AS encounter_key,
  COALESCE(links.patient_key, 'unknown') AS patient_key,
  COALESCE(links.patient_version_key, 'unknown') AS patient_version_key,
  COALESCE(links.provider_key, 'unknown') AS provider_key,
  COALESCE(links.provider_version_key, 'unknown') AS provider_version_key,
  COALESCE(links.department_key, 'unknown') AS department_key,
  COALESCE(links.department_version_key, 'unknown') AS department_version_key,
  COALESCE(links.payer_key, 'unknown') AS payer_key,
  claims.service_date,
  claims.claim_date,
  claims.adjudication_date,
  decisions.decision_date,
  IF(
    decisions.decision_date >= claims.claim_date,
    DATE_DIFF(decisions.decision_date, claims.claim_date, DAY),
    NULL
  ) AS processing_days,
  claims.claim_status,
  claims.payment_status,
  claims.payer_type,
  claims.claim_amount AS billed_amount,
  claims.paid_amount,
  claims.deductible_amount,
  claims.coinsurance_amount,
  claims.copay_amount,
  claims.coverage_rate
FROM claims
LEFT JOIN links ON claims.claim_key = links.fact_key
LEFT JOIN decisions ON claims.claim_key = decisions.claim_key
