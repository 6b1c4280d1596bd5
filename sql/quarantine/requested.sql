-- The open rows of the ledger that a request means: one row per load and row.
-- Parameters, NULL for all: @entity, @source_system, @rule STRING; @load_ids STRING, a JSON array,
-- empty for all.
SELECT
  load_id,
  row_id,
  entity,
  source_system,
  rule,
  record_key,
  event_at,
  billed_amount,
  paid_amount
FROM {{ ref("quarantine") }}
WHERE
  state = 'open'
  AND entity = COALESCE(@entity, entity)
  AND source_system = COALESCE(@source_system, source_system)
  AND rule = COALESCE(@rule, rule)
  AND (@load_ids = '[]' OR load_id IN UNNEST(JSON_VALUE_ARRAY(@load_ids)))
