-- Loads of a staged batch that do not add up: one row per load and measure (rows, USD billed, USD
-- paid). Landed, where it was counted, equals read, and read equals what became of it.
SELECT
  known.load_id,
  total.measure,
  COALESCE(total.landed, total.read) AS landed,
  total.read,
  total.accounted
FROM {{ ref("staged_loads") }} AS staged
INNER JOIN
  {{ ref("table_loads") }} AS known
  ON
  {%- if is_rebuild %}
    staged.load_id = known.load_id
  {%- else %}
    staged.load_id = COALESCE(known.replays, known.load_id) AND known.batch_id = @batch_id
  {%- endif %}
CROSS JOIN
  UNNEST([
    STRUCT(
      'rows' AS measure,
      CAST(known.rows_landed AS NUMERIC) AS landed,
      CAST(staged.rows_read AS NUMERIC) AS read,
      CAST(
        staged.rows_merged
        + staged.rows_unchanged
        + staged.rows_deduplicated
        + staged.rows_quarantined
        AS NUMERIC
      ) AS accounted
    ),
    STRUCT(
      'billed' AS measure,
      known.billed_landed AS landed,
      staged.billed_read AS read,
      staged.billed_merged
      + staged.billed_unchanged
      + staged.billed_deduplicated
      + staged.billed_quarantined AS accounted
    ),
    STRUCT(
      'paid' AS measure,
      known.paid_landed AS landed,
      staged.paid_read AS read,
      staged.paid_merged
      + staged.paid_unchanged
      + staged.paid_deduplicated
      + staged.paid_quarantined AS accounted
    )
  ]) AS total
WHERE COALESCE(total.landed, total.read) != total.read OR total.read != total.accounted
