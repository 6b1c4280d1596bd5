/*---
description: What payers decided and paid on claims, one claim payment of a remittance advice (835).
grain: one row per claim payment, reversals among them
keys: [remittance_key]
partition_by: remit_date
cluster_by: [source_system, payer_key]
owner: revenue-cycle
columns:
  remittance_key: {type: STRING, description: "Identity of the claim payment: hospital, payer and the payer's number."}
  source_system: {type: STRING, description: Hospital.}
  claim_key: {type: STRING, description: "Claim, or unknown."}
  transaction_key: {type: STRING, description: "Charge that the claim bills, or unknown."}
  payer_key: {type: STRING, description: "Payer, or unknown."}
  remit_date: {type: DATE, description: Day of the remittance.}
  check_number: {type: STRING, description: Number of the check or transfer.}
  status_code: {type: STRING, description: "1 primary, 2 secondary, 3 tertiary, 4 denied, 19 to 21 the same as 1 to 3 and forwarded to the next payer, 22 reversal, 23 not the payer's claim and forwarded, 25 price without a payment."}
  charge_amount: {type: NUMERIC, description: Billed on the claim in USD; negative of a reversal.}
  allowed_amount: {type: NUMERIC, description: "Allowed in USD; 0 of a denial. What was paid and what the patient owes where the payer does not say it."}
  is_allowed_stated: {type: BOOL, description: Whether the payer says what it allowed.}
  paid_amount: {type: NUMERIC, description: Paid in USD.}
  patient_responsibility_amount: {type: NUMERIC, description: Owed by the patient in USD.}
  adjusted_amount: {type: NUMERIC, description: All adjustments in USD.}
  refused_amount: {type: NUMERIC, description: "Of the adjustments, refused with a reason that denies in USD; of a partly paid claim its denied part."}
  is_crossover: {type: BOOL, description: "Whether a secondary or tertiary payer decided a claim that was sent to the primary one, which forwarded it."}
  place: {type: INT64, description: "1 for the first decision on the claim, by remit_date; of one day a reversal comes before its repayment, then by number. Crossovers count apart."}
  is_last: {type: BOOL, description: Whether the claim has no later decision.}
checks:
  - {not_null: [source_system, claim_key, remit_date, charge_amount, paid_amount]}
  - {row_count_equals: {remittances_current: 0}}
  - {accepted: {status_code: ["1", "2", "3", "4", "19", "20", "21", "22", "23", "25"]}}
  - {references: {claim_key: fact_claims.claim_key, payer_key: dim_payers.payer_key}}
  - expect:
      claim_balances: charge_amount - adjusted_amount = paid_amount
---*/
WITH
  remittances AS (
    SELECT
      remittance_key, source_system, remittance_id, claim_id, UPPER(payer_id) AS payer_code,
      remit_date, check_number, status_code, charge_amount, allowed_amount, paid_amount,
      patient_responsibility_amount,
      COALESCE(adjustment_1_amount, 0) + COALESCE(adjustment_2_amount, 0)
      + COALESCE(adjustment_3_amount, 0) + COALESCE(adjustment_4_amount, 0) AS adjusted_amount
    FROM {{ ref("remittances_current") }}
  ),

  outcomes AS (
    SELECT remittance_key, outcome, refused_amount FROM {{ ref("remittance_outcomes") }}
  ),

  claims AS (
    SELECT
      source_system, claim_id, claim_key, transaction_id,
      COALESCE(payer_sequence, 'P') AS payer_sequence
    FROM {{ ref("claims_current") }}
  ),

  transactions AS (
    SELECT source_system, transaction_id, transaction_key FROM {{ ref("transactions_current") }}
  ),

  payers AS (
    SELECT payer_code, payer_key FROM {{ ref("dim_payers") }}
  ),

  crossovers AS (
    SELECT
      remittances.remittance_key,
      COALESCE(claims.payer_sequence = 'P', FALSE)
      AND remittances.status_code IN ('2', '3', '20', '21') AS is_crossover
    FROM remittances
    LEFT JOIN claims
      ON
        remittances.source_system = claims.source_system
        AND remittances.claim_id = claims.claim_id
  )

SELECT
  remittances.remittance_key,
  remittances.source_system,
  COALESCE(claims.claim_key, 'unknown') AS claim_key,
  COALESCE(transactions.transaction_key, 'unknown') AS transaction_key,
  COALESCE(payers.payer_key, 'unknown') AS payer_key,
  remittances.remit_date,
  remittances.check_number,
  remittances.status_code,
  remittances.charge_amount,
  -- What is not said is what was paid and what the patient owes (X12 835, AMT*B6 is situational).
  COALESCE(
    remittances.allowed_amount,
    IF(
      outcomes.outcome = 'Denied',
      0,
      remittances.paid_amount + COALESCE(remittances.patient_responsibility_amount, 0)
    )
  ) AS allowed_amount,
  remittances.allowed_amount IS NOT NULL AS is_allowed_stated,
  remittances.paid_amount,
  COALESCE(remittances.patient_responsibility_amount, 0) AS patient_responsibility_amount,
  remittances.adjusted_amount,
  outcomes.refused_amount,
  crossovers.is_crossover,
  ROW_NUMBER() OVER (
    PARTITION BY remittances.source_system, remittances.claim_id, crossovers.is_crossover
    ORDER BY
      outcomes.outcome = 'None', remittances.remit_date, outcomes.outcome != 'Reversed',
      remittances.remittance_id, remittances.remittance_key
  ) AS place,
  ROW_NUMBER() OVER (
    PARTITION BY remittances.source_system, remittances.claim_id, crossovers.is_crossover
    ORDER BY
      outcomes.outcome = 'None', remittances.remit_date DESC, outcomes.outcome = 'Reversed',
      remittances.remittance_id DESC, remittances.remittance_key DESC
  ) = 1 AS is_last
FROM remittances
INNER JOIN outcomes ON remittances.remittance_key = outcomes.remittance_key
INNER JOIN crossovers ON remittances.remittance_key = crossovers.remittance_key
LEFT JOIN claims
  ON
    remittances.source_system = claims.source_system
    AND remittances.claim_id = claims.claim_id
LEFT JOIN transactions
  ON
    claims.source_system = transactions.source_system
    AND claims.transaction_id = transactions.transaction_id
LEFT JOIN payers ON remittances.payer_code = payers.payer_code
