/*---
description: >-
  What each claim payment of a remittance advice decided. A payer denies a claim of a known patient
  with status 1, 2 or 3, nothing paid and a reason (X12 RFI 1423 and 1885); status 4 is only one of
  the ways. A payment of nothing because all of it is the patient's or above the contract is no
  denial, and neither is a payment of which a part is refused.
grain: one row per claim payment
keys: [remittance_key]
published: false
owner: revenue-cycle
columns:
  remittance_key: {type: STRING, description: Identity of the claim payment within the hospital.}
  outcome: {type: STRING, description: "Denied, Paid, Reversed, or None of a payment that decides nothing: forwarded as not the payer's (23) or a price without a payment (25)."}
  refused_amount: {type: NUMERIC, description: "Refused with a reason that denies in USD, of a partly paid claim too; 0 of a payment that decides nothing."}
checks:
  - {row_count_equals: {remittances_current: 0}}
  - {accepted: {outcome: [Denied, Paid, Reversed, None]}}
---*/
WITH
  remittances AS (
    SELECT remittance_key, status_code, paid_amount
    FROM {{ ref("remittances_current") }}
  ),

  refusals AS (
    SELECT remittance_key, SUM(amount) AS refused_amount
    FROM {{ ref("remittance_adjustments") }}
    WHERE is_refusal
    GROUP BY remittance_key
  ),

  decisions AS (
    SELECT
      remittances.remittance_key,
      CASE
        WHEN remittances.status_code = '4' THEN 'Denied'
        WHEN remittances.status_code = '22' THEN 'Reversed'
        WHEN remittances.status_code IN ('23', '25') THEN 'None'
        WHEN remittances.paid_amount = 0 AND refusals.refused_amount > 0 THEN 'Denied'
        ELSE 'Paid'
      END AS outcome,
      COALESCE(refusals.refused_amount, 0) AS refused_amount
    FROM remittances
    LEFT JOIN refusals ON remittances.remittance_key = refusals.remittance_key
  )

SELECT
  remittance_key,
  outcome,
  IF(outcome = 'None', 0, refused_amount) AS refused_amount
FROM decisions
