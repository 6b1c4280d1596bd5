-- How many revisions break a promise (docs/history.md); none does. Reads whole keys.
-- Plain enough for BigQuery and Spark: the gate of publication and the tests share it.
WITH
  revisions AS (
    {%- for entity, table, key_column in revised %}
    SELECT
      '{{ entity }}' AS entity,
      {{ key_column }} AS record_key,
      event_at,
      known_from,
      known_to,
      _row_hash
    FROM {{ ref(table) }}
    {%- if not loop.last %}
    UNION ALL
    {%- endif %}
    {%- endfor %}
  ),

  neighbours AS (
    SELECT
      entity,
      known_from,
      known_to,
      _row_hash,
      LEAD(known_from, 1, TIMESTAMP '9999-12-31 00:00:00+00') OVER instant AS next_known_from,
      LEAD(_row_hash) OVER instant AS next_hash
    FROM revisions
    WINDOW instant AS (PARTITION BY entity, record_key, event_at ORDER BY known_from)
  ),

  judged AS (
    SELECT
      entity,
      CASE
        WHEN COALESCE(known_from >= known_to, TRUE) THEN 'a revision is known for no time'
        WHEN known_to != next_known_from THEN 'revisions do not adjoin'
        WHEN _row_hash = next_hash THEN 'a revision repeats the one before it'
      END AS broken_promise
    FROM neighbours
  )

SELECT
  entity,
  broken_promise,
  COUNT(*) AS row_count
FROM judged
WHERE broken_promise IS NOT NULL
GROUP BY entity, broken_promise
