/*---
description: >-
  What each claim payment of a remittance advice decided. A payer denies a claim of a known patient
  with status 1, 2 or 3, nothing paid and a reason (X12 RFI 1423 and 1885); status 4 is only one of
  the ways. A payment of nothing because all of it is the patient's or above the contract is no
  denial.
grain: one row per claim payment
keys: [remittance_key]
published: false
owner: revenue-cycle
columns:
  remittance_key: {type: STRING, description: Identity of the claim payment within the hospital.}
  outcome: {type: STRING, description: "Denied, Paid, Reversed, or None of a payment that decides nothing: forwarded as not the payer's (23) or a price without a payment (25)."}
checks:
  - {row_count_equals: {remittances_current: 0}}
  - {accepted: {outcome: [Denied, Paid, Reversed, None]}}
---*/
WITH
  remittances AS (
    SELECT
      remittance_key,
      status_code,
      paid_amount,
      [
        STRUCT(
          adjustment_1_group AS group_code, adjustment_1_code AS reason_code,
          adjustment_1_amount AS amount
        ),
        STRUCT(adjustment_2_group, adjustment_2_code, adjustment_2_amount),
        STRUCT(adjustment_3_group, adjustment_3_code, adjustment_3_amount),
        STRUCT(adjustment_4_group, adjustment_4_code, adjustment_4_amount)
      ] AS adjustments
    FROM {{ ref("remittances_current") }}
  ),

  reasons AS (
    SELECT reason_code, is_denial FROM {{ ref("dim_adjustment_reasons") }}
  ),

  -- A reason that the list does not have refuses payment, unless it leaves the amount to the patient.
  refused AS (
    SELECT DISTINCT remittances.remittance_key
    FROM remittances
    CROSS JOIN UNNEST(remittances.adjustments) AS adjustment
    LEFT JOIN reasons ON adjustment.reason_code = reasons.reason_code
    WHERE
      adjustment.amount > 0
      AND COALESCE(reasons.is_denial, COALESCE(adjustment.group_code, 'OA') != 'PR')
  )

SELECT
  remittances.remittance_key,
  CASE
    WHEN remittances.status_code = '4' THEN 'Denied'
    WHEN remittances.status_code = '22' THEN 'Reversed'
    WHEN remittances.status_code IN ('23', '25') THEN 'None'
    WHEN remittances.paid_amount = 0 AND refused.remittance_key IS NOT NULL THEN 'Denied'
    ELSE 'Paid'
  END AS outcome
FROM remittances
LEFT JOIN refused ON remittances.remittance_key = refused.remittance_key
