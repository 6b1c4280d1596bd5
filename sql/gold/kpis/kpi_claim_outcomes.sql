/*---
description: What payers decided on the claims sent to them.
grain: one row per source system and payer
keys: [source_system, payer_name]
owner: revenue-cycle
kpi:
  numerator: claims approved or paid (approval), claims denied (denial), claims rejected (rejection)
  denominator: claims decided, which are those approved, paid or denied; claims sent (rejection)
  date_basis: as of the business date, all dates of service
  exclusions: >-
    pending claims; rejected claims, which no payer has judged (approval, denial); quarantined claims
  differs: >-
    a rejected claim was judged by nobody: it is no denial and not among the decided
  source: common practice; a claim-level rate on decisions, not the remittance denial rate
columns:
  source_system: {type: STRING, description: Hospital.}
  payer_name: {type: STRING, description: Payer.}
  claim_count: {type: INT64, description: Claims sent.}
  pending_count: {type: INT64, description: Claims not decided yet.}
  decided_count: {type: INT64, description: "Claims approved, paid or denied."}
  approved_count: {type: INT64, description: Claims approved or paid.}
  denied_count: {type: INT64, description: Claims denied.}
  rejected_count: {type: INT64, description: Claims rejected before they were judged.}
  approval_rate: {type: RATE, description: Approved share of the decided claims.}
  denial_rate: {type: RATE, description: Denied share of the decided claims.}
  rejection_rate: {type: RATE, description: Rejected share of the claims sent.}
checks:
  - {sum_equals: {claim_count: fact_claims}}
  - {range: {approval_rate: [0, 1], denial_rate: [0, 1], rejection_rate: [0, 1]}}
  - expect:
      every_claim_has_its_place: pending_count + decided_count + rejected_count = claim_count
      decisions_add_up: approved_count + denied_count = decided_count
---*/
WITH
  claims AS (
    SELECT source_system, payer_key, claim_status FROM {{ ref("fact_claims") }}
  ),

  payers AS (
    SELECT payer_key, payer_name FROM {{ ref("dim_payers") }}
  ),

  outcomes AS (
    SELECT
      claims.source_system,
      payers.payer_name,
      COUNT(*) AS claim_count,
      COUNTIF(claims.claim_status = 'Pending') AS pending_count,
      COUNTIF(claims.claim_status IN ('Approved', 'Paid', 'Denied')) AS decided_count,
      COUNTIF(claims.claim_status IN ('Approved', 'Paid')) AS approved_count,
      COUNTIF(claims.claim_status = 'Denied') AS denied_count,
      COUNTIF(claims.claim_status = 'Rejected') AS rejected_count
    FROM claims
    INNER JOIN payers ON claims.payer_key = payers.payer_key
    GROUP BY claims.source_system, payers.payer_name
  )

SELECT
  source_system,
  payer_name,
  claim_count,
  pending_count,
  decided_count,
  approved_count,
  denied_count,
  rejected_count,
  SAFE_DIVIDE(CAST(approved_count AS NUMERIC), decided_count) AS approval_rate,
  SAFE_DIVIDE(CAST(denied_count AS NUMERIC), decided_count) AS denial_rate,
  SAFE_DIVIDE(CAST(rejected_count AS NUMERIC), claim_count) AS rejection_rate
FROM outcomes
