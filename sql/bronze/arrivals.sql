-- bronze.arrivals: what arrived, one row per bronze table and load.
{%- for table in tables %}
SELECT
  '{{ table }}' AS table_name,
  _load_id AS load_id,
  COUNT(*) AS row_count,
  MIN(_extracted_at) AS extracted_at
FROM {{ ref(table) }}
GROUP BY _load_id
{%- if not loop.last %}
UNION ALL
{%- endif %}
{%- endfor %}
