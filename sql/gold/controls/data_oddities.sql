/*---
description: >-
  Rows that break a rule of severity warn, with the reason in words. They are loaded, and figures that
  use them are as implausible as they are.
grain: one row per source system, entity and rule that was broken
keys: [source_system, entity, rule]
owner: data-engineering
columns:
  source_system: {type: STRING, description: Hospital or set of codes.}
  entity: {type: STRING, description: Entity of the common data model.}
  rule: {type: STRING, description: Rule that the rows break.}
  statement: {type: STRING, description: What is odd about them.}
  checked_count: {type: INT64, description: "Rows read by all published loads; a row that was read again counts again."}
  odd_count: {type: INT64, description: Rows among them that break the rule.}
  odd_rate: {type: RATE, description: Their share.}
checks:
  - {not_null: [statement]}
  - {range: {odd_rate: [0, 1]}}
---*/
WITH
  results AS (
    SELECT source_system, entity, rule, reason, rows_checked, rows_failed, checked_at
    FROM {{ ref("dq_results") }}
    WHERE layer = 'silver' AND severity = 'warn'
  ),

  rules AS (
    SELECT
      source_system,
      entity,
      rule,
      SUM(rows_checked) AS checked_count,
      SUM(rows_failed) AS odd_count
    FROM results
    GROUP BY source_system, entity, rule
  ),

  -- A rule says today what it means; results of before may word it in another way, or not at all.
  wordings AS (
    SELECT source_system, entity, rule, reason
    FROM results
    QUALIFY ROW_NUMBER() OVER (
      PARTITION BY source_system, entity, rule
      ORDER BY reason IS NULL, checked_at DESC, reason
    ) = 1
  )

SELECT
  rules.source_system,
  rules.entity,
  rules.rule,
  COALESCE(wordings.reason, rules.rule) AS statement,
  rules.checked_count,
  rules.odd_count,
  SAFE_DIVIDE(CAST(rules.odd_count AS NUMERIC), rules.checked_count) AS odd_rate
FROM rules
INNER JOIN wordings
  ON
    rules.source_system = wordings.source_system
    AND rules.entity = wordings.entity
    AND rules.rule = wordings.rule
WHERE rules.odd_count > 0
