/*---
description: Denials that were worked and appealed, and how the payers decided.
grain: one row per source system and payer with a denial
keys: [source_system, payer_name]
owner: revenue-cycle
kpi:
  numerator: appeals overturned; denials that were never worked; days from the denial to the first appeal
  denominator: appeals decided; denials; denials appealed
  date_basis: as of the business date, denials of all dates
  exclusions: denials by secondary payers, further denials of the same charge; pending appeals (overturn rate)
  differs: >-
    divides by decided appeals; pending ones are neither won nor lost
  source: common practice; a denial is worked by an appeal or by a claim of the same day or later
  benchmark: about 65 % are never worked; secondary sources, indicative
columns:
  source_system: {type: STRING, description: Hospital.}
  payer_name: {type: STRING, description: Payer that denied.}
  denial_count: {type: INT64, description: Charges denied.}
  worked_count: {type: INT64, description: Denials that were appealed or resubmitted.}
  appealed_count: {type: INT64, description: Denials that were appealed.}
  decided_count: {type: INT64, description: Denials whose last appeal is decided.}
  overturned_count: {type: INT64, description: Denials whose last appeal overturned them.}
  days_to_appeal_sum: {type: INT64, description: Days from the denial to the first appeal together.}
  overturn_rate: {type: RATE, description: Overturned share of the decided.}
  never_worked_rate: {type: RATE, description: Share of the denials that nobody worked.}
  average_days_to_appeal: {type: RATE, description: Days from a denial to its first appeal.}
checks:
  - {sum_equals: {denial_count: fact_denials}}
  - {range: {overturn_rate: [0, 1], never_worked_rate: [0, 1]}}
  - {expect: {decided_were_appealed: overturned_count <= decided_count AND decided_count <= appealed_count}}
---*/
WITH
  denials AS (
    SELECT
      source_system, payer_key, is_worked, first_appeal_date, appeal_outcome, days_to_appeal
    FROM {{ ref("fact_denials") }}
  ),

  payers AS (
    SELECT payer_key, payer_name FROM {{ ref("dim_payers") }}
  ),

  appeals AS (
    SELECT
      denials.source_system,
      payers.payer_name,
      COUNT(*) AS denial_count,
      COUNTIF(denials.is_worked) AS worked_count,
      COUNT(denials.first_appeal_date) AS appealed_count,
      COUNTIF(denials.appeal_outcome IN ('Overturned', 'Upheld')) AS decided_count,
      COUNTIF(denials.appeal_outcome = 'Overturned') AS overturned_count,
      COALESCE(SUM(denials.days_to_appeal), 0) AS days_to_appeal_sum
    FROM denials
    INNER JOIN payers ON denials.payer_key = payers.payer_key
    GROUP BY denials.source_system, payers.payer_name
  )

SELECT
  source_system,
  payer_name,
  denial_count,
  worked_count,
  appealed_count,
  decided_count,
  overturned_count,
  days_to_appeal_sum,
  SAFE_DIVIDE(CAST(overturned_count AS NUMERIC), decided_count) AS overturn_rate,
  SAFE_DIVIDE(CAST(denial_count - worked_count AS NUMERIC), denial_count) AS never_worked_rate,
  SAFE_DIVIDE(CAST(days_to_appeal_sum AS NUMERIC), appealed_count) AS average_days_to_appeal
FROM appeals
