/*---
description: >-
  The payers' limits for filing and for appeals, from day to day. Limits end where the next ones
  begin, even if they claim to last longer. A number of days beyond a century says that there is no
  limit.
grain: one row per source system, payer and first day in force
keys: [source_system, payer_key, valid_from]
published: false
owner: data-engineering
columns:
  source_system: {type: STRING, description: Hospital.}
  payer_key: {type: STRING, description: Payer.}
  valid_from: {type: DATE, description: First day in force.}
  valid_to: {type: DATE, description: "Last day in force; 9999-12-30 while it is open."}
  timely_filing_days: {type: INT64, description: Days from the service within which a claim must be sent; NULL without a limit.}
  appeal_days: {type: INT64, description: Days from the denial within which an appeal must be filed; NULL without a limit.}
checks:
  - {expect: {period_has_a_day: valid_from <= valid_to}}
---*/
WITH
  payers AS (
    SELECT payer_key, payer_code FROM {{ ref("dim_payers") }}
  ),

  -- BigQuery refuses to compute beyond 0001-01-01 and 9999-12-31, which systems write for "always".
  terms AS (
    SELECT
      source_system,
      payer_id,
      GREATEST(valid_from, DATE '1900-01-01') AS valid_from,
      LEAST(COALESCE(valid_to, DATE '9999-12-30'), DATE '9999-12-30') AS valid_to,
      IF(timely_filing_days > 36525, NULL, timely_filing_days) AS timely_filing_days,
      IF(appeal_days > 36525, NULL, appeal_days) AS appeal_days
    FROM {{ ref("payer_terms_current") }}
  ),

  periods AS (
    SELECT
      source_system,
      UPPER(payer_id) AS payer_code,
      valid_from,
      LEAST(
        valid_to,
        DATE_SUB(
          LEAD(valid_from, 1, DATE '9999-12-31')
            OVER (PARTITION BY source_system, UPPER(payer_id) ORDER BY valid_from, payer_id),
          INTERVAL 1 DAY
        )
      ) AS valid_to,
      timely_filing_days,
      appeal_days
    FROM terms
  )

SELECT
  periods.source_system,
  payers.payer_key,
  periods.valid_from,
  periods.valid_to,
  periods.timely_filing_days,
  periods.appeal_days
FROM periods
INNER JOIN payers ON periods.payer_code = payers.payer_code
WHERE periods.valid_from <= periods.valid_to
