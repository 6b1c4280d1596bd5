-- Builds, checks and publishes gold as one job. Models are temporary tables until every promise is
-- counted. A hospital that breaks one of severity `fail` is held back: its published rows stay. A broken
-- promise that is no hospital's ends the script before anything is published. One transaction then
-- touches only the rows that differ: readers see all of it or nothing, and a repeated run changes
-- nothing. Parameters: @business_date DATE, @dag_id, @run_id STRING, and @unbuilt STRING, a JSON array of
-- the hospitals whose silver is not read, each with the reason.
DECLARE failures STRING;

CREATE TEMP TABLE subjects AS
SELECT DISTINCT source_system
FROM {{ ref("table_loads") }};

DELETE FROM {{ ref("dq_results") }}
WHERE dag_id = @dag_id AND run_id = @run_id AND layer = 'gold';

{% for statement in early.builds %}
{{ statement }}
{% endfor %}
{%- with checked = early.checked %}
{% include "publication/record_checks.sql" %}
{%- endwith %}
CREATE TEMP TABLE held_back AS
SELECT
  source_system,
  STRING_AGG(reason, '; ' ORDER BY reason) AS reason
FROM (
  SELECT
    source_system,
    CONCAT(
      FORMAT('gold.%s: %s failed for %d of %d rows', entity, rule, rows_failed, rows_checked),
      COALESCE(CONCAT(', first ', examples), '')
    ) AS reason
  FROM {{ ref("dq_results") }}
  WHERE
    dag_id = @dag_id
    AND run_id = @run_id
    AND layer = 'gold'
    AND severity = 'fail'
    AND rows_failed > 0
    AND source_system IS NOT NULL
  UNION ALL
  SELECT
    JSON_VALUE(unbuilt, '$.source_system'),
    JSON_VALUE(unbuilt, '$.reason')
  FROM UNNEST(JSON_QUERY_ARRAY(@unbuilt)) AS unbuilt
)
GROUP BY source_system;

CREATE TEMP TABLE gold_standings AS
SELECT
  judged.source_system,
  IF(judged.is_held_back, known.gold_date, @business_date) AS gold_date,
  judged.is_held_back,
  IF(judged.is_held_back, COALESCE(known.held_back_since, @business_date), NULL)
    AS held_back_since,
  judged.reason,
  @run_id AS run_id
FROM (
  SELECT
    COALESCE(subjects.source_system, held_back.source_system) AS source_system,
    held_back.source_system IS NOT NULL AS is_held_back,
    held_back.reason
  FROM subjects
  FULL JOIN held_back ON subjects.source_system = held_back.source_system
) AS judged
LEFT JOIN {{ ref("published_gold_standings") }} AS known
  ON judged.source_system = known.source_system;

{% for statement in late.builds %}
{{ statement }}
{% endfor %}
{%- with checked = late.checked %}
{% include "publication/record_checks.sql" %}
{%- endwith %}
SET failures = (
  SELECT
    STRING_AGG(
      FORMAT('gold.%s: %s failed for %d of %d rows', entity, rule, rows_failed, rows_checked),
      '; ' ORDER BY entity, rule
    )
  FROM {{ ref("dq_results") }}
  WHERE
    dag_id = @dag_id
    AND run_id = @run_id
    AND layer = 'gold'
    AND severity = 'fail'
    AND rows_failed > 0
    AND source_system IS NULL
);

IF failures IS NOT NULL THEN
  RAISE USING MESSAGE = CONCAT('{{ marker }}', failures);
END IF;

BEGIN TRANSACTION;

{% include "audit/hold_lease.sql" %}
{%- for table in published %}
-- Rows that are no longer built as they stand go, and those that are missing come. What is published of
-- a hospital that is held back stays, and so do the shared members that it may refer to.
DELETE FROM {{ ref("published_" ~ table.name) }} AS published
WHERE
  {%- if table.is_held and table.is_of_hospital %}
  COALESCE(published.source_system, '') NOT IN (SELECT held_back.source_system FROM held_back)
  {%- elif table.is_held %}
  (
    NOT EXISTS (SELECT 1 FROM held_back)
    OR EXISTS (
      SELECT 1
      FROM {{ ref(table.name) }} AS built
      WHERE
        {% for key in table.key_columns %}{{ " AND " if not loop.first -}}
        built.{{ key }} = published.{{ key }}{% endfor %}
    )
  )
  {%- else %}
  TRUE
  {%- endif %}
  AND NOT EXISTS (
    SELECT 1
    FROM {{ ref(table.name) }} AS built
    WHERE
      {% for key in table.key_columns %}{{ " AND " if not loop.first -}}
      built.{{ key }} = published.{{ key }}{% endfor %}
      {%- for column in table.other_columns %}
      AND built.{{ column }} IS NOT DISTINCT FROM published.{{ column }}
      {%- endfor %}
  );

{% set all_columns = (table.key_columns + table.other_columns) | join(", ") %}
INSERT INTO {{ ref("published_" ~ table.name) }} ({{ all_columns }})
SELECT {{ all_columns }}
FROM {{ ref(table.name) }} AS built
WHERE
  {%- if table.is_held and table.is_of_hospital %}
  COALESCE(built.source_system, '') NOT IN (SELECT held_back.source_system FROM held_back)
  {%- else %}
  TRUE
  {%- endif %}
  AND NOT EXISTS (
    SELECT 1
    FROM {{ ref("published_" ~ table.name) }} AS published
    WHERE
      {% for key in table.key_columns %}{{ " AND " if not loop.first -}}
      built.{{ key }} = published.{{ key }}{% endfor %}
  );
{% endfor %}
DELETE FROM {{ ref("published_gold_standings") }}
WHERE TRUE;

INSERT INTO {{ ref("published_gold_standings") }} (
  source_system, gold_date, is_held_back, held_back_since, reason, run_id
)
SELECT source_system, gold_date, is_held_back, held_back_since, reason, run_id
FROM gold_standings;

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
