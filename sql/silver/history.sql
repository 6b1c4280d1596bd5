-- How many versions break each promise of history (docs/history.md); none does. Reads whole keys.
-- Plain enough for BigQuery and Spark: the gate of publication and the tests share it.
WITH
  versions AS (
    {%- for entity, table, key_column in histories %}
    SELECT
      '{{ entity }}' AS entity,
      {{ key_column }} AS record_key,
      version,
      effective_date,
      expiry_date,
      is_current,
      is_deleted,
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
      version,
      effective_date,
      expiry_date,
      is_current,
      is_deleted,
      _row_hash,
      ROW_NUMBER() OVER history AS place,
      LEAD(effective_date, 1, TIMESTAMP '9999-12-31 00:00:00+00') OVER history AS next_date,
      LEAD(_row_hash) OVER history AS next_hash
    FROM versions
    WINDOW history AS (PARTITION BY entity, record_key ORDER BY effective_date)
  ),

  judged AS (
    SELECT
      entity,
      CASE
        WHEN COALESCE(version != place, TRUE) THEN 'versions are not numbered 1 to n'
        WHEN COALESCE(effective_date >= expiry_date, TRUE)
          THEN 'a version does not end after it begins'
        WHEN expiry_date > next_date THEN 'versions overlap'
        WHEN COALESCE(is_deleted != (expiry_date < next_date), TRUE)
          THEN 'a gap without a deletion, or a deletion without a gap'
        WHEN COALESCE(is_current != (expiry_date = TIMESTAMP '9999-12-31 00:00:00+00'), TRUE)
          THEN 'the open version, and no other, is current'
        WHEN expiry_date = next_date AND _row_hash = next_hash
          THEN 'a version repeats the one before it'
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
