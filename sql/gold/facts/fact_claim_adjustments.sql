/*---
description: Why payers paid less than was billed, one adjustment of a claim payment (CAS of the 835).
grain: one row per claim payment and adjustment
keys: [remittance_key, adjustment_number]
partition_by: remit_date
cluster_by: [source_system, payer_key]
owner: revenue-cycle
columns:
  remittance_key: {type: STRING, description: Claim payment.}
  adjustment_number: {type: INT64, description: "1 to 4, in the payer's order."}
  source_system: {type: STRING, description: Hospital.}
  claim_key: {type: STRING, description: "Claim, or unknown."}
  payer_key: {type: STRING, description: "Payer, or unknown."}
  remit_date: {type: DATE, description: Day of the remittance.}
  is_denial: {type: BOOL, description: Whether the payment denies the claim.}
  is_refusal: {type: BOOL, description: "Whether this adjustment refuses payment that could have been had, as of a denied line of a claim that was paid."}
  group_code: {type: STRING, description: "CO contractual, PR patient, OA other, PI payer initiated."}
  reason_code: {type: STRING, description: "Claim adjustment reason code, see dim_adjustment_reasons."}
  remark_code: {type: STRING, description: Remittance advice remark code.}
  amount: {type: NUMERIC, description: Adjusted in USD; negative of a reversal.}
checks:
  - {not_null: [source_system, claim_key, remit_date, group_code, reason_code, amount]}
  - {accepted: {group_code: [CO, PR, OA, PI]}, severity: warn}
  - {sum_equals: {amount: fact_remittances.adjusted_amount}}
---*/
WITH
  adjustments AS (
    SELECT
      remittance_key, adjustment_number, group_code, reason_code, remark_code, amount, is_refusal
    FROM {{ ref("remittance_adjustments") }}
  ),

  payments AS (
    SELECT remittance_key, source_system, claim_key, payer_key, remit_date
    FROM {{ ref("fact_remittances") }}
  ),

  outcomes AS (
    SELECT remittance_key, outcome FROM {{ ref("remittance_outcomes") }}
  )

SELECT
  adjustments.remittance_key,
  adjustments.adjustment_number,
  payments.source_system,
  payments.claim_key,
  payments.payer_key,
  payments.remit_date,
  outcomes.outcome = 'Denied' AS is_denial,
  adjustments.is_refusal,
  adjustments.group_code,
  adjustments.reason_code,
  adjustments.remark_code,
  adjustments.amount
FROM adjustments
INNER JOIN payments ON adjustments.remittance_key = payments.remittance_key
INNER JOIN outcomes ON adjustments.remittance_key = outcomes.remittance_key
