/*---
description: >-
  The payers' limits for filing and for appeals, from day to day. Limits end where the next ones begin,
  whatever they say.
grain: one row per source system, payer and first day in force
keys: [source_system, payer_key, valid_from]
published: false
owner: data-engineering
columns:
  source_system: {type: STRING, description: Hospital.}
  payer_key: {type: STRING, description: Payer.}
  valid_from: {type: DATE, description: First day in force.}
  valid_to: {type: DATE, description: "Last day in force; 9999-12-30 while it is open."}
  timely_filing_days: {type: INT64, description: Days from the service within which a claim must be sent.}
  appeal_days: {type: INT64, description: Days from the denial within which an appeal must be filed.}
checks:
  - {expect: {period_has_a_day: valid_from <= valid_to}}
---*/
WITH
  payers AS (
    SELECT payer_key, payer_code FROM {{ ref("dim_payers") }}
  ),

  periods AS (
    SELECT
      source_system,
      UPPER(payer_id) AS payer_code,
      valid_from,
      DATE_SUB(
        LEAST(
          COALESCE(DATE_ADD(valid_to, INTERVAL 1 DAY), DATE '9999-12-31'),
          LEAD(valid_from, 1, DATE '9999-12-31')
            OVER (PARTITION BY source_system, UPPER(payer_id) ORDER BY valid_from, payer_id)
        ),
        INTERVAL 1 DAY
      ) AS valid_to,
      timely_filing_days,
      appeal_days
    FROM {{ ref("payer_terms_current") }}
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
