/*---
description: >-
  The rates that payers agreed to, by procedure, from day to day. A rate ends where the next one
  begins, even if it claims to last longer: a new schedule is often sent while the old one is open.
grain: one row per source system, payer, procedure and first day in force
keys: [source_system, payer_code, procedure_code, valid_from]
published: false
owner: data-engineering
columns:
  source_system: {type: STRING, description: Hospital.}
  payer_code: {type: STRING, description: Payer's name in upper case.}
  procedure_code: {type: STRING, description: Procedure code.}
  valid_from: {type: DATE, description: First day in force.}
  valid_to: {type: DATE, description: "Last day in force; 9999-12-30 while it is open."}
  allowed_percent: {type: INT64, description: Agreed share of the billed amount in percent.}
  is_cut_short: {type: BOOL, description: Whether a newer rate began while this one was in force by its own dates.}
checks:
  - {expect: {period_has_a_day: valid_from <= valid_to}}
  - expect: {rates_do_not_overlap: NOT is_cut_short}
    severity: warn
    named_by: [source_system, payer_code, procedure_code, valid_from]
---*/
WITH
  -- BigQuery refuses to compute beyond 0001-01-01 and 9999-12-31, which systems write for "always".
  schedules AS (
    SELECT
      source_system,
      payer_id,
      procedure_code,
      GREATEST(valid_from, DATE '1900-01-01') AS valid_from,
      LEAST(COALESCE(valid_to, DATE '9999-12-30'), DATE '9999-12-30') AS valid_to,
      allowed_percent
    FROM {{ ref("fee_schedules_current") }}
  ),

  successions AS (
    SELECT
      source_system,
      UPPER(payer_id) AS payer_code,
      procedure_code,
      valid_from,
      valid_to,
      DATE_SUB(LEAD(valid_from, 1, DATE '9999-12-31') OVER rates, INTERVAL 1 DAY) AS succeeded_on,
      allowed_percent
    FROM schedules
    WINDOW
      rates AS (
        PARTITION BY source_system, UPPER(payer_id), procedure_code ORDER BY valid_from, payer_id
      )
  )

SELECT
  source_system,
  payer_code,
  procedure_code,
  valid_from,
  LEAST(valid_to, succeeded_on) AS valid_to,
  allowed_percent,
  succeeded_on < valid_to AS is_cut_short
FROM successions
WHERE valid_from <= LEAST(valid_to, succeeded_on)
