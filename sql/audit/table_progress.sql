-- How far the loads of every table of a source are: one row per table that was ever planned. Only
-- daily loads count: a reconcile moves no window.
-- Parameters: @source STRING, @day DATE, @high TIMESTAMP.
SELECT
  table_name,
  MAX(IF(state = 'PUBLISHED' AND window_high <= @high, window_high, NULL)) AS published_bound,
  LOGICAL_OR(
    business_date = @day AND state IN ('LANDED', 'MERGED', 'PUBLISHED')
  ) AS is_settled,
  LOGICAL_OR(state = 'PUBLISHED' AND window_high > @high) AS is_newer_published,
  ARRAY_AGG(source_types IGNORE NULLS ORDER BY landed_at DESC LIMIT 1)[SAFE_OFFSET(0)]
    AS source_types
FROM {{ ref("table_loads") }}
WHERE source = @source AND load_type IN ('full', 'incremental') AND replays IS NULL
GROUP BY table_name
