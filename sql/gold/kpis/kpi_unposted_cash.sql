/*---
description: Payments that remittances report against payments posted, for hospitals that get remittances.
grain: one row per source system and payer with a remittance or a payment
keys: [source_system, payer_name]
owner: revenue-cycle
kpi:
  numerator: paid by the payer's remittances less its payments and takebacks that were posted
  date_basis: as of the business date; remittances and postings of all dates
  basis: net
  exclusions: >-
    prices without a payment and forwarded claims; quarantined remittances and postings, which show up
    as a difference; hospitals without remittances
  differs: >-
    reversals lower what was remitted, and prices without a payment are no cash
  source: common practice (unposted cash)
columns:
  source_system: {type: STRING, description: Hospital.}
  payer_name: {type: STRING, description: Payer.}
  remitted_amount: {type: NUMERIC, description: "Paid by remittances in USD, reversals deducted."}
  posted_amount: {type: NUMERIC, description: "Payments posted in USD, takebacks deducted."}
  unposted_amount: {type: NUMERIC, description: Remitted less posted in USD; below 0 if more was posted than remitted.}
checks:
  - sum_equals: {remitted_amount: fact_remittances.paid_amount}
    where: status_code NOT IN ('23', '25')
  - {expect: {difference_is_exact: remitted_amount - posted_amount = unposted_amount}}
---*/
WITH
  remittances AS (
    SELECT source_system, payer_key, SUM(paid_amount) AS remitted_amount
    FROM {{ ref("fact_remittances") }}
    WHERE status_code NOT IN ('23', '25')
    GROUP BY source_system, payer_key
  ),

  ledger AS (
    SELECT source_system, payer_name, payment_amount - takeback_amount AS posted_amount
    FROM {{ ref("ledger_months") }}
    WHERE payment_amount != 0 OR takeback_amount != 0
  ),

  payers AS (
    SELECT payer_key, payer_name FROM {{ ref("dim_payers") }}
  ),

  sides AS (
    SELECT
      remittances.source_system, payers.payer_name, remittances.remitted_amount,
      0 AS posted_amount
    FROM remittances
    INNER JOIN payers ON remittances.payer_key = payers.payer_key
    UNION ALL
    SELECT source_system, payer_name, 0, posted_amount
    FROM ledger
    WHERE source_system IN (SELECT remittances.source_system FROM remittances)
  )

SELECT
  source_system,
  payer_name,
  SUM(remitted_amount) AS remitted_amount,
  SUM(posted_amount) AS posted_amount,
  SUM(remitted_amount) - SUM(posted_amount) AS unposted_amount
FROM sides
GROUP BY source_system, payer_name
