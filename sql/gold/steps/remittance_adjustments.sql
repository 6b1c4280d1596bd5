/*---
description: >-
  The adjustments of every claim payment (CAS of the 835), and which of them refuse payment. A payer
  refuses with a reason of group CO, OA or PI that is a denial; what it leaves to the patient (PR) and
  what is above the contract is none. A reason that dim_adjustment_reasons lacks refuses.
grain: one row per claim payment and adjustment
keys: [remittance_key, adjustment_number]
published: false
owner: revenue-cycle
columns:
  remittance_key: {type: STRING, description: Claim payment.}
  adjustment_number: {type: INT64, description: "1 to 4, in the payer's order."}
  group_code: {type: STRING, description: "CO contractual, PR patient, OA other, PI payer initiated; OA where the payer says none."}
  reason_code: {type: STRING, description: "Claim adjustment reason code, or unknown."}
  remark_code: {type: STRING, description: Remittance advice remark code.}
  amount: {type: NUMERIC, description: Adjusted in USD; negative of a reversal.}
  is_refusal: {type: BOOL, description: Whether it refuses payment that could have been had.}
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

  reasons AS (
    SELECT reason_code, is_denial FROM {{ ref("dim_adjustment_reasons") }}
  )

SELECT
  remittances.remittance_key,
  adjustment.adjustment_number,
  COALESCE(adjustment.group_code, 'OA') AS group_code,
  COALESCE(adjustment.reason_code, 'unknown') AS reason_code,
  adjustment.remark_code,
  adjustment.amount,
  COALESCE(adjustment.group_code, 'OA') != 'PR' AND COALESCE(reasons.is_denial, TRUE)
    AS is_refusal
FROM remittances
CROSS JOIN UNNEST(remittances.adjustments) AS adjustment
LEFT JOIN reasons ON adjustment.reason_code = reasons.reason_code
WHERE adjustment.amount IS NOT NULL
