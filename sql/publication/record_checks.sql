-- Counts the rows that break each promise of each model, in place of what the run recorded before.
BEGIN TRANSACTION;

DELETE FROM {{ ref("dq_results") }}
WHERE run_id = @run_id AND layer = 'gold';

INSERT INTO {{ ref("dq_results") }} (
  run_id, business_date, layer, entity, rule, severity, rows_checked, rows_failed, examples,
  checked_at
)
SELECT
  @run_id,
  @business_date,
  'gold',
  checked.entity,
  result.rule,
  result.severity,
  checked.rows_checked,
  result.rows_failed,
  result.examples,
  CURRENT_TIMESTAMP()
FROM (
  {%- for name, promises in checked %}
  SELECT
    '{{ name }}' AS entity,
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
  {%- if not loop.last %}
  UNION ALL
  {%- endif %}
  {%- endfor %}
) AS checked
CROSS JOIN UNNEST(checked.results) AS result;

COMMIT TRANSACTION;
