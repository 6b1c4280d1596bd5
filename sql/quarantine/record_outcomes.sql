-- Records what becomes of the rows of a request, in place of what the run recorded before.
-- Parameters: @run_id, @action STRING, @business_date DATE, @is_dry_run BOOL, and those of
-- requested.sql.
BEGIN TRANSACTION;

DELETE FROM {{ ref("quarantine_replays") }}
WHERE run_id = @run_id;

INSERT INTO {{ ref("quarantine_replays") }} (
  run_id, business_date, action, is_dry_run, entity, source_system, rule, outcome, outcome_rule,
  row_count, billed_amount, paid_amount, recorded_at
)
SELECT
  @run_id,
  @business_date,
  @action,
  @is_dry_run,
  entity,
  source_system,
  rule,
  outcome,
  outcome_rule,
  COUNT(*),
  COALESCE(SUM(billed_amount), 0),
  COALESCE(SUM(paid_amount), 0),
  CURRENT_TIMESTAMP()
FROM (
  {% include "quarantine/outcomes.sql" %}
)
GROUP BY entity, source_system, rule, outcome, outcome_rule;

COMMIT TRANSACTION;
