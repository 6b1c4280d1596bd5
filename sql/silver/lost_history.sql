-- How many keys of each entity a batch would rob of published history: their history begins later
-- than it did, or they are gone. Observations are only ever added, so no batch does that; a rebuild
-- may, for keys of which today's rules hold rows.
WITH
  published AS (
    {%- for entity, table, key_column in histories %}
    SELECT
      '{{ entity }}' AS entity,
      {{ key_column }} AS record_key,
      MIN(effective_date) AS began_at
    FROM {{ ref(entity) }}
    GROUP BY {{ key_column }}
    {%- if not loop.last %}
    UNION ALL
    {%- endif %}
    {%- endfor %}
  ),

  staged AS (
    {%- for entity, table, key_column in histories %}
    SELECT
      '{{ entity }}' AS entity,
      {{ key_column }} AS record_key,
      MIN(effective_date) AS began_at
    FROM {{ ref(table) }}
    GROUP BY {{ key_column }}
    {%- if not loop.last %}
    UNION ALL
    {%- endif %}
    {%- endfor %}
  ),

  held AS (
    SELECT DISTINCT
      entity,
      record_key
    FROM {{ ref("staged_quarantine") }}
  )

SELECT
  published.entity,
  COUNT(*) AS key_count
FROM published
LEFT JOIN staged
  ON published.entity = staged.entity AND published.record_key = staged.record_key
LEFT JOIN held
  ON published.entity = held.entity AND published.record_key = held.record_key
WHERE
  COALESCE(staged.began_at > published.began_at, {{ is_rebuild }})
  AND NOT ({{ is_rebuild }} AND held.record_key IS NOT NULL)
GROUP BY published.entity
