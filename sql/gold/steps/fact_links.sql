/*---
description: >-
  The dimension members that each fact row refers to, resolved once for all facts. A key is NULL
  if the source names no member, and unknown if it names a missing one. Transactions are here with all
  their versions: a posting stays with the members that the charge named at the time.
grain: one row per fact and fact row
keys: [fact, fact_key]
published: false
owner: data-engineering
columns:
  fact: {type: STRING, description: "Fact that holds the row: transactions, claims or encounters."}
  fact_key: {type: STRING, description: "Key of the row there; of a transaction, of its version."}
  is_current: {type: BOOL, description: Whether the row is the version in force.}
  source_system: {type: STRING, description: Hospital.}
  billed_amount: {type: NUMERIC, description: Billed by the row in USD; 0 for an encounter.}
  transaction_key: {type: STRING, description: Charge that a claim bills.}
  encounter_key: {type: STRING, description: Visit.}
  patient_key: {type: STRING, description: Patient.}
  patient_version_key: {type: STRING, description: Version of the patient in force on the service day.}
  provider_key: {type: STRING, description: Provider.}
  provider_version_key: {type: STRING, description: Version of the provider in force on the service day.}
  department_key: {type: STRING, description: Department.}
  department_version_key: {type: STRING, description: Version of the department in force on the service day.}
  procedure_key: {type: STRING, description: Procedure.}
  procedure_version_key: {type: STRING, description: Version of the procedure code in force on the service day.}
  payer_key: {type: STRING, description: Payer.}
---*/
WITH
  versions AS (
    SELECT
      source_system, transaction_version_key, is_current, encounter_id, patient_id, provider_id,
      department_id, procedure_code, payer_id, service_date, amount
    FROM {{ ref("transactions") }}
  ),

  transactions AS (
    SELECT source_system, transaction_id, transaction_key
    FROM {{ ref("transactions_current") }}
  ),

  claims AS (
    SELECT
      source_system, claim_key, transaction_id, encounter_id, patient_id, provider_id,
      department_id, payer_id, service_date, claim_amount
    FROM {{ ref("claims_current") }}
  ),

  encounters AS (
    SELECT
      source_system, encounter_key, encounter_id, patient_id, provider_id, department_id,
      procedure_code, encounter_date
    FROM {{ ref("encounters_current") }}
  ),

  patients AS (
    SELECT source_system, patient_id, patient_key, patient_version_key, first_day, end_day
    FROM {{ ref("patients_periods") }}
  ),

  providers AS (
    SELECT source_system, provider_id, provider_key, provider_version_key, first_day, end_day
    FROM {{ ref("providers_periods") }}
  ),

  departments AS (
    SELECT
      source_system, department_id, department_key, department_version_key, first_day, end_day
    FROM {{ ref("departments_periods") }}
  ),

  procedures AS (
    -- Codes are public: they belong to their set, not to a hospital.
    SELECT procedure_code, procedure_key, procedure_version_key, first_day, end_day
    FROM {{ ref("procedures_periods") }}
    WHERE source_system = 'reference_codes'
  ),

  payers AS (
    SELECT payer_code, payer_key FROM {{ ref("dim_payers") }}
  ),

  mentions AS (
    SELECT
      'transactions' AS fact, transaction_version_key AS fact_key, is_current, source_system,
      amount AS billed_amount, CAST(NULL AS STRING) AS transaction_id, encounter_id, patient_id,
      provider_id, department_id, procedure_code, UPPER(payer_id) AS payer_code, service_date
    FROM versions
    UNION ALL
    SELECT
      'claims', claim_key, TRUE, source_system,
      claim_amount, transaction_id, encounter_id, patient_id,
      provider_id, department_id, NULL, UPPER(payer_id), service_date
    FROM claims
    UNION ALL
    SELECT
      'encounters', encounter_key, TRUE, source_system,
      0, NULL, NULL, patient_id,
      provider_id, department_id, procedure_code, NULL, encounter_date
    FROM encounters
  )

SELECT
  mentions.fact,
  mentions.fact_key,
  mentions.is_current,
  mentions.source_system,
  mentions.billed_amount,
  IF(mentions.transaction_id IS NULL, NULL, COALESCE(transactions.transaction_key, 'unknown'))
    AS transaction_key,
  IF(mentions.encounter_id IS NULL, NULL, COALESCE(encounters.encounter_key, 'unknown'))
    AS encounter_key,
  IF(mentions.patient_id IS NULL, NULL, COALESCE(patients.patient_key, 'unknown')) AS patient_key,
  IF(mentions.patient_id IS NULL, NULL, COALESCE(patients.patient_version_key, 'unknown'))
    AS patient_version_key,
  IF(mentions.provider_id IS NULL, NULL, COALESCE(providers.provider_key, 'unknown'))
    AS provider_key,
  IF(mentions.provider_id IS NULL, NULL, COALESCE(providers.provider_version_key, 'unknown'))
    AS provider_version_key,
  IF(mentions.department_id IS NULL, NULL, COALESCE(departments.department_key, 'unknown'))
    AS department_key,
  IF(mentions.department_id IS NULL, NULL, COALESCE(departments.department_version_key, 'unknown'))
    AS department_version_key,
  IF(mentions.procedure_code IS NULL, NULL, COALESCE(procedures.procedure_key, 'unknown'))
    AS procedure_key,
  IF(mentions.procedure_code IS NULL, NULL, COALESCE(procedures.procedure_version_key, 'unknown'))
    AS procedure_version_key,
  IF(mentions.payer_code IS NULL, NULL, COALESCE(payers.payer_key, 'unknown')) AS payer_key
FROM mentions
LEFT JOIN transactions
  ON
    mentions.source_system = transactions.source_system
    AND mentions.transaction_id = transactions.transaction_id
LEFT JOIN encounters
  ON
    mentions.source_system = encounters.source_system
    AND mentions.encounter_id = encounters.encounter_id
LEFT JOIN patients
  ON
    mentions.source_system = patients.source_system
    AND mentions.patient_id = patients.patient_id
    AND mentions.service_date >= patients.first_day
    AND mentions.service_date < patients.end_day
LEFT JOIN providers
  ON
    mentions.source_system = providers.source_system
    AND mentions.provider_id = providers.provider_id
    AND mentions.service_date >= providers.first_day
    AND mentions.service_date < providers.end_day
LEFT JOIN departments
  ON
    mentions.source_system = departments.source_system
    AND mentions.department_id = departments.department_id
    AND mentions.service_date >= departments.first_day
    AND mentions.service_date < departments.end_day
LEFT JOIN procedures
  ON
    mentions.procedure_code = procedures.procedure_code
    AND mentions.service_date >= procedures.first_day
    AND mentions.service_date < procedures.end_day
LEFT JOIN payers ON mentions.payer_code = payers.payer_code
