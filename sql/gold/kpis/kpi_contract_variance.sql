/*---
description: Allowed amounts against contracted ones; underpayments and overpayments stand apart.
grain: one row per source system, payer and month of the first remittance of a compared claim
keys: [source_system, payer_name, month_end_date]
owner: revenue-cycle
kpi:
  numerator: >-
    allowed below the contract, summed over the claims underpaid; allowed above it, over the claims overpaid
  date_basis: date of the claim's first remittance; allowed as of the business date
  basis: net
  exclusions: >-
    claims to secondary payers, and what those allow; claims not paid in the end; services without a contracted rate; too little
    and too much are never netted
  differs: >-
    never nets too little against too much, compares allowed and not paid amounts, and says of how
    many claims the payer did not state them
  source: common practice (underpayment)
columns:
  source_system: {type: STRING, description: Hospital.}
  payer_name: {type: STRING, description: Payer.}
  month_end_date: {type: DATE, description: Last day of the month of the claim's first remittance.}
  is_complete: {type: BOOL, description: Whether the month was over on the business date.}
  compared_count: {type: INT64, description: Paid claims whose service has a contracted rate.}
  unstated_count: {type: INT64, description: "Of them compared by what was paid and what the patient owes, because the payer did not say what it allows."}
  underpaid_count: {type: INT64, description: Of them allowed below the contract.}
  underpaid_amount: {type: NUMERIC, description: Allowed too little in USD.}
  overpaid_count: {type: INT64, description: Of them allowed above the contract.}
  overpaid_amount: {type: NUMERIC, description: Allowed too much in USD.}
checks:
  - sum_equals: {compared_count: fact_claims}
    where: payer_sequence = 'P' AND final_outcome = 'Paid' AND expected_allowed_amount IS NOT NULL
  - {range: {underpaid_amount: [0, null], overpaid_amount: [0, null]}}
  - expect:
      parts_fit_the_whole: >-
        underpaid_count + overpaid_count <= compared_count AND unstated_count <= compared_count
---*/
WITH
  claims AS (
    SELECT
      source_system,
      payer_key,
      LAST_DAY(first_remit_date, MONTH) AS month_end_date,
      is_allowed_stated,
      allowed_amount - expected_allowed_amount AS variance_amount
    FROM {{ ref("fact_claims") }}
    WHERE payer_sequence = 'P' AND final_outcome = 'Paid' AND expected_allowed_amount IS NOT NULL
  ),

  payers AS (
    SELECT payer_key, payer_name FROM {{ ref("dim_payers") }}
  )

SELECT
  claims.source_system,
  payers.payer_name,
  claims.month_end_date,
  claims.month_end_date <= @business_date AS is_complete,
  COUNT(*) AS compared_count,
  COUNTIF(NOT claims.is_allowed_stated) AS unstated_count,
  COUNTIF(claims.variance_amount < 0) AS underpaid_count,
  SUM(GREATEST(-claims.variance_amount, 0)) AS underpaid_amount,
  COUNTIF(claims.variance_amount > 0) AS overpaid_count,
  SUM(GREATEST(claims.variance_amount, 0)) AS overpaid_amount
FROM claims
INNER JOIN payers ON claims.payer_key = payers.payer_key
GROUP BY claims.source_system, payers.payer_name, claims.month_end_date
