/*---
description: >-
  Claims sent to payers, with their way from the service to the cash and the payer's decisions so
  far. What a source does not say is NULL: claim files without remittances know only a status.
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
  claim_frequency: {type: STRING, description: "1 original, 7 corrected, 8 void; 1 where the source is silent."}
  original_claim_key: {type: STRING, description: "Claim that this one corrects or voids, or unknown; NULL of an original."}
  payer_sequence: {type: STRING, description: "P to the primary payer, S to the secondary; P where the source is silent."}
  edit_count: {type: INT64, description: Scrubber edits that somebody had to work before the claim was sent.}
  service_date: {type: DATE, description: Day of the service.}
  charge_posted_date: {type: DATE, description: "The hospital's day on which the charge was recorded."}
  bill_date: {type: DATE, description: Day the charge was final billed.}
  claim_date: {type: DATE, description: Day the claim was sent to the payer.}
  adjudication_date: {type: DATE, description: "Day the payer decided, as the payer says."}
  decision_date: {type: DATE, description: "Day of the decision: adjudication_date, else for a granted claim the day its charge was paid. NULL while pending."}
  first_remit_date: {type: DATE, description: Day of the first remittance that decides the claim.}
  first_outcome: {type: STRING, description: "Paid or Denied by the first remittance; NULL before it."}
  final_outcome: {type: STRING, description: "Paid, Denied or Reversed by the last remittance; NULL before the first."}
  cash_posted_date: {type: DATE, description: Day of the first payment that the journal posted for the claim.}
  is_first_pass: {type: BOOL, description: "Whether an original claim was paid by its first remittance and never denied, not even in part, reversed, corrected or voided."}
  processing_days: {type: INT64, description: "Days from claim_date to decision_date; NULL when pending, unknown or negative."}
  claim_status: {type: STRING, description: "Pending, Approved, Paid, Denied or Rejected."}
  payment_status: {type: STRING, description: "Paid, Partial, Pending or Denied."}
  payer_type: {type: STRING, description: "Private, Government or Self-Pay."}
  billed_amount: {type: NUMERIC, description: Billed to the payer in USD.}
  paid_amount: {type: NUMERIC, description: Paid by the payer in USD.}
  expected_allowed_amount: {type: NUMERIC, description: "What the contract allows of the bill in USD, rounded down to the cent; NULL of secondary claims and without a contract."}
  allowed_amount: {type: NUMERIC, description: "Allowed by the claim's payer in USD, reversals deducted; NULL before its first decision. What later payers allow of a claim that was forwarded to them is not in it."}
  is_allowed_stated: {type: BOOL, description: "Whether the payer said what it allowed; else it is what was paid and what the patient owes. NULL before its first decision."}
  remitted_amount: {type: NUMERIC, description: "Paid by the claim's payer in USD, reversals deducted; NULL before its first decision."}
  deductible_amount: {type: NUMERIC, description: Deductible in USD.}
  coinsurance_amount: {type: NUMERIC, description: Coinsurance in USD.}
  copay_amount: {type: NUMERIC, description: Copay in USD.}
  coverage_rate: {type: RATE, description: Share of the billed amount that the payer paid; NULL for a bill of 0.}
checks:
  - {not_null: [source_system, service_date, claim_date, billed_amount, paid_amount]}
  - {row_count_equals: {claims_current: 0}}
  - {accepted: {claim_status: [Pending, Approved, Paid, Denied, Rejected]}}
  - {accepted: {payment_status: [Paid, Partial, Pending, Denied]}}
  - {accepted: {claim_frequency: ["1", "7", "8"], payer_sequence: [P, S, T]}, severity: warn}
  - {accepted: {first_outcome: [Paid, Denied], final_outcome: [Paid, Denied, Reversed]}}
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
      claim_key, claim_id, source_system, transaction_id, service_date, claim_date,
      adjudication_date, claim_status, payment_status, payer_type, UPPER(payer_id) AS payer_code,
      claim_amount, paid_amount, deductible_amount, coinsurance_amount, copay_amount,
      coverage_rate, COALESCE(claim_frequency, '1') AS claim_frequency, original_claim_id,
      COALESCE(payer_sequence, 'P') AS payer_sequence, edit_count
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
    SELECT
      source_system, transaction_id, paid_date,
      {{ recorded_day("source_system") }} AS charge_posted_date,
      billed_date AS bill_date, procedure_code
    FROM {{ ref("transactions_current") }}
  ),

  contracts AS (
    SELECT source_system, payer_code, procedure_code, valid_from, valid_to, allowed_percent
    FROM {{ ref("contracted_rates") }}
  ),

  outcomes AS (
    SELECT remittance_key, outcome
    FROM {{ ref("remittance_outcomes") }}
    WHERE outcome != 'None'
  ),

  remittances AS (
    SELECT
      decisions.claim_key,
      MIN(decisions.remit_date) AS first_remit_date,
      MAX(
        IF(
          decisions.place = 1,
          IF(outcomes.outcome = 'Reversed', 'Paid', outcomes.outcome),
          NULL
        )
      ) AS first_outcome,
      MAX(IF(decisions.is_last, outcomes.outcome, NULL)) AS final_outcome,
      LOGICAL_OR(outcomes.outcome IN ('Denied', 'Reversed') OR decisions.refused_amount > 0)
        AS was_refused,
      SUM(decisions.allowed_amount) AS allowed_amount,
      LOGICAL_AND(outcomes.outcome = 'Denied' OR decisions.is_allowed_stated)
        AS is_allowed_stated,
      SUM(decisions.paid_amount) AS remitted_amount
    FROM {{ ref("fact_remittances") }} AS decisions
    INNER JOIN outcomes ON decisions.remittance_key = outcomes.remittance_key
    WHERE decisions.claim_key != 'unknown' AND NOT decisions.is_crossover
    GROUP BY decisions.claim_key
  ),

  payments AS (
    SELECT claim_key, MIN(posting_date) AS cash_posted_date
    FROM {{ ref("fact_ledger") }}
    WHERE posting_kind = 'payment' AND claim_key != 'unknown'
    GROUP BY claim_key
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
  ),

  reworked AS (
    SELECT DISTINCT source_system, original_claim_id
    FROM claims
    WHERE original_claim_id IS NOT NULL
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
  claims.claim_frequency,
  IF(claims.original_claim_id IS NULL, NULL, COALESCE(originals.claim_key, 'unknown'))
    AS original_claim_key,
  claims.payer_sequence,
  claims.edit_count,
  claims.service_date,
  transactions.charge_posted_date,
  transactions.bill_date,
  claims.claim_date,
  claims.adjudication_date,
  decisions.decision_date,
  remittances.first_remit_date,
  remittances.first_outcome,
  remittances.final_outcome,
  payments.cash_posted_date,
  claims.claim_frequency = '1'
  AND claims.payer_sequence = 'P'
  AND claims.claim_status != 'Rejected'
  AND COALESCE(remittances.first_outcome = 'Paid', FALSE)
  AND NOT remittances.was_refused
  AND reworked.original_claim_id IS NULL AS is_first_pass,
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
  IF(
    claims.payer_sequence = 'P',
    -- A product of decimals is exact; the local emulator divides as a double.
    TRUNC(claims.claim_amount * contracts.allowed_percent * NUMERIC '0.01', 2),
    NULL
  ) AS expected_allowed_amount,
  remittances.allowed_amount,
  remittances.is_allowed_stated,
  remittances.remitted_amount,
  claims.deductible_amount,
  claims.coinsurance_amount,
  claims.copay_amount,
  claims.coverage_rate
FROM claims
LEFT JOIN links ON claims.claim_key = links.fact_key
LEFT JOIN transactions
  ON
    claims.source_system = transactions.source_system
    AND claims.transaction_id = transactions.transaction_id
LEFT JOIN claims AS originals
  ON
    claims.source_system = originals.source_system
    AND claims.original_claim_id = originals.claim_id
LEFT JOIN reworked
  ON
    claims.source_system = reworked.source_system
    AND claims.claim_id = reworked.original_claim_id
LEFT JOIN contracts
  ON
    claims.source_system = contracts.source_system
    AND claims.payer_code = contracts.payer_code
    AND transactions.procedure_code = contracts.procedure_code
    AND claims.service_date BETWEEN contracts.valid_from AND contracts.valid_to
LEFT JOIN decisions ON claims.claim_key = decisions.claim_key
LEFT JOIN remittances ON claims.claim_key = remittances.claim_key
LEFT JOIN payments ON claims.claim_key = payments.claim_key
