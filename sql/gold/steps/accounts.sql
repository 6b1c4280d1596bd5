/*---
description: >-
  The accounts that take postings, with patient, provider and payer: the latest version of every
  charge, deleted ones included.
grain: one row per account, which is a transaction
keys: [transaction_key]
published: false
owner: data-engineering
columns:
  transaction_key: {type: STRING, description: Identity of the transaction within the hospital.}
  source_system: {type: STRING, description: Hospital.}
  transaction_id: {type: STRING, description: The hospital's number of it.}
  is_live: {type: BOOL, description: Whether the charge is in force.}
  has_journal: {type: BOOL, description: "Whether the hospital's billing system has a posting journal, landed or not; else what became of a charge is read from its versions."}
  service_date: {type: DATE, description: Day of the service.}
  charge_posted_date: {type: DATE, description: The hospital's day on which the charge was recorded.}
  bill_date: {type: DATE, description: Day the charge was final billed; NULL while it is not.}
  payer_key: {type: STRING, description: "Payer that the charge names, or unknown."}
  patient_key: {type: STRING, description: "Patient, or unknown."}
  provider_key: {type: STRING, description: "Provider, or unknown."}
  department_key: {type: STRING, description: "Department, or unknown."}
  procedure_code: {type: STRING, description: Procedure code.}
  charge_amount: {type: NUMERIC, description: Gross charge in USD.}
  open_amount: {type: NUMERIC, description: Balance in USD as the source says it; 0 of a charge that is not in force.}
---*/
WITH
  transactions AS (
    SELECT
      transaction_key, transaction_version_key, source_system, transaction_id, is_current,
      service_date, inserted_at, billed_date, procedure_code, amount, open_amount
    FROM {{ ref("transactions") }}
    QUALIFY ROW_NUMBER() OVER (PARTITION BY transaction_key ORDER BY version DESC) = 1
  ),

  links AS (
    SELECT fact_key, payer_key, patient_key, provider_key, department_key
    FROM {{ ref("fact_links") }}
    WHERE fact = 'transactions'
  ),

  journals AS (
    SELECT source_system FROM {{ ref("postings_current") }}
    UNION DISTINCT
    SELECT source_system FROM {{ ref("table_loads") }} WHERE entity = 'postings'
  )

SELECT
  transactions.transaction_key,
  transactions.source_system,
  transactions.transaction_id,
  transactions.is_current AS is_live,
  journals.source_system IS NOT NULL AS has_journal,
  transactions.service_date,
  {{ recorded_day("transactions.source_system", "transactions.inserted_at") }}
    AS charge_posted_date,
  transactions.billed_date AS bill_date,
  COALESCE(links.payer_key, 'unknown') AS payer_key,
  COALESCE(links.patient_key, 'unknown') AS patient_key,
  COALESCE(links.provider_key, 'unknown') AS provider_key,
  COALESCE(links.department_key, 'unknown') AS department_key,
  transactions.procedure_code,
  transactions.amount AS charge_amount,
  IF(transactions.is_current, transactions.open_amount, 0) AS open_amount
FROM transactions
LEFT JOIN links ON transactions.transaction_version_key = links.fact_key
LEFT JOIN journals ON transactions.source_system = journals.source_system
