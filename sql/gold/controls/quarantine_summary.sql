/*---
description: Rows and dollars that quarantine holds out of silver and gold, by the rule that holds them.
grain: one row per source system, entity and rule with open rows
keys: [source_system, entity, rule]
owner: data-engineering
columns:
  source_system: {type: STRING, description: Hospital or set of codes.}
  entity: {type: STRING, description: Entity of the common data model.}
  rule: {type: STRING, description: First rule that the rows break.}
  reason: {type: STRING, description: The rule in words.}
  row_count: {type: INT64, description: "Open rows, a row that was read again counted once."}
  billed_amount: {type: NUMERIC, description: Billed by these rows in USD where it can be read.}
  paid_amount: {type: NUMERIC, description: Paid on these rows in USD where it can be read.}
  first_seen_at: {type: TIMESTAMP, description: Bound of the load that first read the oldest of them.}
  last_seen_at: {type: TIMESTAMP, description: Bound of the load that last read one of them.}
checks:
  - {not_null: [reason, row_count, billed_amount, paid_amount]}
  - {range: {row_count: [1, null]}}
  - {expect: {seen_in_order: first_seen_at <= last_seen_at}}
---*/
WITH
  open_rows AS (
    SELECT
      source_system,
      entity,
      rule,
      reason,
      billed_amount,
      paid_amount,
      first_seen_at,
      last_seen_at
    FROM {{ ref("quarantine") }}
    WHERE state = 'open'
  )

SELECT
  source_system,
  entity,
  rule,
  MAX(reason) AS reason,
  COUNT(*) AS row_count,
  COALESCE(SUM(billed_amount), 0) AS billed_amount,
  COALESCE(SUM(paid_amount), 0) AS paid_amount,
  MIN(first_seen_at) AS first_seen_at,
  MAX(last_seen_at) AS last_seen_at
FROM open_rows
GROUP BY source_system, entity, rule
