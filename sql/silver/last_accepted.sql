-- When keys that a batch read were last accepted: one or more rows per entity and key. Spark reports
-- only what starts no version; the rest stands in the versions.
SELECT
  entity,
  record_key,
  event_at
FROM {{ ref("staged_accepted") }}
{%- for entity, table, key_column in histories %}
UNION ALL
SELECT
  '{{ entity }}' AS entity,
  {{ key_column }} AS record_key,
  effective_date AS event_at
FROM {{ ref(table) }}
{%- endfor %}
