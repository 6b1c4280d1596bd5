/*---
description: >-
  What payers kept back from a remittance, or added to it, apart from its claims (PLB of the 835):
  recoupments, balances forwarded, interest.
grain: one row per adjustment
keys: [provider_adjustment_key]
partition_by: adjustment_date
cluster_by: [source_system, payer_key]
owner: revenue-cycle
columns:
  provider_adjustment_key: {type: STRING, description: Identity of the adjustment within the hospital.}
  source_system: {type: STRING, description: Hospital.}
  payer_key: {type: STRING, description: "Payer, or unknown."}
  claim_key: {type: STRING, description: "Claim that it refers to, or unknown; NULL if it names none."}
  check_number: {type: STRING, description: Check or transfer of the remittance.}
  adjustment_date: {type: DATE, description: Day of the adjustment.}
  reason_code: {type: STRING, description: "Reason of the PLB: WO overpayment recovery, FB forwarding balance, L6 interest, 72 authorised return."}
  kind: {type: STRING, description: "recoupment (WO), forwarded (FB), interest (L6) or other."}
  amount: {type: NUMERIC, description: "USD by which the check is smaller; negative makes it larger."}
checks:
  - {not_null: [source_system, payer_key, adjustment_date, reason_code, amount]}
  - {row_count_equals: {provider_adjustments_current: 0}}
  - {accepted: {kind: [recoupment, forwarded, interest, other]}}
  - {references: {claim_key: fact_claims.claim_key, payer_key: dim_payers.payer_key}}
---*/
WITH
  adjustments AS (
    SELECT
      provider_adjustment_key, source_system, UPPER(payer_id) AS payer_code, claim_id,
      check_number, adjustment_date, reason_code, amount
    FROM {{ ref("provider_adjustments_current") }}
  ),

  claims AS (
    SELECT source_system, claim_id, claim_key FROM {{ ref("claims_current") }}
  ),

  payers AS (
    SELECT payer_code, payer_key FROM {{ ref("dim_payers") }}
  )

SELECT
  adjustments.provider_adjustment_key,
  adjustments.source_system,
  COALESCE(payers.payer_key, 'unknown') AS payer_key,
  IF(adjustments.claim_id IS NULL, NULL, COALESCE(claims.claim_key, 'unknown')) AS claim_key,
  adjustments.check_number,
  adjustments.adjustment_date,
  adjustments.reason_code,
  CASE adjustments.reason_code
    WHEN 'WO' THEN 'recoupment'
    WHEN 'FB' THEN 'forwarded'
    WHEN 'L6' THEN 'interest'
    ELSE 'other'
  END AS kind,
  adjustments.amount
FROM adjustments
LEFT JOIN claims
  ON
    adjustments.source_system = claims.source_system
    AND adjustments.claim_id = claims.claim_id
LEFT JOIN payers ON adjustments.payer_code = payers.payer_code
