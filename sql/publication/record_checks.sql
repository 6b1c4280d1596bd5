-- Counts the rows that break each promise of some models. A promise that is kept is one row; one that
-- hospitals break is a row for each of them instead, and the others stand together in one. A few models
-- a statement: one over all of them is too complex for the planner.
{% for few in checked | batch(8) %}
INSERT INTO {{ ref("dq_results") }} (
  dag_id, run_id, business_date, layer, entity, source_system, rule, severity, rows_checked,
  rows_failed, examples, checked_at
)
SELECT
  @dag_id,
  @run_id,
  @business_date,
  'gold',
  counted.entity,
  IF(result.rows_failed > 0, counted.subject, NULL),
  result.rule,
  result.severity,
  SUM(counted.rows_checked),
  SUM(result.rows_failed),
  MAX(result.examples),
  CURRENT_TIMESTAMP()
FROM (
  {%- for model, promises, is_by_hospital in few %}
  SELECT
    '{{ model }}' AS entity,
    checked.subject,
    COUNTIF(checked.is_row) AS rows_checked,
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
  FROM (
    {%- if is_by_hospital %}
    -- A hospital without rows is looked at as well: there may be rows that are missing.
    SELECT
      COALESCE(built.source_system, subjects.source_system) AS subject,
      built.is_row IS NOT NULL AS is_row,
      built.* EXCEPT (is_row)
    FROM subjects
    FULL JOIN (SELECT *, TRUE AS is_row FROM {{ ref(model) }}) AS built
      ON subjects.source_system = built.source_system
    {%- else %}
    SELECT CAST(NULL AS STRING) AS subject, TRUE AS is_row, * FROM {{ ref(model) }}
    {%- endif %}
  ) AS checked
  GROUP BY checked.subject
  {%- if not loop.last %}
  UNION ALL
  {%- endif %}
  {%- endfor %}
) AS counted
CROSS JOIN UNNEST(counted.results) AS result
GROUP BY
  counted.entity, IF(result.rows_failed > 0, counted.subject, NULL), result.rule, result.severity;
{% endfor %}
