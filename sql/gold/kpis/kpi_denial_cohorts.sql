/*---
description: What became of the charges that were claimed, by month of service.
grain: one row per source system, payer and month of service with a claimed charge
keys: [source_system, payer_name, service_month]
owner: revenue-cycle
kpi:
  numerator: charges denied at first (initial rate); written off to their denial (final rate)
  denominator: gross charges that were claimed from a primary payer
  date_basis: date of service; a month matures 120 days after its end
  basis: gross
  exclusions: hospitals without remittances, charges never claimed or of which every claim was rejected, quarantined charges and remittances; no rate before the month is mature
  differs: >-
    follows the charges of a month to the end of their denials; write-offs of a month over its
    claims mix cohorts, and a dollar paid of a denial does not recover the rest
  source: common practice; the final rate is to be read beside the initial one
  benchmark: about 2.7 % denied in the end; secondary sources, indicative
columns:
  source_system: {type: STRING, description: Hospital.}
  payer_name: {type: STRING, description: Payer that the charge names.}
  service_month: {type: DATE, description: First day of the month of service.}
  claimed_amount: {type: NUMERIC, description: Gross charges with a claim to a primary payer in USD.}
  initial_denied_amount: {type: NUMERIC, description: Denied by the payer's first answer to an original claim in USD.}
  recovered_amount: {type: NUMERIC, description: Paid by the payer after it had denied in USD.}
  denial_write_off_amount: {type: NUMERIC, description: Written off to the denial in USD.}
  open_denied_amount: {type: NUMERIC, description: Denied and still owed by the payer in USD.}
  is_mature: {type: BOOL, description: Whether the month ended at least 120 days before the business date.}
  initial_denial_rate: {type: RATE, description: Denied at first over claimed; NULL before the month is mature.}
  final_denial_rate: {type: RATE, description: Written off over claimed; NULL before the month is mature.}
checks:
  - sum_equals:
      recovered_amount: fact_denials.recovered_amount
      denial_write_off_amount: fact_denials.written_off_amount
      open_denied_amount: fact_denials.open_amount
  - sum_equals: {initial_denied_amount: fact_denials.denied_amount}
    where: is_initial
  - {range: {initial_denial_rate: [0, 1], final_denial_rate: [0, 1]}, severity: warn}
---*/
WITH
  transactions AS (
    SELECT transaction_key, source_system, payer_key, service_date, billed_amount
    FROM {{ ref("fact_transactions") }}
  ),

  remitting AS (
    SELECT DISTINCT source_system FROM {{ ref("fact_remittances") }}
  ),

  -- Without remittances nobody knows what was denied, so no denials is not what a rate may say.
  claimed AS (
    SELECT DISTINCT claims.transaction_key
    FROM {{ ref("fact_claims") }} AS claims
    INNER JOIN remitting ON claims.source_system = remitting.source_system
    WHERE claims.payer_sequence = 'P' AND claims.claim_status != 'Rejected'
  ),

  denials AS (
    SELECT
      transaction_key,
      IF(is_initial, denied_amount, 0) AS initial_denied_amount,
      recovered_amount,
      written_off_amount,
      open_amount AS open_denied_amount
    FROM {{ ref("fact_denials") }}
  ),

  payers AS (
    SELECT payer_key, payer_name FROM {{ ref("dim_payers") }}
  ),

  cohorts AS (
    SELECT
      transactions.source_system,
      payers.payer_name,
      DATE_TRUNC(transactions.service_date, MONTH) AS service_month,
      SUM(transactions.billed_amount) AS claimed_amount,
      SUM(COALESCE(denials.initial_denied_amount, 0)) AS initial_denied_amount,
      SUM(COALESCE(denials.recovered_amount, 0)) AS recovered_amount,
      SUM(COALESCE(denials.written_off_amount, 0)) AS denial_write_off_amount,
      SUM(COALESCE(denials.open_denied_amount, 0)) AS open_denied_amount,
      DATE_DIFF(
        @business_date, LAST_DAY(DATE_TRUNC(transactions.service_date, MONTH), MONTH), DAY
      ) >= 120 AS is_mature
    FROM transactions
    INNER JOIN claimed ON transactions.transaction_key = claimed.transaction_key
    INNER JOIN payers ON transactions.payer_key = payers.payer_key
    LEFT JOIN denials ON transactions.transaction_key = denials.transaction_key
    GROUP BY transactions.source_system, payers.payer_name, service_month, is_mature
  )

SELECT
  source_system,
  payer_name,
  service_month,
  claimed_amount,
  initial_denied_amount,
  recovered_amount,
  denial_write_off_amount,
  open_denied_amount,
  is_mature,
  IF(is_mature, SAFE_DIVIDE(initial_denied_amount, claimed_amount), NULL) AS initial_denial_rate,
  IF(is_mature, SAFE_DIVIDE(denial_write_off_amount, claimed_amount), NULL) AS final_denial_rate
FROM cohorts
