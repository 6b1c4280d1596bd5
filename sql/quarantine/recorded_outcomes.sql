-- What a run recorded of its request: one row per group of rows. Parameter: @run_id STRING.
SELECT
  source_system,
  entity,
  rule,
  outcome,
  outcome_rule,
  row_count,
  billed_amount,
  paid_amount
FROM {{ ref("quarantine_replays") }}
WHERE run_id = @run_id
ORDER BY source_system, entity, rule, outcome, outcome_rule
