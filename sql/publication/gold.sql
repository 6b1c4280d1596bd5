-- Builds, checks and publishes gold as one job. Models are temporary tables until every promise is
-- counted; a broken one of severity `fail` ends the script before anything is published. One
-- transaction then touches only the rows that differ: readers see all of it or nothing, and a repeated
-- run changes nothing. Parameters: @business_date DATE, @dag_id, @run_id STRING.
DECLARE failures STRING;

{% for statement in builds %}
{{ statement }}
{% endfor %}
{% include "publication/record_checks.sql" %}
SET failures = (
  SELECT
    STRING_AGG(
      CONCAT(
        FORMAT('gold.%s: %s failed for %d of %d rows', entity, rule, rows_failed, rows_checked),
        COALESCE(CONCAT(', first ', examples), '')
      ),
      '; ' ORDER BY entity, rule
    )
  FROM {{ ref("dq_results") }}
  WHERE
    dag_id = @dag_id
    AND run_id = @run_id
    AND layer = 'gold'
    AND severity = 'fail'
    AND rows_failed > 0
);

IF failures IS NOT NULL THEN
  RAISE USING MESSAGE = CONCAT('{{ marker }}', failures);
END IF;

BEGIN TRANSACTION;

{% include "audit/hold_lease.sql" %}
{%- for name, key_columns, other_columns in published %}
-- Rows that are no longer built as they stand go, and those that are missing come.
DELETE FROM {{ ref("published_" ~ name) }} AS published
WHERE
  NOT EXISTS (
    SELECT 1
    FROM {{ ref(name) }} AS built
    WHERE
      {% for key in key_columns %}{{ " AND " if not loop.first -}}
      built.{{ key }} = published.{{ key }}{% endfor %}
      {%- for column in other_columns %}
      AND built.{{ column }} IS NOT DISTINCT FROM published.{{ column }}
      {%- endfor %}
  );

{% set all_columns = (key_columns + other_columns) | join(", ") %}
INSERT INTO {{ ref("published_" ~ name) }} ({{ all_columns }})
SELECT {{ all_columns }}
FROM {{ ref(name) }} AS built
WHERE
  NOT EXISTS (
    SELECT 1
    FROM {{ ref("published_" ~ name) }} AS published
    WHERE
      {% for key in key_columns %}{{ " AND " if not loop.first -}}
      built.{{ key }} = published.{{ key }}{% endfor %}
  );
{% endfor %}
INSERT INTO {{ ref("publications") }} (
  publication_id, layer, business_date, dag_id, run_id, published_at
)
SELECT
  CONCAT('gold.', @dag_id, '.', @run_id),
  'gold',
  @business_date,
  @dag_id,
  @run_id,
  CURRENT_TIMESTAMP()
FROM (SELECT 1)
WHERE
  NOT EXISTS (
    SELECT 1
    FROM {{ ref("publications") }}
    WHERE publication_id = CONCAT('gold.', @dag_id, '.', @run_id)
  );

COMMIT TRANSACTION;
