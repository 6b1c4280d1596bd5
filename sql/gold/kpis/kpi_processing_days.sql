/*---
description: Days that payers take from a claim to their decision.
grain: one row per source system and payer
keys: [source_system, payer_name]
owner: revenue-cycle
kpi:
  numerator: days from claim_date to decision_date, summed over the measured claims
  denominator: measured claims
  date_basis: claim date to adjudication date; without one, a granted claim's day of payment
  exclusions: >-
    pending claims; rejected claims, which the payer never got; decided claims without a date or decided
    before they were sent
  differs: >-
    measures claims with a decision of the payer; a rejection of the clearing house is none
  source: common practice (payer lag); not the lag from service to claim
columns:
  source_system: {type: STRING, description: Hospital.}
  payer_name: {type: STRING, description: Payer.}
  decided_claim_count: {type: INT64, description: "Claims approved, paid or denied."}
  measured_claim_count: {type: INT64, description: Decided claims with a usable decision date.}
  processing_days_sum: {type: INT64, description: Days of the measured claims together.}
  excluded_claim_count: {type: INT64, description: Decided claims that cannot be measured.}
  average_processing_days: {type: RATE, description: Days per measured claim.}
checks:
  - sum_equals: {decided_claim_count: fact_claims}
    where: claim_status IN ('Approved', 'Paid', 'Denied')
  - {range: {average_processing_days: [0, null]}}
  - {range: {average_processing_days: [0, 365]}, severity: warn}
  - {expect: {decided_is_measured_or_excluded: measured_claim_count + excluded_claim_count = decided_claim_count}}
---*/
WITH
  claims AS (
    SELECT source_system, payer_key, processing_days
    FROM {{ ref("fact_claims") }}
    WHERE claim_status IN ('Approved', 'Paid', 'Denied')
  ),

  payers AS (
    SELECT payer_key, payer_name FROM {{ ref("dim_payers") }}
  ),

  decided AS (
    SELECT
      claims.source_system,
      payers.payer_name,
      COUNT(*) AS decided_claim_count,
      COUNT(claims.processing_days) AS measured_claim_count,
      COALESCE(SUM(claims.processing_days), 0) AS processing_days_sum
    FROM claims
    INNER JOIN payers ON claims.payer_key = payers.payer_key
    GROUP BY claims.source_system, payers.payer_name
  )

SELECT
  source_system,
  payer_name,
  decided_claim_count,
  measured_claim_count,
  processing_days_sum,
  decided_claim_count - measured_claim_count AS excluded_claim_count,
  SAFE_DIVIDE(CAST(processing_days_sum AS NUMERIC), measured_claim_count)
    AS average_processing_days
FROM decided
