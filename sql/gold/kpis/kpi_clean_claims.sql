/*---
description: Claims that were right the first time, by payer and month of the claim.
grain: one row per source system, payer and month with a first claim whose edits are known
keys: [source_system, payer_name, claim_month]
owner: revenue-cycle
kpi:
  numerator: >-
    claims without an edit that needed a hand (clean); rejected before the payer judged them (rejection);
    paid at once, neither denied, reversed nor rebilled (first pass)
  denominator: original claims to primary payers; without the rejected ones (first pass)
  date_basis: claim date; a month matures 120 days after its end, by when its claims are decided
  exclusions: >-
    corrected and void claims, claims to secondary payers, claims whose edits the source does not count,
    quarantined claims; no first pass rate before the month is mature
  differs: >-
    counts edits that needed a hand before sending; not denied later is another thing, the first
    pass, of which rejected claims are no part
  source: HFMA MAP Key CL-1, clean claim rate; common practice for rejections and first pass yield
  benchmark: at least 95 % clean; secondary sources, indicative
columns:
  source_system: {type: STRING, description: Hospital.}
  payer_name: {type: STRING, description: Payer.}
  claim_month: {type: DATE, description: First day of the month of the claim.}
  claim_count: {type: INT64, description: Original claims to the payer as primary.}
  clean_count: {type: INT64, description: Of them without an edit that needed a hand.}
  rejected_count: {type: INT64, description: Of them rejected before they were judged.}
  first_pass_count: {type: INT64, description: "Of them paid at once, neither denied, reversed nor rebilled."}
  is_mature: {type: BOOL, description: Whether the month ended at least 120 days before the business date.}
  clean_claim_rate: {type: RATE, description: Clean share of the claims.}
  rejection_rate: {type: RATE, description: Rejected share of the claims.}
  first_pass_rate: {type: RATE, description: First pass share of the claims that were not rejected; NULL before the month is mature.}
checks:
  - sum_equals: {claim_count: fact_claims}
    where: claim_frequency = '1' AND payer_sequence = 'P' AND edit_count IS NOT NULL
  - range: {clean_claim_rate: [0, 1], rejection_rate: [0, 1], first_pass_rate: [0, 1]}
  - {expect: {rejected_is_not_passed: rejected_count + first_pass_count <= claim_count}}
---*/
WITH
  claims AS (
    SELECT source_system, payer_key, claim_date, edit_count, claim_status, is_first_pass
    FROM {{ ref("fact_claims") }}
    WHERE claim_frequency = '1' AND payer_sequence = 'P' AND edit_count IS NOT NULL
  ),

  payers AS (
    SELECT payer_key, payer_name FROM {{ ref("dim_payers") }}
  ),

  months AS (
    SELECT
      claims.source_system,
      payers.payer_name,
      DATE_TRUNC(claims.claim_date, MONTH) AS claim_month,
      COUNT(*) AS claim_count,
      COUNTIF(claims.edit_count = 0) AS clean_count,
      COUNTIF(claims.claim_status = 'Rejected') AS rejected_count,
      COUNTIF(claims.is_first_pass) AS first_pass_count
    FROM claims
    INNER JOIN payers ON claims.payer_key = payers.payer_key
    GROUP BY claims.source_system, payers.payer_name, claim_month
  ),

  cohorts AS (
    SELECT
      source_system, payer_name, claim_month, claim_count, clean_count, rejected_count,
      first_pass_count,
      DATE_DIFF(@business_date, LAST_DAY(claim_month, MONTH), DAY) >= 120 AS is_mature
    FROM months
  )

SELECT
  source_system,
  payer_name,
  claim_month,
  claim_count,
  clean_count,
  rejected_count,
  first_pass_count,
  is_mature,
  SAFE_DIVIDE(CAST(clean_count AS NUMERIC), claim_count) AS clean_claim_rate,
  SAFE_DIVIDE(CAST(rejected_count AS NUMERIC), claim_count) AS rejection_rate,
  IF(
    is_mature,
    SAFE_DIVIDE(CAST(first_pass_count AS NUMERIC), claim_count - rejected_count),
    NULL
  ) AS first_pass_rate
FROM cohorts
