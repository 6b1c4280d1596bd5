/*---
description: How a payer treats a hospital's claims, in one row.
grain: one row per source system and payer with an original claim that was not rejected
keys: [source_system, payer_name]
owner: revenue-cycle
kpi:
  numerator: >-
    claims paid at once; charges denied at first; days to the first remittance; allowed below the
    contract; payments taken back; appeals overturned
  denominator: >-
    original claims; original claims; (median and 90th percentile); contracted amount of the paid claims;
    payments; appeals decided
  date_basis: as of the business date, all dates
  exclusions: as in kpi_clean_claims, kpi_initial_denials, kpi_lags, kpi_contract_variance, kpi_takebacks and kpi_appeals
  differs: >-
    its rates have the denominators of their KPIs, and rejected claims are not held against the
    payer
  source: common practice (payer scorecard)
columns:
  source_system: {type: STRING, description: Hospital.}
  payer_name: {type: STRING, description: Payer.}
  claim_count: {type: INT64, description: Original claims that the payer got as primary; rejected ones are not among them.}
  first_pass_rate: {type: RATE, description: "Of them paid at once, neither denied, reversed nor rebilled."}
  denial_rate: {type: RATE, description: Charges that it denied at first over its original claims.}
  median_payer_days: {type: INT64, description: Days from the claim to the first remittance that half of the claims do not exceed.}
  p90_payer_days: {type: INT64, description: Days that nine in ten claims do not exceed.}
  underpaid_amount: {type: NUMERIC, description: Allowed below the contract in USD.}
  unstated_count: {type: INT64, description: "Paid claims that were compared with the contract by what was paid and what the patient owes, because the payer did not say what it allows."}
  underpaid_rate: {type: RATE, description: Allowed too little over what the contract says of the paid claims.}
  takeback_amount: {type: NUMERIC, description: Payments taken back in USD.}
  takeback_rate: {type: RATE, description: Taken back over paid.}
  overturn_rate: {type: RATE, description: Overturned share of the appeals decided.}
checks:
  - sum_equals: {claim_count: fact_claims}
    where: claim_frequency = '1' AND payer_sequence = 'P' AND claim_status != 'Rejected'
  - {range: {first_pass_rate: [0, 1], overturn_rate: [0, 1], underpaid_amount: [0, null]}}
  - {range: {denial_rate: [0, 1], takeback_rate: [0, 1]}, severity: warn}
---*/
WITH
  claims AS (
    SELECT
      source_system,
      payer_key,
      claim_frequency = '1' AND claim_status != 'Rejected' AS is_original,
      is_first_pass,
      IF(final_outcome = 'Paid', expected_allowed_amount, NULL) AS expected_amount,
      allowed_amount,
      is_allowed_stated
    FROM {{ ref("fact_claims") }}
    WHERE payer_sequence = 'P'
  ),

  payers AS (
    SELECT payer_key, payer_name FROM {{ ref("dim_payers") }}
  ),

  lags AS (
    SELECT source_system, payer_name, median_days, p90_days
    FROM {{ ref("kpi_lags") }}
    WHERE lag = 'payer'
  ),

  appeals AS (
    SELECT source_system, payer_name, overturn_rate FROM {{ ref("kpi_appeals") }}
  ),

  denials AS (
    SELECT source_system, payer_name, SUM(denied_count) AS denied_count
    FROM {{ ref("kpi_initial_denials") }}
    GROUP BY source_system, payer_name
  ),

  takebacks AS (
    SELECT
      source_system,
      payer_name,
      SUM(payment_amount) AS payment_amount,
      SUM(takeback_amount) AS takeback_amount
    FROM {{ ref("kpi_takebacks") }}
    GROUP BY source_system, payer_name
  ),

  scores AS (
    SELECT
      claims.source_system,
      payers.payer_name,
      COUNTIF(claims.is_original) AS claim_count,
      COUNTIF(claims.is_first_pass) AS first_pass_count,
      SUM(claims.expected_amount) AS expected_amount,
      SUM(GREATEST(COALESCE(claims.expected_amount - claims.allowed_amount, 0), 0))
        AS underpaid_amount,
      COUNTIF(claims.expected_amount IS NOT NULL AND NOT claims.is_allowed_stated)
        AS unstated_count
    FROM claims
    INNER JOIN payers ON claims.payer_key = payers.payer_key
    GROUP BY claims.source_system, payers.payer_name
    HAVING COUNTIF(claims.is_original) > 0
  )

SELECT
  scores.source_system,
  scores.payer_name,
  scores.claim_count,
  -- Without remittances there are no rows of denials, and nobody knows what passed.
  IF(
    denials.denied_count IS NULL,
    NULL,
    SAFE_DIVIDE(CAST(scores.first_pass_count AS NUMERIC), scores.claim_count)
  ) AS first_pass_rate,
  SAFE_DIVIDE(CAST(denials.denied_count AS NUMERIC), scores.claim_count) AS denial_rate,
  lags.median_days AS median_payer_days,
  lags.p90_days AS p90_payer_days,
  scores.underpaid_amount,
  scores.unstated_count,
  SAFE_DIVIDE(scores.underpaid_amount, scores.expected_amount) AS underpaid_rate,
  COALESCE(takebacks.takeback_amount, 0) AS takeback_amount,
  SAFE_DIVIDE(takebacks.takeback_amount, takebacks.payment_amount) AS takeback_rate,
  appeals.overturn_rate
FROM scores
LEFT JOIN denials
  ON scores.source_system = denials.source_system AND scores.payer_name = denials.payer_name
LEFT JOIN lags
  ON scores.source_system = lags.source_system AND scores.payer_name = lags.payer_name
LEFT JOIN takebacks
  ON scores.source_system = takebacks.source_system AND scores.payer_name = takebacks.payer_name
LEFT JOIN appeals
  ON scores.source_system = appeals.source_system AND scores.payer_name = appeals.payer_name
