-- Counts the rows that break each promise of each model, in place of what the run recorded before. A
-- statement per model: one over all of them is too complex for the planner.
BEGIN TRANSACTION;

DELETE FROM {{ ref("dq_results") }}
WHERE dag_id = @dag_id AND run_id = @run_id AND layer = 'gold';
{% for name, promises in checked %}
INSERT INTO {{ ref("dq_results") }} (
  dag_id, run_id, business_date, layer, entity, rule, severity, rows_checked, rows_failed, examples,
  checked_at
)
SELECT
  @dag_id,
  @run_id,
  @business_date,
  'gold',
  '{{ name }}',
  result.rule,
  result.severity,
  checked.rows_checked,
  result.rows_failed,
  result.examples,
  CURRENT_TIMESTAMP()
FROM (
  SELECT
    COUNT(*) AS rows_checked,
    [
      {%- for promise in promises %}
      STRUCT(
        '{{ promise.name }}' AS rule,
        '{{ promise.severity }}' AS severity,
        {{ promise.failed }} AS rows_failed,
        {{ promise.examples }} AS examples
      ){{ "," if not loop.last }}
      {%- endfor %}
    ] AS results
  FROM {{ ref(name) }}
) AS checked
CROSS JOIN UNNEST(checked.results) AS result;
{% endfor %}
COMMIT TRANSACTION;
