/*---
description: Charges that nobody has claimed, by the days that are left to file them.
grain: one row per source system, payer and bucket with such a charge
keys: [source_system, payer_name, days_left_bucket]
owner: revenue-cycle
kpi:
  numerator: gross charges with a balance and without a claim that the payer got
  date_basis: business date; the limit of the payer's terms in force on the service date
  basis: gross
  exclusions: >-
    charges whose payer has no terms for the day, such as self-pay; a rejected claim does not count as
    filed; quarantined charges
  differs: >-
    a rejected claim does not count as filed, and the limit is that of the day of service
  source: common practice (timely filing exposure); what is past is lost unless the payer excuses it
columns:
  source_system: {type: STRING, description: Hospital.}
  payer_name: {type: STRING, description: Payer that the charge names.}
  days_left_bucket: {type: STRING, description: "Days from the business date to the last day for filing: past, 0-7, 8-14, 15-30 or over 30."}
  charge_count: {type: INT64, description: Charges.}
  charge_amount: {type: NUMERIC, description: Gross charges in USD.}
checks:
  - {accepted: {days_left_bucket: [past, 0-7, 8-14, 15-30, over 30]}}
  - {range: {charge_count: [1, null], charge_amount: [0, null]}}
---*/
WITH
  transactions AS (
    SELECT transaction_key, source_system, payer_key, service_date, billed_amount
    FROM {{ ref("fact_transactions") }}
    WHERE open_amount > 0
  ),

  filed AS (
    SELECT DISTINCT transaction_key
    FROM {{ ref("fact_claims") }}
    WHERE payer_sequence = 'P' AND claim_status != 'Rejected'
  ),

  payers AS (
    SELECT payer_key, payer_name FROM {{ ref("dim_payers") }}
  ),

  limits AS (
    SELECT source_system, payer_key, valid_from, valid_to, timely_filing_days
    FROM {{ ref("payer_limits") }}
  ),

  unfiled AS (
    SELECT
      transactions.source_system,
      transactions.payer_key,
      transactions.billed_amount,
      DATE_DIFF(
        DATE_ADD(transactions.service_date, INTERVAL limits.timely_filing_days DAY),
        @business_date,
        DAY
      ) AS days_left
    FROM transactions
    INNER JOIN limits
      ON
        transactions.source_system = limits.source_system
        AND transactions.payer_key = limits.payer_key
        AND transactions.service_date BETWEEN limits.valid_from AND limits.valid_to
    LEFT JOIN filed ON transactions.transaction_key = filed.transaction_key
    WHERE filed.transaction_key IS NULL
  ),

  buckets AS (
    SELECT
      source_system,
      payer_key,
      CASE
        WHEN days_left < 0 THEN 'past'
        WHEN days_left <= 7 THEN '0-7'
        WHEN days_left <= 14 THEN '8-14'
        WHEN days_left <= 30 THEN '15-30'
        ELSE 'over 30'
      END AS days_left_bucket,
      COUNT(*) AS charge_count,
      SUM(billed_amount) AS charge_amount
    FROM unfiled
    GROUP BY source_system, payer_key, days_left_bucket
  )

SELECT
  buckets.source_system,
  payers.payer_name,
  buckets.days_left_bucket,
  buckets.charge_count,
  buckets.charge_amount
FROM buckets
INNER JOIN payers ON buckets.payer_key = payers.payer_key
