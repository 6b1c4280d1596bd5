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
  remittances AS (
    SELECT
      remittance_key,
      [
        STRUCT(
          1 AS adjustment_number, adjustment_1_group AS group_code,
          adjustment_1_code AS reason_code, adjustment_1_remark AS remark_code,
          adjustment_1_amount AS amount
        ),
        STRUCT(2, adjustment_2_group, adjustment_2_code, adjustment_2_remark, adjustment_2_amount),
        STRUCT(3, adjustment_3_group, adjustment_3_code, adjustment_3_remark, adjustment_3_amount),
        STRUCT(4, adjustment_4_group, adjustment_4_code, adjustment_4_remark, adjustment_4_amount)
      ] AS adjustments
    FROM {{ ref("remittances_current") }}
  ),

  payments AS (
    SELECT remittance_key, source_system, claim_key, payer_key, remit_date
    FROM {{ ref("fact_remittances") }}
  ),

  outcomes AS (
    SELECT remittance_key, outcome FROM {{ ref("remittance_outcomes") }}
  )

SELECT
  remittances.remittance_key,
  adjustment.adjustment_number,
  payments.source_system,
  payments.claim_key,
  payments.payer_key,
  payments.remit_date,
  outcomes.outcome = 'Denied' AS is_denial,
  COALESCE(adjustment.group_code, 'OA') AS group_code,
  COALESCE(adjustment.reason_code, 'unknown') AS reason_code,
  adjustment.remark_code,
  adjustment.amount
FROM remittances
INNER JOIN payments ON remittances.remittance_key = payments.remittance_key
INNER JOIN outcomes ON remittances.remittance_key = outcomes.remittance_key
CROSS JOIN UNNEST(remittances.adjustments) AS adjustment
WHERE adjustment.amount IS NOT NULL
